package index

import (
	"cmp"
	"context"
	"slices"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// Step is one record in the life of a file: what happened, in which snapshot, and under which path.
type Step struct {
	Path string
	Version
}

// Follow is the life of every file that was ever at path, in time order: the records of path, and those
// that the same file had under the names before and after. Where a rename joins two paths the record
// under the new path stands for both; the tombstone it left is not among the steps. Empty if no
// snapshot ever held path.
func (db *DB) Follow(ctx context.Context, path string) (steps []Step, err error) {
	err = db.view(ctx, func(tx *bolt.Tx) error {
		w := &lifeWalk{tx: tx, b: openBuckets(tx), read: map[string][]Version{}, seen: map[visited]bool{}}
		steps = nil
		if err := w.visit(path, 0, 1<<63); err != nil {
			return err
		}
		steps = w.steps
		return nil
	})
	slices.SortStableFunc(steps, func(a, b Step) int {
		switch {
		case a.Seq < b.Seq:
			return -1
		case a.Seq > b.Seq:
			return 1
		}
		return record.Compare(a.Path, b.Path)
	})
	return steps, err
}

type lifeWalk struct {
	tx    *bolt.Tx
	b     *buckets
	read  map[string][]Version // the records of each path, read once: of many files each may have been at it
	seen  map[visited]bool
	steps []Step
}

// versions are all records of path. They must not be changed.
func (w *lifeWalk) versions(path string) (vs []Version, err error) {
	vs, ok := w.read[path]
	if !ok {
		vs, err = versionsAt(w.tx, w.b, path)
		w.read[path] = vs
	}
	return vs, err
}

// since is the index of the first of vs that is of snapshot seq or a later one.
func since(vs []Version, seq uint64) int {
	i, _ := slices.BinarySearchFunc(vs, seq, func(v Version, seq uint64) int { return cmp.Compare(v.Seq, seq) })
	return i
}

// visited is a record and its part in the life of a file: the life may begin with it at this path, go on, or end
// because another file took the path. The same record may be visited once in each part.
type visited struct {
	path string
	seq  uint64
	part int
}

const (
	begins = iota
	goesOn
	ends
)

// visit takes the records of path from snapshot first to last, and follows the renames among them.
func (w *lifeWalk) visit(path string, first, last uint64) error {
	vs, err := w.versions(path)
	if err != nil {
		return err
	}
	for i := since(vs, first); i < len(vs) && vs[i].Seq <= last; i++ {
		v := &vs[i]
		part := goesOn
		switch {
		case first > 0 && v.Seq == first:
			part = begins
		case first > 0 && v.replaces():
			part = ends
		}
		at := visited{path, v.Seq, part}
		if w.seen[at] {
			continue
		}
		told := w.seen[visited{path, v.Seq, begins}] || w.seen[visited{path, v.Seq, goesOn}]
		w.seen[at] = true
		if part != ends && !told && (v.Change != record.Removed || v.To == "") {
			w.steps = append(w.steps, Step{path, *v})
		}
		if v.Change == record.Moved && part != ends {
			if begin, ok, err := w.lifeBefore(v.From, v.Seq); err != nil {
				return err
			} else if ok {
				if err := w.visit(v.From, begin, v.Seq-1); err != nil {
					return err
				}
			}
		}
		// In the record that a life begins with, To is about the file that was there before.
		if v.To != "" && part != begins {
			end, err := w.lifeAfter(v.To, v.Seq)
			if err != nil {
				return err
			}
			if err := w.visit(v.To, v.Seq, end); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaces reports whether the record is of another file than the one that was at its path before.
func (v *Version) replaces() bool {
	return v.Change == record.Moved || v.Reason == record.Replaced || v.Change != record.Removed && v.To != ""
}

// lifeBefore is where the life of the file that was at path just before seq began there.
func (w *lifeWalk) lifeBefore(path string, seq uint64) (begin uint64, ok bool, err error) {
	vs, err := w.versions(path)
	if err != nil {
		return 0, false, err
	}
	for i := since(vs, seq) - 1; i >= 0; i-- {
		r := &vs[i]
		if r.Change == record.Removed {
			break
		}
		begin, ok = r.Seq, true
		if r.Change == record.Added || r.replaces() {
			break
		}
	}
	return begin, ok, nil
}

// lifeAfter is the last snapshot with a record of the file that came to path in snapshot seq: up to its
// tombstone, or up to what took its place.
func (w *lifeWalk) lifeAfter(path string, seq uint64) (uint64, error) {
	vs, err := w.versions(path)
	if err != nil {
		return 0, err
	}
	end := seq
	for i := since(vs, seq+1); i < len(vs); i++ {
		r := &vs[i]
		if (r.Change == record.Moved || r.Reason == record.Replaced) && r.To == "" { // another file took the path
			break
		}
		end = r.Seq
		if r.Change == record.Removed || r.To != "" {
			break
		}
	}
	return end, nil
}
