package index

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// Difference is what became of one path between two snapshots. Before is nil with Added, After with
// Removed. From is where a Moved entry was before. Its records are valid for good. Reason and Stored are those
// of the path's last record between the two, a tombstone too.
type Difference struct {
	Change record.Change
	Path   string
	From   string
	Before *record.Record
	After  *record.Record
	Reason record.Reason
	Stored record.Stored
}

// Diff yields the differences from snapshot a to snapshot b, whichever is the older, in key order of the
// path. It reads only the records between the two. A file that moved is one difference, under its new
// path; what comes to the path that it left is Added, and what its new path held before is not reported. A folder whose
// times alone changed is no difference.
//
// To make b out of a, remove every path that was Removed or that something Moved from, then set what every After says.
func (db *DB) Diff(ctx context.Context, a, b uint64) iter.Seq2[Difference, error] {
	return db.diff(ctx, a, b, nil)
}

func (db *DB) diff(ctx context.Context, a, b uint64, p *Pending) iter.Seq2[Difference, error] {
	return func(yield func(Difference, error) bool) {
		var next []byte
		for more := true; more; {
			var found []Difference
			err := db.view(ctx, func(tx *bolt.Tx) (err error) {
				f := &follower{tx: tx, b: openBuckets(tx), from: a, to: b, first: min(a, b), last: max(a, b)}
				if f.b.pending = p; p != nil {
					if err := p.finish(tx); err != nil {
						return err
					}
				}
				found, next, err = f.page(next)
				more = next != nil
				return err
			})
			if err != nil {
				yield(Difference{}, err)
				return
			}
			for _, d := range found {
				if !yield(d, nil) {
					return
				}
			}
		}
	}
}

// follower follows files through renames between two snapshots.
type follower struct {
	tx          *bolt.Tx
	b           *buckets
	from, to    uint64
	first, last uint64 // the same two in time order

	trails bool             // with Merged: tombstones say which inode was there between the two
	made   map[place]string // with Merged, of inodes that came between the two and left the path, a name
}

// page compares the paths from start on that have records in (first, last], until it has looked at a page
// full.
func (f *follower) page(start []byte) (found []Difference, next []byte, err error) {
	next, err = f.each(start, func(path string, records []holder) error {
		d, err := f.compare(path)
		if err != nil || d.Change == 0 {
			return err
		}
		var last record.Record
		if err := records[len(records)-1].parse(path, &last); err != nil {
			return err
		}
		d.Reason, d.Stored = last.Reason, last.Stored
		if d.Change == record.Removed {
			d.Stored = record.Absent
		}
		found = append(found, d)
		return nil
	})
	return found, next, err
}

// holder is a bucket of the records between the two snapshots, and where a reader stands in it.
type holder struct {
	bucket uint64
	first  bool // of the oldest of the snapshots: its records are against the first of the two
	c      stepper
	k, v   []byte
}

// stepper goes from key to key, nil at the end.
type stepper interface{ Next() (key, value []byte) }

// parse reads the record of path that h stands at into r, which aliases nothing. each has checked the seal.
func (h *holder) parse(path string, r *record.Record) error {
	body, _ := unseal(h.v, h.k)
	if err := record.Parse(string(body), r); err != nil {
		return fmt.Errorf("%q: %w", path, err)
	}
	return nil
}

// each visits the paths from start on that have records in (first, last], with those records, still
// sealed, until it has visited a page full; next is where to go on, nil at the end.
func (f *follower) each(start []byte, visit func(path string, records []holder) error) (next []byte, err error) {
	all, err := f.holders()
	if err != nil {
		return nil, err
	}
	for i := range all {
		s := &all[i]
		if p := f.b.pending; p != nil && s.bucket == p.seq {
			c := p.seek(start)
			s.c = c
			s.k, s.v = c.Next()
			continue
		}
		if s.c, s.k, s.v, err = seekWhole(f.tx.Bucket(bucketRecords).Bucket(seqKey(s.bucket)), start); err != nil {
			return nil, err
		}
	}
	front := &merge{}
	for i := range all {
		if all[i].k != nil {
			*front = append(*front, &all[i])
		}
	}
	heap.Init(front)
	up := rising{last: start}
	having := make([]holder, 0, len(all))
	for n := 0; len(*front) > 0; n++ {
		key := (*front)[0].k
		if err := up.step(key); err != nil {
			return nil, err
		}
		if n == diffPage {
			return append([]byte(nil), key...), nil
		}
		path, err := pathOf(key)
		if err != nil {
			return nil, err
		}
		having = having[:0]
		for len(*front) > 0 && string((*front)[0].k) == string(key) {
			s := (*front)[0]
			if _, ok := unseal(s.v, s.k); !ok { // a path that changed must not be passed over for a damaged key
				return nil, damaged("the record of %q", path)
			}
			having = append(having, *s)
			if s.k, s.v = s.c.Next(); s.k == nil {
				heap.Pop(front)
			} else {
				heap.Fix(front, 0)
			}
		}
		if err := visit(path, having); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// diffPage is how many paths one transaction compares: each begins with a search in every bucket, of which there
// may be a thousand.
const diffPage = 4 * pageSize

// merge is a heap of holders, for container/heap: first the smallest key, of equal ones that of the oldest bucket.
type merge []*holder

func (m merge) Len() int      { return len(m) }
func (m merge) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m merge) Less(i, j int) bool {
	if c := bytes.Compare(m[i].k, m[j].k); c != 0 {
		return c < 0
	}
	return m[i].bucket < m[j].bucket
}
func (m *merge) Push(x any) { *m = append(*m, x.(*holder)) }
func (m *merge) Pop() any {
	last := len(*m) - 1
	h := (*m)[last]
	*m = (*m)[:last]
	return h
}

// holders are the buckets of the snapshots in (first, last], oldest first, not read yet.
func (f *follower) holders() (all []holder, err error) {
	last := f.last
	if f.b.pending != nil {
		last = f.b.pending.newest
	}
	c, k, v, err := seekWhole(f.tx.Bucket(bucketSnapshots), seqKey(f.first+1))
	for ; k != nil && err == nil && string(k) <= string(seqKey(last)); k, v = c.Next() {
		h, err := parseHeader(k, v)
		if err != nil {
			return nil, err
		}
		if f.tx.Bucket(bucketRecords).Bucket(seqKey(h.BucketSeq())) == nil {
			return nil, damaged("no records of snapshot %d", h.Seq)
		}
		all = append(all, holder{bucket: h.BucketSeq(), first: len(all) == 0})
	}
	if err == nil && k != nil {
		err = whole(k, v)
	}
	if f.b.pending != nil {
		all = append(all, holder{bucket: f.b.pending.seq, first: len(all) == 0})
	}
	return all, err
}

// compare judges one path. A zero Change means that nothing is to be reported.
func (f *follower) compare(path string) (d Difference, err error) {
	d.Path = path
	if d.Before, err = f.state(path, f.from); err != nil {
		return d, err
	}
	if d.After, err = f.state(path, f.to); err != nil {
		return d, err
	}
	if d.After != nil {
		from, moved, err := f.moved(path, f.to)
		if err != nil {
			return d, err
		}
		if moved {
			d.Change, d.From = record.Moved, from
			d.Before, err = f.state(from, f.from)
			return d, err
		}
	}
	left := false // reported at the path where it is now
	if d.Before != nil {
		if _, left, err = f.moved(path, f.from); err != nil {
			return d, err
		}
	}
	switch {
	case d.Before == nil && d.After == nil, d.After == nil && left:
	case d.Before == nil || left:
		d.Change, d.Before = record.Added, nil
	case d.After == nil:
		d.Change = record.Removed
	default:
		d.Change = Classify(d.Before, d.After)
		if p := f.b.pending; p != nil && p.unread(path, d.After) && d.Before.Has(record.Hashed) &&
			(d.Change == 0 || d.Change == record.Metadata) {
			d.Change = record.Modified
		}
	}
	return d, nil
}

// moved is the path, in the other of the two snapshots, of the file that is at path in snapshot seq, if it
// has another one there.
func (f *follower) moved(path string, seq uint64) (other string, ok bool, err error) {
	there, back := f.origin, f.target
	if seq == f.first {
		there, back = back, there
	}
	o, err := there(path)
	if err != nil || o == nil || *o == path {
		return "", false, err
	}
	p, err := back(*o)
	return *o, p != nil && *p == path, err
}

// Classify says which change turned before into after at the same path, 0 if none did. The times of a folder do not
// count.
func Classify(before, after *record.Record) record.Change {
	switch {
	case before.Kind != after.Kind:
		return record.TypeChanged
	case !before.SameContent(after), before.Has(record.Unreadable) != after.Has(record.Unreadable):
		return record.Modified
	case !before.SameOwnerMode(after), before.Kind != file.Folder && before.Mtime != after.Mtime:
		return record.Metadata
	}
	return 0
}

// state is the record of path at seq, nil if it is not there.
func (f *follower) state(path string, seq uint64) (*record.Record, error) {
	r := new(record.Record)
	_, err := lookup(f.tx, f.b, seq, path, r)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return r, err
}

func (f *follower) seqs(path string) ([]uint64, []byte, error) {
	key := appendKey(nil, path)
	seqs, err := f.b.seqs(f.tx, key)
	return seqs, key, err
}

// born finds the record that made the inode of the one at p, which is r, as far back as one in a bucket up to
// oldest. r becomes that record.
func (f *follower) born(p place, r *record.Record, oldest uint64) (place, error) {
	return (&tracer{tx: f.tx, b: f.b}).born(p, r, oldest)
}

// origin is the path, in the first snapshot, of the file that is at path in the last; nil if it was not
// there yet.
func (f *follower) origin(path string) (*string, error) {
	for s := f.last; ; {
		seqs, key, err := f.seqs(path)
		if err != nil {
			return nil, err
		}
		if s = at(seqs, s); s == 0 {
			return nil, nil
		}
		var r record.Record
		if err := f.b.record(s, key, &r); err != nil {
			return nil, err
		}
		switch {
		case r.Change == record.Removed:
			return nil, nil
		case s <= f.first:
			return &path, nil
		case r.Begins():
			return nil, nil
		case r.Change == record.Moved:
			path = r.From
		}
		s--
	}
}

// target is the path, in the last snapshot, of the file that is at path in the first; nil if it is gone.
func (f *follower) target(path string) (*string, error) {
	for s := f.first; ; {
		seqs, key, err := f.seqs(path)
		if err != nil {
			return nil, err
		}
		n := after(seqs, s)
		if n == 0 || n > f.last {
			return &path, nil
		}
		var r record.Record
		if err := f.b.record(n, key, &r); err != nil {
			return nil, err
		}
		switch {
		case r.To != "":
			path = r.To
		case r.Change == record.Removed, r.Change == record.Moved, r.Change == record.TypeChanged,
			r.Reason == record.Replaced:
			return nil, nil
		}
		s = n
	}
}
