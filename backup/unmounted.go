package backup

import (
	"context"
	"errors"
	"fmt"

	"snap/index"
	"snap/internal/file"
	"snap/scan"
)

// emptyMounts finds mount points in the source on which nothing is mounted any more: another file system was there in
// the previous snapshot, and now an empty folder is.
type emptyMounts struct {
	path    string
	entries int64 // that were in it; 0: nothing is suspected
	here    bool  // a mount point may be at path
}

// pass takes the pairs of the scan in key order.
func (e *emptyMounts) pass(ctx context.Context, r *run, p *scan.Pair, volume func(uint64) uint32) error {
	path := p.Path()
	if e.here && index.Within(path, e.path) {
		if e.entries++; p.New != nil {
			e.here = false
		}
		return nil
	}
	e.tell(r)
	if p.Old == nil || p.New == nil || path == "" || p.Old.Kind != file.Folder || p.New.Stat.Kind != file.Folder ||
		p.New.Stat.Root || p.New.Err != nil || p.Old.Volume == volume(p.New.Stat.Dev) {
		return nil
	}
	dir, _ := index.Split(path)
	above, _, err := r.d.DB.Lookup(ctx, r.seq, dir)
	if err != nil && !errors.Is(err, index.ErrNotFound) {
		return err
	}
	*e = emptyMounts{path: path, here: err == nil && above.Volume != p.Old.Volume}
	return nil
}

// tell reports the mount point that was passed last, if it is one.
func (e *emptyMounts) tell(r *run) {
	if e.here && e.entries > 0 {
		r.problem(e.path, &UnmountedError{r.prev.Name, e.entries}, false)
	}
	*e = emptyMounts{}
}

// UnmountedError: a file system that was mounted in the source is not there any more.
type UnmountedError struct {
	Snapshot string // that has it
	Entries  int64  // how many there were in it
}

func (e *UnmountedError) Error() string {
	entries := "entries"
	if e.Entries == 1 {
		entries = "entry"
	}
	return fmt.Sprintf("another file system was mounted here in snapshot %s, with %d %s, and now the folder is empty: is "+
		"its disk mounted?",
		e.Snapshot, e.Entries, entries)
}
