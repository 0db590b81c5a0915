package index

import (
	"context"
	"errors"
	"iter"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
)

// Difference is what became of one path between two snapshots. Before is nil with Added, After with
// Removed. From is where a Moved entry was before. Its records are valid for good.
type Difference struct {
	Change Change
	Path   string
	From   string
	Before *Record
	After  *Record
}

// Diff yields the differences from snapshot a to snapshot b, in key order of the path. It reads only the
// records between the two. A file that moved is one difference, under its new path; a folder whose
// times alone changed is none. When b is the older one, the answer is that of the other order, turned
// round: removed is added, moved goes back, in no particular order then only for moved paths.
func (db *DB) Diff(ctx context.Context, a, b uint64) iter.Seq2[Difference, error] {
	turned := a > b
	if turned {
		a, b = b, a
	}
	return func(yield func(Difference, error) bool) {
		var next []byte
		for more := true; more; {
			var found []Difference
			err := db.view(ctx, func(tx *bolt.Tx) (err error) {
				found, next, err = diffPage(tx, a, b, next)
				more = next != nil
				return err
			})
			if err != nil {
				yield(Difference{}, err)
				return
			}
			for _, d := range found {
				if turned {
					d.turn()
				}
				if !yield(d, nil) {
					return
				}
			}
		}
	}
}

func (d *Difference) turn() {
	d.Before, d.After = d.After, d.Before
	switch d.Change {
	case Added:
		d.Change = Removed
	case Removed:
		d.Change = Added
	case Moved:
		d.Path, d.From = d.From, d.Path
	}
}

// diffPage compares the paths from start on that have records in (a, b], until it has a page full.
func diffPage(tx *bolt.Tx, a, b uint64, start []byte) (found []Difference, next []byte, err error) {
	type source struct {
		c *bolt.Cursor
		k []byte
	}
	var sources []*source
	root := tx.Bucket(bucketRecords)
	c := root.Cursor()
	for k, _ := c.Seek(seqKey(a + 1)); k != nil && string(k) <= string(seqKey(b)); k, _ = c.Next() {
		if r := root.Bucket(k); r != nil {
			s := &source{c: r.Cursor()}
			s.k, _ = s.c.Seek(start)
			sources = append(sources, s)
		}
	}
	f := &follower{tx: tx, b: openBuckets(tx), first: a, last: b}
	for n := 0; ; n++ {
		var key []byte
		for _, s := range sources {
			if s.k != nil && (key == nil || string(s.k) < string(key)) {
				key = s.k
			}
		}
		if key == nil {
			return found, nil, nil
		}
		if n == pageSize {
			return found, append([]byte(nil), key...), nil
		}
		path, err := pathOf(key)
		if err != nil {
			return nil, nil, err
		}
		d, err := f.compare(path)
		if err != nil {
			return nil, nil, err
		}
		if d.Change != 0 {
			found = append(found, d)
		}
		for _, s := range sources {
			if string(s.k) == string(key) {
				s.k, _ = s.c.Next()
			}
		}
	}
}

// follower follows files through renames between two snapshots.
type follower struct {
	tx          *bolt.Tx
	b           *buckets
	first, last uint64
}

// compare judges one path. A zero Change means that nothing worth telling happened.
func (f *follower) compare(path string) (Difference, error) {
	d := Difference{Path: path}
	var err error
	if d.Before, err = f.state(path, f.first); err != nil {
		return d, err
	}
	if d.After, err = f.state(path, f.last); err != nil {
		return d, err
	}
	if d.After != nil {
		origin, err := f.origin(path)
		if err != nil {
			return d, err
		}
		if origin != nil && *origin != path {
			target, err := f.target(*origin)
			if err != nil {
				return d, err
			}
			if target != nil && *target == path {
				d.Change, d.From = Moved, *origin
				d.Before, err = f.state(*origin, f.first)
				return d, err
			}
		}
	}
	switch {
	case d.Before == nil && d.After == nil:
	case d.Before == nil:
		d.Change = Added
	case d.After == nil:
		target, err := f.target(path)
		if err != nil {
			return d, err
		}
		if target != nil && *target != path {
			origin, err := f.origin(*target)
			if err != nil || origin != nil && *origin == path {
				return d, err // told where it is now
			}
		}
		d.Change = Removed
	default:
		d.Change = Classify(d.Before, d.After)
	}
	return d, nil
}

// Classify is what turned before into after at the same path, 0 if nothing worth telling did: for a
// folder its times do not count.
func Classify(before, after *Record) Change {
	switch {
	case before.Kind != after.Kind:
		return TypeChanged
	case !before.SameContent(after), before.Has(Unreadable) != after.Has(Unreadable):
		return Modified
	case !before.SameOwnerMode(after), before.Kind != file.Folder && before.Mtime != after.Mtime:
		return Metadata
	}
	return 0
}

// state is the record of path at seq, nil if it is not there.
func (f *follower) state(path string, seq uint64) (*Record, error) {
	r := new(Record)
	_, err := lookup(f.tx, f.b, seq, path, r)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return r, err
}

func (f *follower) seqs(path string) ([]uint64, []byte, error) {
	key := appendKey(nil, path)
	v := f.tx.Bucket(bucketPaths).Get(key)
	if v == nil {
		return nil, key, nil
	}
	seqs, err := seqsOf(key, v, nil)
	return seqs, key, err
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
		var r Record
		if err := f.b.record(s, key, &r); err != nil {
			return nil, err
		}
		switch {
		case r.Change == Removed:
			return nil, nil
		case s <= f.first:
			return &path, nil
		case r.Change == Added:
			return nil, nil
		case r.Change == Moved:
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
		n := uint64(0)
		for _, x := range seqs {
			if x > s && x <= f.last {
				n = x
				break
			}
		}
		if n == 0 {
			return &path, nil
		}
		var r Record
		if err := f.b.record(n, key, &r); err != nil {
			return nil, err
		}
		switch {
		case r.To != "":
			path = r.To
		case r.Change == Removed, r.Change == Moved:
			return nil, nil
		}
		s = n
	}
}
