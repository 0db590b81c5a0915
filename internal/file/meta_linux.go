package file

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func (f *File) target() target { return handle(f.fd) }

func (d *Dir) target() target { return handle(d.fd) }

func (d *Dir) targetName(name string) target { return entry{d, name} }

// handle is an open file or folder.
type handle int

func (h handle) chown(uid, gid int) error { return unix.Fchown(int(h), uid, gid) }
func (h handle) setxattr(x *Xattr) error  { return unix.Fsetxattr(int(h), x.Name, x.Value, 0) }
func (h handle) chmod(mode uint16) error  { return unix.Fchmod(int(h), uint32(mode)) }
func (h handle) utimes(mtime Time) error  { return utimensat(int(h), nil, mtime, 0) }
func (h handle) stat(s *Stat) error       { return statx(int(h), "", unix.AT_EMPTY_PATH, s) }

// entry is an entry that is not opened.
type entry struct {
	dir  *Dir
	name string
}

func (e entry) chown(uid, gid int) error {
	return unix.Fchownat(e.dir.fd, e.name, uid, gid, unix.AT_SYMLINK_NOFOLLOW)
}

func (e entry) setxattr(x *Xattr) error {
	return procError(unix.Lsetxattr(e.dir.procPath(e.name), x.Name, x.Value, 0))
}

func (e entry) chmod(mode uint16) error { return chmodAt(e.dir.fd, e.name, mode) }

// chmodAt is fchmodat that does not follow a symbolic link, also where the kernel (before 6.6) cannot say
// so: the entry is held by a handle that says nothing but which one it is.
func chmodAt(dir int, name string, mode uint16) error {
	fd, err := openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return procError(unix.Fchmodat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), uint32(mode), 0))
}

func (e entry) utimes(mtime Time) error {
	var buf [256]byte
	p, err := cstring(&buf, e.name)
	if err != nil {
		return err
	}
	return utimensat(e.dir.fd, p, mtime, unix.AT_SYMLINK_NOFOLLOW)
}

func (e entry) stat(s *Stat) error { return e.dir.statName(e.name, false, s) }
