package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sort"

	"snap/internal/file"
	"snap/record"
)

// source is one bucket of records during a check: all of them are read side by side with the paths, which
// come in the same order.
type source struct {
	walk   *bucketWalk
	bucket uint64
	at     int    // whose records they are, as an index into live; len(live) for nobody's
	soft   bool   // of a snapshot that is being deleted, or that takes its records: not all are listed any more
	name   string // of the snapshot
	k, v   []byte
	n      int64 // records
	silent int64 // those of them that Import added
}

// step reads the next record.
func (s *source) step() {
	var ok bool
	if s.k, s.v, ok = s.walk.Next(); !ok {
		s.k, s.v = nil, nil
		return
	}
	s.n++
}

// pageRange is the snapshots from first to before end, as indexes into live.
type pageRange struct{ first, end int }

// totals are the counts of each live snapshot, as differences to the one before.
type totals struct {
	files, dirs []int64
	bytes       []wide
}

func newTotals(n int) totals {
	return totals{make([]int64, n+1), make([]int64, n+1), make([]wide, n+1)}
}

// add counts an entry that is there during s.
func (t *totals) add(r *record.Record, s pageRange) {
	if r.Kind == file.Folder {
		t.dirs[s.first]++
		t.dirs[s.end]--
		return
	}
	t.files[s.first]++
	t.files[s.end]--
	if r.Kind == file.Regular {
		t.bytes[s.first].add(r.Size)
		t.bytes[s.end].add(-r.Size)
	}
}

// history checks the records of all snapshots against the paths, and what is computed of them.
func (c *checker) history() error {
	before := c.findings
	sources, err := c.sources()
	if err != nil {
		return err
	}
	for _, s := range sources {
		s.step()
	}
	p := pathCheck{checker: c, sources: sources, totals: newTotals(len(c.live)), unknown: map[uint64]bool{}}
	p.paths = c.bucket(bucketPaths, false, true)
	for k, v, ok := p.paths.Next(); ok; k, v, ok = p.paths.Next() {
		c.n.Paths++
		p.path(k, v)
	}
	for _, s := range sources {
		for s.k != nil {
			p.unlisted(s)
		}
		c.n.Records += s.n
		if s.walk.Err != nil {
			return s.walk.Err
		}
	}
	if c.doubt = c.findings > before; !c.doubt {
		p.compare()
	}
	return p.paths.Err
}

// sources opens all buckets of records, oldest first, and says whose they are.
func (c *checker) sources() (map[uint64]*source, error) {
	sources := map[uint64]*source{}
	deleting := map[int]bool{}
	for _, h := range c.headers {
		if h.State == record.Deleting {
			deleting[c.owner(h.Seq)] = true
		}
	}
	w := c.bucket(bucketRecords, true, false)
	for k, v, ok := w.Next(); ok; k, v, ok = w.Next() {
		if len(k) != 8 {
			c.foundf("a bucket of records with the name %q", k)
			continue
		}
		s := &source{bucket: binary.BigEndian.Uint64(k)}
		s.at = c.owner(s.bucket)
		s.soft = deleting[s.at]
		sources[s.bucket] = s
		if h := c.header(s.bucket); h != nil {
			s.name = fmt.Sprintf("snapshot %q", h.Name)
		} else {
			s.name = fmt.Sprintf("bucket %d", s.bucket)
			s.at, s.soft, c.loose = len(c.live), true, true
			// Those of an import that did not end, or of the newest snapshot's deletion, are nobody's until the next run
			// that writes takes them out. A header that is lost leaves a change set behind, too.
			if n := len(c.headers); n > 0 && s.bucket < c.headers[n-1].Seq {
				c.foundf("records of no snapshot, in bucket %d", s.bucket)
			}
		}
		s.walk = c.walk("the records of "+s.name, v, false, true)
	}
	for i := range c.headers {
		if h := &c.headers[i]; sources[h.BucketSeq()] == nil && !w.Lost {
			c.foundf("no records of snapshot %q", h.Name)
		}
	}
	return sources, w.Err
}

// owner is the index of the live snapshot that the records in a bucket belong to; len(live) if there is none.
func (c *checker) owner(bucket uint64) int {
	return sort.Search(len(c.live), func(i int) bool { return c.live[i].Seq >= bucket })
}

// header is the header of the snapshot with its records in bucket, nil if there is none.
func (c *checker) header(bucket uint64) *record.Header {
	i := sort.Search(len(c.headers), func(i int) bool { return c.headers[i].Seq >= bucket })
	if i == len(c.headers) || c.headers[i].BucketSeq() != bucket {
		return nil
	}
	return &c.headers[i]
}

// pathCheck goes through the paths, with the records beside them.
type pathCheck struct {
	*checker
	paths   *bucketWalk
	sources map[uint64]*source
	unknown map[uint64]bool // buckets that are not there, and reported
	totals  totals
	folders []folder // the folder that the walk is in, and those that it is in

	seqs   []uint64 // of the path
	record record.Record
	spans  []pageRange // of the path
}

// folder is one on the way down to where the walk is.
type folder struct {
	key   []byte
	spans []pageRange // when it is one
	told  bool        // that something is in it at other times
}

// path checks one path and its records.
func (p *pathCheck) path(k, v []byte) {
	path := string(appendPath(nil, k))
	if !validKey(k, path) {
		p.foundf("a path that cannot be: %q", path)
		return
	}
	var err error
	if p.seqs, err = parseSeqs(v, p.seqs[:0]); err != nil {
		p.found(fmt.Errorf("%q: %w", path, err))
		return
	}
	f := p.parent(k)
	p.spans = p.spans[:0]
	missing := false
	for i, b := range p.seqs {
		s := p.sources[b]
		if s == nil {
			if !p.unknown[b] {
				p.unknown[b] = true
				p.foundf("%q and maybe others have records in bucket %d, which is not there", path, b)
			}
			continue
		}
		for s.k != nil && bytes.Compare(s.k, k) < 0 {
			p.unlisted(s)
		}
		if !bytes.Equal(s.k, k) {
			if !s.walk.Lost {
				p.foundf("no record of %q in %s", path, s.name)
			}
			continue
		}
		r := &p.record
		err := record.Parse(string(s.v), r)
		s.step()
		if err != nil {
			p.found(fmt.Errorf("%q in %s: %w", path, s.name, err))
			continue
		}
		if r.Change == record.Moved && r.From == "" {
			p.foundf("%q in %s has moved, but from nowhere", path, s.name)
		}
		if added(r) {
			s.silent++
		}
		if !r.Exists() {
			continue
		}
		if i == len(p.seqs)-1 {
			p.show(k, r)
		}
		during := pageRange{s.at, len(p.live)}
		if i+1 < len(p.seqs) {
			during.end = p.owner(p.seqs[i+1])
		}
		if during.first >= during.end {
			continue
		}
		p.totals.add(r, during)
		if r.Kind == file.Folder {
			p.spans = addSpan(p.spans, during)
		}
		if f != nil && !covers(f.spans, during) {
			missing = true
		}
	}
	if missing && !f.told && !p.paths.Lost {
		f.told = true
		p.foundf("%q is there in snapshots without its folder", path)
	}
	p.enter(k, p.spans)
}

// unlisted reports a record that is under no path, and goes on.
func (p *pathCheck) unlisted(s *source) {
	if !s.soft && !p.paths.Lost {
		p.foundf("the record of %q in %s is not listed under its path", appendPath(nil, s.k), s.name)
	}
	s.step()
}

// parent is the folder that the entry with this key is in, nil for the root.
func (p *pathCheck) parent(key []byte) *folder {
	if len(key) == 1 && key[0] == 0 {
		return nil
	}
	parent := []byte{0}
	if i := bytes.LastIndexByte(key, 0); i >= 0 {
		parent = key[:i]
	}
	n := len(p.folders)
	for n > 0 && !keyWithin(key, p.folders[n-1].key) {
		n--
	}
	if p.folders = p.folders[:n]; n > 0 && bytes.Equal(p.folders[n-1].key, parent) {
		return &p.folders[n-1]
	}
	return p.enter(parent, nil)
}

// enter makes the entry with this key the innermost folder, reusing the memory of those that were left.
func (p *pathCheck) enter(key []byte, spans []pageRange) *folder {
	n := len(p.folders)
	if p.folders = p.folders[:min(n+1, cap(p.folders))]; len(p.folders) == n {
		p.folders = append(p.folders, folder{})
	}
	f := &p.folders[n]
	f.key, f.spans, f.told = append(f.key[:0], key...), append(f.spans[:0], spans...), false
	return f
}

// addSpan adds a range behind the others.
func addSpan(spans []pageRange, s pageRange) []pageRange {
	if n := len(spans); n > 0 && spans[n-1].end == s.first {
		spans[n-1].end = s.end
		return spans
	}
	return append(spans, s)
}

// covers reports whether all of s lies in one of the ranges.
func covers(spans []pageRange, s pageRange) bool {
	for _, o := range spans {
		if o.first <= s.first && s.end <= o.end {
			return true
		}
	}
	return false
}

// show adds what identity and content should hold of the newest record of a path.
func (p *pathCheck) show(key []byte, r *record.Record) {
	if inIdentity(r) {
		p.identity.add(identityKey(nil, r, key))
	}
	if inContent(r) {
		p.content.add(contentKey(nil, r, key))
	}
}

// compare holds the counts in the headers against those of the records.
func (p *pathCheck) compare() {
	var files, dirs int64
	var sum wide
	for i := range p.live {
		h := &p.live[i]
		files, dirs = files+p.totals.files[i], dirs+p.totals.dirs[i]
		sum.addAll(p.totals.bytes[i])
		size := sum.bytes()
		if h.Files != files || h.Dirs != dirs || h.Bytes != size {
			p.foundf("snapshot %q has %d files, %d folders and %d bytes, but its header says %d, %d and %d",
				h.Name, files, dirs, size, h.Files, h.Dirs, h.Bytes)
		}
		if s := p.sources[h.BucketSeq()]; h.Records > 0 && !s.soft && (h.Records > s.n || h.Records < s.n-s.silent) {
			p.foundf("snapshot %q has %d records, but its header says %d", h.Name, s.n, h.Records)
		}
	}
}
