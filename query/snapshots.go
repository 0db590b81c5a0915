package query

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"snap/index"
	"snap/internal/file"
)

// Snapshots are the complete snapshots of a destination, oldest first. Others do not count: their trees
// may never be published. A position in it stands for a snapshot.
type Snapshots []index.Header

// ReadSnapshots reads the complete snapshots of an index.
func ReadSnapshots(ctx context.Context, db *index.DB) (Snapshots, error) {
	all, err := db.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all { // a name is used as that of a folder
		if name := all[i].Name; name == "" || !index.ValidPath(name) || strings.Contains(name, "/") {
			return nil, fmt.Errorf("%w: a snapshot is called %s", index.ErrDamaged, strconv.Quote(name))
		}
	}
	return slices.DeleteFunc(all, func(h index.Header) bool { return h.State != index.Complete }), nil
}

// BySeq is the position of the snapshot that a record of bucket seq belongs to: the first whose number is
// not smaller.
func (s Snapshots) BySeq(seq uint64) (int, bool) {
	pos := sort.Search(len(s), func(i int) bool { return s[i].Seq >= seq })
	return pos, pos < len(s)
}

// Newest is the position of the newest snapshot, -1 if there is none.
func (s Snapshots) Newest() int { return len(s) - 1 }

// State is the state that people see: missing if the snapshot's folder is gone, incomplete if some source files could
// not be read.
func (d *Reader) State(h *index.Header) index.State {
	switch {
	case !d.Present(h):
		return index.Missing
	case h.Errors > 0:
		return index.Incomplete
	}
	return h.State
}

// Present reports whether the snapshot's folder is in the destination.
func (d *Reader) Present(h *index.Header) bool {
	s, err := d.Root.Lstat(h.Name)
	return err == nil && s.Kind == file.Folder
}
