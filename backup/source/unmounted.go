package source

import (
	"context"
	"errors"
	"fmt"

	"snap/index"
	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// EmptyMounts finds mount points in the source on which nothing is mounted any more: another file system was there in
// the previous snapshot, and now an empty folder is.
type EmptyMounts struct {
	Source *Source
	DB     *index.DB
	Prev   *record.Header // the previous snapshot, nil without one
	Report func(path string, err error)

	path    string
	entries int64 // that were in it; 0: nothing is suspected
	here    bool  // a mount point may be at path
}

// Pass takes the pairs of the scan in key order.
func (e *EmptyMounts) Pass(ctx context.Context, p *scan.Pair) error {
	path := p.Path()
	if e.here && record.Within(path, e.path) {
		if e.entries++; p.New != nil {
			e.here = false
		}
		return nil
	}
	e.End()
	if p.Old == nil || p.New == nil || path == "" || p.Old.Kind != file.Folder || p.New.Stat.Kind != file.Folder ||
		p.New.Stat.Root || p.New.Err != nil || p.Old.Volume == e.Source.VolumeOf(p.New.Stat.Dev) {
		return nil
	}
	dir, _ := record.Split(path)
	above, _, err := e.DB.Lookup(ctx, e.Prev.Seq, dir)
	if err != nil && !errors.Is(err, index.ErrNotFound) {
		return err
	}
	e.path, e.here = path, err == nil && above.Volume != p.Old.Volume
	return nil
}

// End reports the mount point that was passed last, if it is one.
func (e *EmptyMounts) End() {
	if e.here && e.entries > 0 {
		e.Report(e.path, &UnmountedError{e.Prev.Name, e.entries})
	}
	e.path, e.entries, e.here = "", 0, false
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
