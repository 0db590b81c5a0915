//go:build !linux

package file

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// dirHandle is empty: the folder is its path.
type dirHandle struct{}

// How a folder is opened.
const (
	openFollow = iota
	openList
	openEnter
)

func openRoot(path string) (dirHandle, error) { return dirHandle{}, mustBeDir(path, true) }

func (d *Dir) open(name string, how int) (dirHandle, error) {
	return dirHandle{}, mustBeDir(join(d.path, name), how == openFollow)
}

func (d *Dir) reopen() (dirHandle, error) { return dirHandle{}, mustBeDir(d.path, true) }

func mustBeDir(path string, follow bool) error {
	var s Stat
	err := stat(path, follow, &s)
	if err == nil && s.Kind != Folder {
		err = syscall.ENOTDIR
	}
	return err
}

func (d *Dir) close() error { return nil }

func (d *Dir) readdir() ([]Entry, error) {
	list, err := os.ReadDir(d.path)
	if err != nil {
		return nil, bare(err)
	}
	entries := make([]Entry, len(list))
	for i, e := range list {
		entries[i].Name, entries[i].Stat.Kind = e.Name(), kindOf(e.Type())
	}
	return entries, nil
}

func (d *Dir) readlink(name string) (string, error) {
	target, err := os.Readlink(join(d.path, name))
	return target, bare(err)
}

func (d *Dir) mkdir(name string) error { return bare(os.Mkdir(join(d.path, name), 0o700)) }

func (d *Dir) symlink(target, name string) error {
	return bare(os.Symlink(target, join(d.path, name)))
}

func (d *Dir) mknod(string, Kind, uint64) error { return errors.ErrUnsupported }

func (d *Dir) link(from *Dir, old, name string) error {
	var s Stat
	if err := from.statName(old, false, &s); err != nil {
		return err
	}
	if s.Kind == Symlink { // link(2) would follow it
		return errors.ErrUnsupported
	}
	return bare(os.Link(join(from.path, old), join(d.path, name)))
}

func (d *Dir) unlink(name string) error {
	var s Stat
	if err := d.statName(name, false, &s); err != nil {
		return err
	}
	if s.Kind == Folder {
		return syscall.EISDIR
	}
	return bare(os.Remove(join(d.path, name)))
}

func (d *Dir) rmdir(name string) error {
	if err := mustBeDir(join(d.path, name), false); err != nil {
		return err
	}
	return bare(os.Remove(join(d.path, name)))
}

func (d *Dir) rename(name string, to *Dir, newName string) error {
	var s Stat
	switch err := to.statName(newName, false, &s); {
	case err == nil:
		return fs.ErrExist
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return d.replace(name, to, newName)
}

func (d *Dir) replace(name string, to *Dir, newName string) error {
	return bare(os.Rename(join(d.path, name), join(to.path, newName)))
}

// sync tries: not every system opens a folder, or syncs one.
func (d *Dir) sync() error {
	f, err := os.Open(d.path)
	if err != nil {
		return bare(err)
	}
	defer f.Close()
	if err := f.Sync(); !forbidden(bare(err)) {
		return bare(err)
	}
	return nil
}

func (d *Dir) syncSystem() error { return d.sync() }

const syncsSystem = false

// bare is the error below the operation and path that package os adds.
func bare(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	var c *os.SyscallError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	case errors.As(err, &c):
		return c.Err
	}
	return err
}

func (d *Dir) openHere(name string) (dirHandle, error) { return d.openCompared(name) }

func (d *Dir) mkdirMode(name string, perm uint32) error {
	return bare(os.Mkdir(join(d.path, name), os.FileMode(perm)))
}

func (d *Dir) exchange(string, *Dir, string) error { return errors.ErrUnsupported }
