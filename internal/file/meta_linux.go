package file

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

func (f *File) target() target { return handle(f.fd) }

func (d *Dir) target() target { return handle(d.fd) }

// handle is an open file or folder.
type handle int

func (h handle) chown(uid, gid int) error {
	return again(func() error { return unix.Fchown(int(h), uid, gid) })
}
func (h handle) setxattr(x *Xattr) error {
	return again(func() error { return unix.Fsetxattr(int(h), x.Name, x.Value, 0) })
}
func (h handle) chmod(mode uint16) error {
	return again(func() error { return unix.Fchmod(int(h), uint32(mode)) })
}
func (h handle) utimes(mtime Time) error { return utimensat(int(h), nil, mtime, 0) }
func (h handle) stat(s *Stat) error      { return statx(int(h), "", unix.AT_EMPTY_PATH, s) }

// Chmod sets the folder's own mode, also through a handle of EnterDir, which fchmod refuses.
func (d *Dir) Chmod(mode uint16) error {
	err := again(func() error { return unix.Fchmod(d.fd, uint32(mode)) })
	if err == unix.EBADF {
		path := fmt.Sprintf("/proc/self/fd/%d", d.fd)
		err = again(func() error { return unix.Chmod(path, uint32(mode)) })
	}
	return pathError("chmod", d.path, err)
}

// KeepXattrs removes the extended attributes that keep does not name, such as ACLs inherited from the
// folder that the file was made in. Those that belong to the system, like security labels, stay. It
// comes before SetMeta: an ACL that goes leaves its mask in the mode.
func (f *File) KeepXattrs(keep []Xattr) error {
	return keepXattrs(f.path, keep, f.Xattrs,
		func(name string) error { return again(func() error { return unix.Fremovexattr(f.fd, name) }) })
}

// KeepXattrs is File.KeepXattrs for the folder itself.
func (d *Dir) KeepXattrs(keep []Xattr) error {
	return keepXattrs(d.path, keep, d.Xattrs,
		func(name string) error { return again(func() error { return unix.Fremovexattr(d.fd, name) }) })
}

func keepXattrs(path string, keep []Xattr, list func() ([]Xattr, error), remove func(string) error) error {
	have, err := list()
	if err != nil {
		return err
	}
	for _, x := range have {
		if !OwnXattr(x.Name) || slices.ContainsFunc(keep, func(k Xattr) bool { return k.Name == x.Name }) {
			continue
		}
		if err := remove(x.Name); err != nil && err != unix.ENODATA && !forbidden(err) {
			return pathError("removexattr "+x.Name, path, err)
		}
	}
	return nil
}

// Unlock gives this user every right on the folder name, so that what is in it can be removed. It never
// follows a link.
func (d *Dir) Unlock(name string) error {
	h, err := d.Hold(name)
	if err != nil {
		return err
	}
	defer h.Close()
	return pathError("chmod", h.path, h.target().chmod(0o700))
}
