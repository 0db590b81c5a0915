package file

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

func (f *File) xattrs() ([]Xattr, int, error) { return fdXattrs(f.fd, f.path) }

func (d *Dir) xattrs() ([]Xattr, int, error) { return fdXattrs(d.fd, d.path) }

func (d *Dir) xattrsOf(name string) ([]Xattr, int, error) {
	p := d.procPath(name)
	return readXattrs(join(d.path, name),
		func(b []byte) (int, error) {
			n, err := retry(func() (int, error) { return unix.Llistxattr(p, b) })
			return n, procError(err)
		},
		func(n string, b []byte) (int, error) {
			return retry(func() (int, error) { return unix.Lgetxattr(p, n, b) })
		})
}

// procError tells an entry that is not there from a /proc that is not, for calls with a path through it.
func procError(err error) error {
	if err == unix.ENOENT && unix.Access("/proc/self/fd", unix.F_OK) != nil {
		return errNoProc
	}
	return err
}

var errNoProc = errors.New("/proc is not mounted; to mend it: mount -t proc proc /proc")

// procPath reaches name through the handle, for calls that have no form with one.
func (d *Dir) procPath(name string) string { return fmt.Sprintf("/proc/self/fd/%d/%s", d.fd, name) }

func fdXattrs(fd int, path string) ([]Xattr, int, error) {
	return readXattrs(path,
		func(b []byte) (int, error) { return retry(func() (int, error) { return unix.Flistxattr(fd, b) }) },
		func(n string, b []byte) (int, error) {
			return retry(func() (int, error) { return unix.Fgetxattr(fd, n, b) })
		})
}

// readXattrs reads the names and values, sorted by name, up to maxXattrs bytes together, and says how many are left
// out, at least; a file system without any has none.
func readXattrs(path string, list func([]byte) (int, error),
	get func(string, []byte) (int, error)) (all []Xattr, left int, err error) {
	var first [512]byte
	text, err := grow(first[:], list)
	if err == unix.E2BIG { // the names alone are more than 64 KiB, which the system does not list
		text, err, left = []byte(knownXattrs), nil, 1
	}
	if err != nil {
		if errors.Is(err, unix.EOPNOTSUPP) || err == unix.ENOSYS || err == unix.EPERM {
			return nil, 0, nil
		}
		return nil, 0, pathError("listxattr", path, err)
	}
	if len(text) == 0 {
		return nil, 0, nil
	}
	names := strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(xattrRank(a)-xattrRank(b), strings.Compare(a, b))
	})
	room := maxXattrs
	for i, name := range names {
		if strings.HasPrefix(name, "trusted.SGI_ACL_") { // XFS shows ACLs a second time to root
			continue
		}
		var small [256]byte
		v, err := grow(small[:], func(b []byte) (int, error) { return get(name, b) })
		if err == unix.ENODATA || err == unix.EOPNOTSUPP { // removed meanwhile, or listed but not readable
			continue
		}
		if err != nil {
			return nil, 0, pathError("getxattr "+name, path, err)
		}
		if room -= len(name) + len(v); room < 0 {
			left += len(names) - i
			break
		}
		all = append(all, Xattr{name, bytes.Clone(v)})
	}
	slices.SortFunc(all, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
	return all, left, nil
}

// knownXattrs are attributes that can be asked for without a list: ACLs and capabilities.
const knownXattrs = "security.capability\x00system.posix_acl_access\x00system.posix_acl_default\x00"

// xattrRank puts ACLs and capabilities first: where there is not room for all, they are kept.
func xattrRank(name string) int {
	if strings.HasPrefix(name, "system.") || strings.HasPrefix(name, "security.") {
		return 0
	}
	return 1
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

func (d *Dir) lacksXattr(name, attr string) bool {
	_, err := retry(func() (int, error) { return unix.Lgetxattr(d.procPath(name), attr, nil) })
	return err == unix.ENODATA
}
