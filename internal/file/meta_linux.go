package file

import "golang.org/x/sys/unix"

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
