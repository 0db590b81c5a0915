package file

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Chmod sets the folder's own mode, also through a handle of EnterDir, which fchmod refuses.
func (d *Dir) Chmod(mode uint16) error {
	err := unix.Fchmod(d.fd, uint32(mode))
	if err == unix.EBADF {
		err = unix.Chmod(fmt.Sprintf("/proc/self/fd/%d", d.fd), uint32(mode))
	}
	return pathError("chmod", d.path, err)
}

// KeepXattrs removes the extended attributes that keep does not name, such as ACLs inherited from the
// folder that the file was made in. Those that belong to the system, like security labels, stay. It
// comes before SetMeta: an ACL that goes leaves its mask in the mode.
func (f *File) KeepXattrs(keep []Xattr) error {
	return keepXattrs(f.path, keep, func() ([]Xattr, error) { return fdXattrs(f.fd, f.path) },
		func(name string) error { return unix.Fremovexattr(f.fd, name) })
}

// KeepXattrs is File.KeepXattrs for the folder itself.
func (d *Dir) KeepXattrs(keep []Xattr) error {
	return keepXattrs(d.path, keep, func() ([]Xattr, error) { return fdXattrs(d.fd, d.path) },
		func(name string) error { return unix.Fremovexattr(d.fd, name) })
}

func keepXattrs(path string, keep []Xattr, list func() ([]Xattr, error), remove func(string) error) error {
	have, err := list()
	if err != nil {
		return err
	}
	for _, x := range have {
		if !ownXattr(x.Name) || slices.ContainsFunc(keep, func(k Xattr) bool { return k.Name == x.Name }) {
			continue
		}
		if err := remove(x.Name); err != nil && err != unix.ENODATA && !forbidden(err) {
			return pathError("removexattr "+x.Name, path, err)
		}
	}
	return nil
}

// ownXattr reports whether an attribute belongs to the file rather than to the system it is on.
func ownXattr(name string) bool {
	return strings.HasPrefix(name, "user.") || strings.HasPrefix(name, "trusted.") ||
		strings.HasPrefix(name, "system.posix_acl_") || name == "security.capability"
}

// DiskFull reports whether err means that nothing more fits on the file system, or may be written to it.
func DiskFull(err error) bool {
	return slices.ContainsFunc([]error{unix.ENOSPC, unix.EDQUOT, unix.EROFS}, func(e error) bool { return errors.Is(err, e) })
}

// DiskFailed reports whether err means that the file system or this process can write nothing more: it
// is full, read-only, broken or gone, or there are no more handles. Other errors are one path's. A full
// extended attribute block is one path's too, although ext4 says ENOSPC for it.
func DiskFailed(err error) bool {
	var p *fs.PathError
	if errors.As(err, &p) && strings.HasPrefix(p.Op, "setxattr") {
		return false
	}
	return slices.ContainsFunc([]error{
		unix.ENOSPC, unix.EDQUOT, unix.EIO, unix.EROFS, unix.ENODEV, unix.ENXIO, unix.ENOMEDIUM, unix.ESTALE,
		unix.ENOTCONN, unix.ETIMEDOUT, unix.ESHUTDOWN, unix.EUCLEAN, unix.EMFILE, unix.ENFILE, unix.ENOMEM,
	}, func(e error) bool { return errors.Is(err, e) })
}
