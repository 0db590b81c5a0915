package file

import (
	"fmt"

	"golang.org/x/sys/unix"
)

type heldHandle = int

func (d *Dir) hold(name string) (int, error) {
	return openat(d.fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}

func (h *Held) close() error { return unix.Close(h.fd) }

func (h *Held) target() target { return held(h.fd) }

func (h *Held) xattrs() ([]Xattr, int, error) {
	p := held(h.fd).path()
	return readXattrs(h.path,
		func(b []byte) (int, error) {
			n, err := retry(func() (int, error) { return unix.Listxattr(p, b) })
			return n, procError(err)
		},
		func(n string, b []byte) (int, error) {
			return retry(func() (int, error) { return unix.Getxattr(p, n, b) })
		})
}

// KeepXattrs removes the extended attributes that keep does not name.
func (h *Held) KeepXattrs(keep []Xattr) error {
	return keepXattrs(h.path, keep, h.Xattrs,
		func(attr string) error {
			return procError(again(func() error { return unix.Removexattr(held(h.fd).path(), attr) }))
		})
}

// held is a handle that says nothing but which entry it is. Calls that take no such handle reach it through its path in
// /proc, which leads to the entry itself, also to a symbolic link, and no further.
type held int

func (h held) path() string { return fmt.Sprintf("/proc/self/fd/%d", int(h)) }

func (h held) chown(uid, gid int) error {
	return again(func() error { return unix.Fchownat(int(h), "", uid, gid, unix.AT_EMPTY_PATH) })
}

func (h held) setxattr(x *Xattr) error {
	return procError(again(func() error { return unix.Setxattr(h.path(), x.Name, x.Value, 0) }))
}

func (h held) chmod(mode uint16) error {
	return procError(again(func() error { return unix.Fchmodat(unix.AT_FDCWD, h.path(), uint32(mode), 0) }))
}

func (h held) utimes(mtime Time) error {
	var empty [1]byte
	err := utimensat(int(h), &empty[0], mtime, unix.AT_EMPTY_PATH)
	if err != unix.EINVAL && err != unix.ENOENT {
		return err
	}
	var buf [256]byte // Linux before 5.8
	p, err := cstring(&buf, h.path())
	if err != nil {
		return err
	}
	return procError(utimensat(unix.AT_FDCWD, p, mtime, 0))
}

func (h held) stat(s *Stat) error { return statx(int(h), "", unix.AT_EMPTY_PATH, s) }
