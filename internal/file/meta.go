package file

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// SetMeta sets owner, xattrs, mode and modification time, in the order that survives, and says what
// could not be set.
func (f *File) SetMeta(m *Meta) (Lost, error) { return setMeta(f.target(), f.path, m) }

// SetMeta sets the folder's own owner, xattrs, mode and modification time, and says what could not be
// set.
func (d *Dir) SetMeta(m *Meta) (Lost, error) { return setMeta(d.target(), d.path, m) }

// SetXattr sets an extended attribute of the folder itself.
func (d *Dir) SetXattr(x Xattr) error {
	return pathError("setxattr "+x.Name, d.path, d.target().setxattr(&x))
}

// Chown gives the folder itself away.
func (d *Dir) Chown(uid, gid int) error {
	return pathError("chown", d.path, d.target().chown(uid, gid))
}

// Chown gives it away.
func (h *Held) Chown(uid, gid int) error {
	return pathError("chown", h.path, h.target().chown(uid, gid))
}

// maxXattrs is how many bytes of extended attributes, names and values together, are read of one entry. No file in
// use comes near it: one value has 64 KiB at most, and ext4 keeps 4 KiB of all. But anybody can give a file some
// thousand of them, and a backup holds those of many files at a time.
const maxXattrs = 256 << 10

// Xattrs are the extended attributes of the open file, sorted by name; none where the file system has
// none. Of more than 256 KiB, names and values together, some are left out; ACLs and capabilities are the last to be.
func (f *File) Xattrs() ([]Xattr, error) {
	all, _, err := f.xattrs()
	return all, err
}

// Xattrs are the extended attributes of the folder itself.
func (d *Dir) Xattrs() ([]Xattr, error) {
	all, _, err := d.xattrs()
	return all, err
}

// XattrsOf are the extended attributes of an entry that cannot be opened: a symbolic link, a special
// file, or a file that may not be read.
func (d *Dir) XattrsOf(name string) ([]Xattr, error) {
	all, _, err := d.xattrsOf(name)
	return all, err
}

// XattrsLeft is Xattrs, and how many were left out.
func (f *File) XattrsLeft() (all []Xattr, left int, err error) { return f.xattrs() }

// XattrsLeft is Xattrs, and how many were left out.
func (d *Dir) XattrsLeft() (all []Xattr, left int, err error) { return d.xattrs() }

// XattrsLeftOf is XattrsOf, and how many were left out.
func (d *Dir) XattrsLeftOf(name string) (all []Xattr, left int, err error) { return d.xattrsOf(name) }

// LacksXattr reports whether the entry name has no such attribute although its file system keeps attributes of that
// kind.
func (d *Dir) LacksXattr(name, attr string) bool { return d.lacksXattr(name, attr) }

// OwnXattr reports whether an attribute belongs to the file rather than to the system it is on.
func OwnXattr(name string) bool {
	return strings.HasPrefix(name, "user.") || strings.HasPrefix(name, "trusted.") ||
		strings.HasPrefix(name, "system.posix_acl_") || name == "security.capability"
}

// target is what setMeta works on. Its errors are bare.
type target interface {
	chown(uid, gid int) error // a uid of -1 leaves the owner as he is
	setxattr(x *Xattr) error
	chmod(mode uint16) error
	utimes(mtime Time) error // leaves the access time alone
	stat(s *Stat) error
}

// setMeta sets everything in m. Owner first, because chown clears setuid and capabilities; xattrs before
// the mode, because an ordinary user may not set them on a read-only file; times last, because all else
// changes them.
func setMeta(t target, path string, m *Meta) (Lost, error) {
	var lost Lost
	mode := m.Mode
	// A look costs a fifth of a change, which ext4 notes in its journal even where it changes nothing.
	var now Stat
	seen := t.stat(&now) == nil
	owned := seen && now.UID == m.UID && now.GID == m.GID
	if !owned {
		if err := t.chown(int(m.UID), int(m.GID)); err != nil {
			if !forbidden(err) {
				return lost, pathError("chown", path, err)
			}
			// An ordinary user may at least give a file to a group of his own.
			if t.chown(-1, int(m.GID)) != nil || int(m.UID) != syscall.Geteuid() {
				lost |= LostOwner
				if mode&0o6000 != 0 {
					lost |= LostSetuid
				}
				mode &^= 0o6000 // another's setuid bit would make it this user's
			}
		}
	}
	for i := range m.Xattrs {
		if err := t.setxattr(&m.Xattrs[i]); err != nil {
			// ext4 has one block for them all, and says that as if the disk were full. Of few it is true.
			if !forbidden(err) && (!errors.Is(err, syscall.ENOSPC) || XattrsFit(m.Xattrs)) {
				return lost, pathError("setxattr "+m.Xattrs[i].Name, path, err)
			}
			lost |= LostXattrs
		}
	}
	right := owned && len(m.Xattrs) == 0 && now.Mode == mode // an ACL would have changed it since
	if m.Kind != Symlink && !right {
		if err := t.chmod(mode); err != nil {
			if !forbidden(err) {
				return lost, pathError("chmod", path, err)
			}
			lost |= LostMode
		}
	}
	if err := t.utimes(m.Mtime); err != nil {
		if !forbidden(err) {
			return lost, pathError("utimes", path, err)
		}
		lost |= LostTimes
	}
	if m.Mtime.Sec != int64(int32(m.Mtime.Sec)) {
		// Beyond 1901 to 2038 a file system may set the nearest time it has, without a word.
		var s Stat
		if err := t.stat(&s); err != nil {
			return lost, pathError("stat", path, err)
		}
		if s.Mtime != m.Mtime {
			lost |= LostTimes
		}
	}
	return lost, nil
}

// forbidden reports whether the file system or the user's rights, not a fault, stands against setting
// something: the index keeps what the tree cannot.
func forbidden(err error) bool {
	switch err {
	case syscall.EINVAL, syscall.ERANGE, syscall.E2BIG:
		return true
	}
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported)
}

// XattrBytes is what the names and values of attributes come to.
func XattrBytes(xattrs []Xattr) (n int) {
	for _, x := range xattrs {
		n += len(x.Name) + len(x.Value)
	}
	return n
}

// XattrsFit reports whether every file system has room for the attributes of one entry, unless it is full: ext4 has
// one block for them, which has 1 KiB at least.
func XattrsFit(xattrs []Xattr) bool { return XattrBytes(xattrs)+32*len(xattrs) <= 900 }
