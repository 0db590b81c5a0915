package cli

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

// snapshots are the complete snapshots of a destination, oldest first. Others do not count: their trees
// may never be published. A position in it stands for a snapshot.
type snapshots []index.Header

// readSnapshots reads them.
func readSnapshots(ctx context.Context, db *index.DB) (snapshots, error) {
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

// bySeq is the position of the snapshot that a record of bucket seq belongs to: the first whose number is
// not smaller.
func (s snapshots) bySeq(seq uint64) (int, bool) {
	pos := sort.Search(len(s), func(i int) bool { return s[i].Seq >= seq })
	return pos, pos < len(s)
}

// newest is the position of the newest snapshot, -1 if there is none.
func (s snapshots) newest() int { return len(s) - 1 }

// stateOf is the state that people see: missing if the snapshot's folder is gone, incomplete if some
// source files could not be read.
func stateOf(dest *file.Dir, h *index.Header) index.State {
	switch {
	case !folderThere(dest, h.Name):
		return index.Missing
	case h.Errors > 0:
		return index.Incomplete
	}
	return h.State
}

func folderThere(dest *file.Dir, name string) bool {
	s, err := dest.Lstat(name)
	return err == nil && s.Kind == file.Folder
}
