//go:build !linux

package file

import (
	"errors"
	"os"
	"time"
)

func (f *File) target() target { return entry{path: f.path, file: f.fd} }

func (d *Dir) target() target { return entry{path: d.path} }

// entry is what its path leads to.
type entry struct {
	path string
	file *os.File // nil when it is not an open file
}

func (e entry) chown(uid, gid int) error { return bare(os.Lchown(e.path, uid, gid)) }

func (e entry) setxattr(*Xattr) error { return errors.ErrUnsupported }

func (e entry) chmod(mode uint16) error {
	return bare(os.Chmod(e.path, (&Stat{Mode: mode}).Perm()))
}

// utimes leaves a symbolic link alone, and times that nanoseconds since 1970 cannot tell.
func (e entry) utimes(mtime Time) error {
	var s Stat
	if err := e.stat(&s); err != nil {
		return err
	}
	if s.Kind == Symlink || At(time.Unix(0, mtime.Time().UnixNano())) != mtime {
		return errors.ErrUnsupported
	}
	return bare(chtimes(e.path, e.file, mtime.Time()))
}

func (e entry) stat(s *Stat) error { return stat(e.path, false, s) }

func (f *File) xattrs() ([]Xattr, int, error) { return nil, 0, nil }

func (d *Dir) xattrs() ([]Xattr, int, error) { return nil, 0, nil }

func (d *Dir) xattrsOf(string) ([]Xattr, int, error) { return nil, 0, nil }

// Chmod sets the folder's own mode.
func (d *Dir) Chmod(mode uint16) error { return os.Chmod(d.path, os.FileMode(mode&0o777)) }

// KeepXattrs removes the extended attributes that keep does not name; here there are none.
func (f *File) KeepXattrs(keep []Xattr) error { return nil }

// KeepXattrs is File.KeepXattrs for the folder itself.
func (d *Dir) KeepXattrs(keep []Xattr) error { return nil }

// Unlock gives this user every right on the folder name, so that what is in it can be removed.
func (d *Dir) Unlock(name string) error { return os.Chmod(join(d.path, name), 0o700) }
