package file

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// setMeta sets everything in m on an open file or folder. Owner first, because chown clears setuid and
// capabilities; xattrs before the mode, because an ordinary user may not set them on a read-only file;
// times last, because all else changes them.
func setMeta(fd int, path string, m *Meta) (Lost, error) {
	var lost Lost
	mode := m.Mode
	if err := unix.Fchown(fd, int(m.UID), int(m.GID)); err != nil {
		if !forbidden(err) {
			return lost, pathError("chown", path, err)
		}
		// An ordinary user may at least give a file to a group of his own.
		if unix.Fchown(fd, -1, int(m.GID)) != nil || int(m.UID) != unix.Geteuid() {
			lost |= LostOwner
			mode &^= 0o6000 // another's setuid bit would make it this user's
		}
	}
	for _, x := range m.Xattrs {
		if err := unix.Fsetxattr(fd, x.Name, x.Value, 0); err != nil {
			if !forbidden(err) {
				return lost, pathError("setxattr "+x.Name, path, err)
			}
			lost |= LostXattrs
		}
	}
	if err := unix.Fchmod(fd, uint32(mode)); err != nil {
		if !forbidden(err) {
			return lost, pathError("chmod", path, err)
		}
		lost |= LostMode
	}
	ts := timespecs(m.Mtime)
	if _, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&ts[0])), 0, 0, 0); errno != 0 {
		if !forbidden(errno) {
			return lost, pathError("utimes", path, errno)
		}
		lost |= LostTimes
	}
	return lost, nil
}

// SetMetaOf is SetMeta for an entry that cannot be opened: a symbolic link or a special file.
func (d *Dir) SetMetaOf(name string, m *Meta) (Lost, error) {
	var lost Lost
	path := join(d.path, name)
	mode := m.Mode
	if err := unix.Fchownat(d.fd, name, int(m.UID), int(m.GID), unix.AT_SYMLINK_NOFOLLOW); err != nil {
		if !forbidden(err) {
			return lost, pathError("chown", path, err)
		}
		if unix.Fchownat(d.fd, name, -1, int(m.GID), unix.AT_SYMLINK_NOFOLLOW) != nil || int(m.UID) != unix.Geteuid() {
			lost |= LostOwner
			mode &^= 0o6000
		}
	}
	for _, x := range m.Xattrs {
		if err := unix.Lsetxattr(d.procPath(name), x.Name, x.Value, 0); err != nil {
			if !forbidden(err) {
				return lost, pathError("setxattr "+x.Name, path, err)
			}
			lost |= LostXattrs
		}
	}
	if m.Kind != Symlink {
		// fchmodat follows links: the caller made this entry, in a folder of its own.
		if err := unix.Fchmodat(d.fd, name, uint32(mode), 0); err != nil {
			if !forbidden(err) {
				return lost, pathError("chmod", path, err)
			}
			lost |= LostMode
		}
	}
	ts := timespecs(m.Mtime)
	if err := unix.UtimesNanoAt(d.fd, name, ts[:], unix.AT_SYMLINK_NOFOLLOW); err != nil {
		if !forbidden(err) {
			return lost, pathError("utimes", path, err)
		}
		lost |= LostTimes
	}
	return lost, nil
}

// timespecs sets the modification time and leaves the access time alone.
func timespecs(t Time) [2]unix.Timespec {
	ts := unix.NsecToTimespec(0)
	ts.Nsec = unix.UTIME_OMIT
	return [2]unix.Timespec{ts, timespec(t)}
}

// forbidden reports whether the file system or the user's rights, not a fault, stands against setting
// something: the index keeps what the tree cannot.
func forbidden(err error) bool {
	switch err {
	case unix.EPERM, unix.EACCES, unix.EOPNOTSUPP, unix.ENOSYS, unix.EINVAL, unix.ERANGE, unix.E2BIG:
		return true
	}
	return false
}

func (d *Dir) procPath(name string) string { return fmt.Sprintf("/proc/self/fd/%d/%s", d.fd, name) }

// XattrsOf are the extended attributes of an entry that cannot be opened: a symbolic link, a special
// file, or a file that may not be read.
func (d *Dir) XattrsOf(name string) ([]Xattr, error) {
	p := d.procPath(name)
	return xattrs(join(d.path, name),
		func(b []byte) (int, error) { return unix.Llistxattr(p, b) },
		func(n string, b []byte) (int, error) { return unix.Lgetxattr(p, n, b) })
}

func fdXattrs(fd int, path string) ([]Xattr, error) {
	return xattrs(path,
		func(b []byte) (int, error) { return unix.Flistxattr(fd, b) },
		func(n string, b []byte) (int, error) { return unix.Fgetxattr(fd, n, b) })
}

// xattrs reads the names and values, sorted by name; a file system without any has none.
func xattrs(path string, list func([]byte) (int, error), get func(string, []byte) (int, error)) ([]Xattr, error) {
	var first [512]byte
	names, err := grow(first[:], list)
	if err != nil {
		if errors.Is(err, unix.EOPNOTSUPP) || err == unix.ENOSYS || err == unix.EPERM {
			return nil, nil
		}
		return nil, pathError("listxattr", path, err)
	}
	if len(names) == 0 {
		return nil, nil
	}
	var all []Xattr
	for n := range bytes.SplitSeq(bytes.TrimSuffix(names, []byte{0}), []byte{0}) {
		name := string(n)
		if strings.HasPrefix(name, "trusted.SGI_ACL_") { // XFS shows ACLs a second time to root
			continue
		}
		var small [256]byte
		v, err := grow(small[:], func(b []byte) (int, error) { return get(name, b) })
		if err == unix.ENODATA || err == unix.EOPNOTSUPP { // removed meanwhile, or listed but not readable
			continue
		}
		if err != nil {
			return nil, pathError("getxattr "+name, path, err)
		}
		all = append(all, Xattr{name, bytes.Clone(v)})
	}
	slices.SortFunc(all, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// grow calls f with ever larger buffers until the answer fits.
func grow(buf []byte, f func([]byte) (int, error)) ([]byte, error) {
	for {
		n, err := f(buf)
		if err == nil {
			return buf[:n], nil
		}
		if err != unix.ERANGE || len(buf) >= 1<<20 {
			return nil, err
		}
		buf = make([]byte, len(buf)*8)
	}
}
