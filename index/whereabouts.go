package index

import (
	"context"
	"hash/maphash"
	"slices"
	"strings"

	"snap/internal/file"
)

// Whereabouts visits the regular files that the trees of the snapshots hold, each inode once: a path of it, and what
// it takes on the disk. What the newest of them holds is visited with newest, at the first of its paths there in key
// order; what only older ones hold at the path where it was last. seqs are the numbers of the snapshots, oldest first.
// Nothing of a file is kept in memory but of those with several paths; these come last, the others in key order.
func (db *DB) Whereabouts(
	ctx context.Context,
	seqs []uint64,
	visit func(path string, newest bool, size int64) error,
) error {
	w := &whereabouts{
		usageCount: usageCount{seqs: seqs, end: len(seqs), seed: maphash.MakeSeed(), far: map[uint64]origin{}},
		several:    map[uint64]*whereabout{}, visit: visit,
	}
	for _, pass := range []editionVisitor{w.findSeveral, w.place} {
		if err := db.editions(ctx, pass); err != nil {
			return err
		}
	}
	if err := w.leave(); err != nil {
		return err
	}
	for _, at := range w.several {
		if at.end > 0 {
			if err := visit(at.path, at.end == len(seqs), at.size); err != nil {
				return err
			}
		}
	}
	return nil
}

// whereabouts is the state of it.
type whereabouts struct {
	usageCount
	several map[uint64]*whereabout // inodes that had several paths, by where they were born
	path    string                 // that is visited
	here    []whereabout           // the inodes that were there
	visit   func(path string, newest bool, size int64) error
}

// whereabout is where an inode was last.
type whereabout struct {
	id   uint64
	path string
	end  int // the place in seqs after that of the last snapshot that holds it; 0: none does
	size int64
}

// findSeveral notes the inodes that had several paths.
func (w *whereabouts) findSeveral(v *Edition, t *tracer) error {
	if v.Kind != file.Regular || !v.HasInode() || !v.Stored.Shares() {
		return nil
	}
	born, err := w.born(v, t)
	if err == nil && born.id != w.hash(place{v.Path, born.bucket}) { // it was born at another path
		w.several[born.id] = &whereabout{}
	}
	return err
}

// place takes in a record that is in force in some of the snapshots.
func (w *whereabouts) place(v *Edition, t *tracer) error {
	if v.Kind != file.Regular || !v.HasInode() {
		return nil
	}
	first, _ := slices.BinarySearch(w.seqs, v.Seq)
	end := len(w.seqs)
	if v.Next != 0 {
		end, _ = slices.BinarySearch(w.seqs, v.Next)
	}
	if first == end {
		return nil
	}
	born, err := w.born(v, t)
	if err != nil {
		return err
	}
	if at := w.several[born.id]; at != nil {
		if end > at.end {
			*at = whereabout{born.id, strings.Clone(v.Path), end, born.size}
		}
		return nil
	}
	if v.Path != w.path {
		if err := w.leave(); err != nil {
			return err
		}
		w.path = strings.Clone(v.Path)
	}
	for i := range w.here {
		if w.here[i].id == born.id {
			w.here[i].end = max(w.here[i].end, end)
			return nil
		}
	}
	w.here = append(w.here, whereabout{born.id, "", end, born.size})
	return nil
}

// leave visits what was at the path.
func (w *whereabouts) leave() error {
	for _, at := range w.here {
		if err := w.visit(w.path, at.end == len(w.seqs), at.size); err != nil {
			return err
		}
	}
	w.here = w.here[:0]
	return nil
}
