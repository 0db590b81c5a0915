package destination

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"snap/internal/file"
	"snap/record"
)

// copyingFile says which snapshots a copy that is running reads, or a prune or a repair of the remote. Its lock tells
// whether one is: the kernel drops it when the process ends, however it ends.
const copyingFile = "copying"

// ErrCopying says that another process works with the same remote.
var ErrCopying = errors.New("another copy to this remote, or a prune or repair of it, is running on this machine")

// HoldFrom keeps the snapshot h names, and all after it, until end is called or the process ends: work with the remote
// reads them. It is to be called before the first of them is read.
func HoldFrom(dest, remote string, h Hold) (end func() error, err error) {
	path := filepath.Join(RemoteDir(dest, remote), copyingFile)
	l := flock.New(path+"-lock", flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR|file.Plain))
	ok, err := l.TryLock()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrCopying
	}
	if err := setNote(RemoteDir(dest, remote), copyingFile, &h); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return func() error { return errors.Join(os.Remove(path), l.Close()) }, nil
}

// Copying are the first snapshots that running copies read, in the order of their remotes' names: they and all after
// them are not to be deleted.
func Copying(root *file.Dir) ([]Hold, error) {
	all, err := holdsIn(root, copyingFile)
	if err != nil {
		return nil, err
	}
	var running []Hold
	for i := range all {
		path := filepath.Join(RemoteDir(root.Path(), all[i].Remote), copyingFile+"-lock")
		l := flock.New(path, flock.SetFlag(os.O_RDONLY|file.Plain))
		free, err := l.TryRLock()
		switch {
		case errors.Is(err, fs.ErrNotExist), err == nil && free: // it was killed
		case err != nil && !errors.Is(err, fs.ErrPermission):
			return nil, err
		default: // who cannot tell keeps them
			running = append(running, all[i])
		}
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	return running, nil
}

// HeldBy is what keeps a snapshot from being deleted, nil if nothing does; running: a copy is reading it.
func HeldBy(s *record.Header, holds, copying []Hold) (by *Hold, running bool) {
	for i := range copying {
		if s.Seq >= copying[i].Seq {
			return &copying[i], true
		}
	}
	for i := range holds {
		if s.Seq == holds[i].Seq {
			return &holds[i], false
		}
	}
	return nil, false
}
