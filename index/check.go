package index

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"os"

	"snap/index/pages"
	"snap/record"
)

// CheckCounts are the numbers of what Check has looked at.
type CheckCounts struct {
	Snapshots  int64 // headers, those not complete too
	Records    int64
	Paths      int64
	Identities int64
	Contents   int64
	Pages      int64 // of the file, in use
	Free       int64 // pages
	Lost       int64 // pages neither in use nor free: space that is not used, and no damage
}

// Check reads the whole index and calls found with everything in it that is wrong: pages, order of keys, checksums;
// headers, records and paths that contradict each other; counts of snapshots that are not those of their records;
// entries without their folder; identity and content that are not those of the newest snapshot. Every finding is an
// ErrDamaged or an error of reading, and one fault may show in several. The error is what stopped it.
//
// A snapshot that is being deleted is looked at as far as it can be said what belongs to it. Records of an
// import that never ended are a finding; Clean takes them away.
//
// Memory grows with the number of snapshots (some pages each), not with that of files. The index stays locked
// for reading: 1,000,000 files take 2 s.
func (db *DB) Check(ctx context.Context, found func(error)) (n CheckCounts, err error) {
	h, err := db.open(ctx, checking)
	if err != nil {
		return n, err
	}
	defer h.Close()
	err = db.guard(func() error {
		if err := newer(ctx, h.file); err != nil {
			return err
		}
		c, err := newChecker(ctx, h.file, found)
		if err != nil {
			return err
		}
		if err := c.run(); err != nil {
			return err
		}
		n = c.n
		if c.findings == 0 {
			return db.wrote(h.file) // it is proved more than prove does
		}
		return nil
	})
	return n, err
}

// checker is one Check.
type checker struct {
	ctx      context.Context // of the check, for the walks of all its steps
	file     *pages.File
	tell     func(error)
	findings int
	n        CheckCounts

	tops    map[string][]byte // the values of the buckets not walked yet
	id      string            // of the destination
	headers []record.Header   // oldest first
	live    []record.Header   // without those being deleted
	loose   bool              // there are records without a snapshot
	doubt   bool              // records or paths are damaged: what is computed of them would be wrong

	identity, content keySum // what the newest snapshot says
}

func newChecker(ctx context.Context, f *os.File, found func(error)) (*checker, error) {
	p, err := openPages(f)
	if err != nil {
		return nil, err
	}
	c := &checker{ctx: ctx, file: p, tell: found, tops: map[string][]byte{}}
	seed := maphash.MakeSeed()
	c.identity.seed, c.content.seed = seed, seed
	return c, nil
}

func (c *checker) found(err error) {
	c.findings++
	c.tell(err)
}

func (c *checker) foundf(format string, args ...any) { c.found(damaged(format, args...)) }

// bucketWalk goes through one bucket.
type bucketWalk struct {
	*pages.Walk
	name  string // of the bucket, for messages
	found func(error)
}

// tell reports a finding and which bucket it is about.
func (w *bucketWalk) tell(err error) { w.found(fmt.Errorf("%w, in %s", pageFault(err), w.name)) }

// walk begins a walk of a bucket; sealed: its values end in a checksum.
func (c *checker) walk(name string, value []byte, buckets, sealed bool) *bucketWalk {
	w := &bucketWalk{name: name, found: c.found}
	o := pages.Options{Buckets: buckets, Name: keyText, Found: w.tell}
	if sealed {
		o.Unseal = unseal
	}
	w.Walk = c.file.Walk(c.ctx, value, o)
	return w
}

func (c *checker) run() error {
	if !c.file.Whole() {
		c.foundf("one of the two meta pages; what was written last may be missing")
	}
	for _, step := range []func() error{c.top, c.meta, c.snapshots, c.history, c.newest, c.rest} {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if err := step(); err != nil {
			return err
		}
	}
	return c.ctx.Err()
}

// top finds the buckets.
func (c *checker) top() error {
	w := c.walk("the list of buckets", nil, true, false)
	for k, v, ok := w.Next(); ok; k, v, ok = w.Next() {
		c.tops[string(k)] = bytes.Clone(v)
	}
	for _, name := range [][]byte{bucketMeta, bucketSnapshots, bucketRecords, bucketPaths, bucketIdentity, bucketContent} {
		if c.tops[string(name)] == nil && w.Err == nil {
			return damaged("no bucket %q", name)
		}
	}
	return w.Err
}

// bucket begins a walk of one of the buckets at the top.
func (c *checker) bucket(name []byte, buckets, sealed bool) *bucketWalk {
	value := c.tops[string(name)]
	delete(c.tops, string(name))
	return c.walk(string(name), value, buckets, sealed)
}

// meta checks version and id.
func (c *checker) meta() error {
	var version, id []byte
	w := c.bucket(bucketMeta, false, false)
	for k, v, ok := w.Next(); ok; k, v, ok = w.Next() {
		switch string(k) {
		case string(keyVersion):
			version = bytes.Clone(v)
		case string(keyID):
			id = bytes.Clone(v)
		}
	}
	if err := checkVersion(version); err != nil {
		return err
	}
	if len(id) == 0 {
		c.foundf("no id of the destination")
	}
	c.id = string(id)
	return nil
}

// snapshots checks the headers.
func (c *checker) snapshots() error {
	names := map[string]bool{}
	before := uint64(0)
	w := c.bucket(bucketSnapshots, false, true)
	for k, v, ok := w.Next(); ok; k, v, ok = w.Next() {
		h, err := decodeHeader(k, v)
		if err != nil {
			c.found(err)
			continue
		}
		c.headers = append(c.headers, h)
		if names[h.Name] {
			c.foundf("snapshot %d has the name %q, as another has", h.Seq, h.Name)
		}
		names[h.Name] = true
		if b := h.BucketSeq(); b <= before || b > h.Seq {
			c.foundf("snapshot %q has its records in bucket %d", h.Name, b)
		}
		if h.Destination != "" && h.Destination != c.id {
			c.foundf("snapshot %q is of the destination %q, the index of %q", h.Name, h.Destination, c.id)
		}
		switch h.State {
		case record.Prepared, record.Complete:
			c.live = append(c.live, h)
		case record.Deleting:
		default:
			c.foundf("snapshot %q has the state %q", h.Name, h.State)
		}
		before = h.Seq
	}
	c.n.Snapshots = int64(len(c.headers))
	return w.Err
}

// newest compares identity and content with what the records of the newest snapshot say.
func (c *checker) newest() error {
	var err error
	for _, b := range []struct {
		name []byte
		want *keySum
		n    *int64
	}{{bucketIdentity, &c.identity, &c.n.Identities}, {bucketContent, &c.content, &c.n.Contents}} {
		before := c.findings
		got := keySum{seed: b.want.seed}
		w := c.bucket(b.name, false, false)
		for k, v, ok := w.Next(); ok; k, v, ok = w.Next() {
			if got.add(k); len(v) != 0 {
				w.tell(damaged("%q has a value", k))
			}
		}
		if *b.n = got.n; w.Err != nil {
			err = w.Err
		}
		// Where something is damaged already they differ, and all that helps is the same.
		if c.findings == before && !c.doubt && !c.loose && got != *b.want {
			c.foundf("%s holds other entries than the newest snapshot: %d, not %d", w.name, got.n, b.want.n)
		}
	}
	return err
}

// rest walks buckets that this version does not know, and checks the list of free pages.
func (c *checker) rest() error {
	for name, value := range c.tops {
		w := c.walk(fmt.Sprintf("%q", name), value, false, false)
		for _, _, ok := w.Next(); ok; _, _, ok = w.Next() {
		}
		if w.Err != nil {
			return w.Err
		}
	}
	u := c.file.Usage(func(err error) { c.found(pageFault(err)) })
	c.n.Pages, c.n.Free, c.n.Lost = u.Used, u.Free, u.Lost
	return nil
}

// keySum is what sets of keys are compared by, without holding them: two that differ have the same with a
// probability of 2^-64.
type keySum struct {
	seed maphash.Seed
	n    int64
	sum  uint64
}

func (s *keySum) add(key []byte) {
	s.n++
	s.sum += maphash.Bytes(s.seed, key)
}
