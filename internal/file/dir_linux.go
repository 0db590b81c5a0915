package file

import (
	"errors"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

type dirHandle = int

// How a folder is opened.
const (
	openFollow = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC | unix.O_NONBLOCK
	openList   = openFollow | unix.O_NOFOLLOW
	openEnter  = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC | unix.O_NOFOLLOW
)

func openRoot(path string) (int, error) {
	return retry(func() (int, error) { return unix.Open(path, openFollow, 0) })
}

func (d *Dir) open(name string, how int) (int, error) { return openat(d.fd, name, how, 0) }

func (d *Dir) reopen() (int, error) { return openat(d.fd, ".", openFollow, 0) }

func (d *Dir) close() error { return unix.Close(d.fd) }

func (d *Dir) readlink(name string) (string, error) {
	for size := 256; ; size *= 4 {
		buf := make([]byte, size)
		n, err := retry(func() (int, error) { return unix.Readlinkat(d.fd, name, buf) })
		if err != nil {
			return "", err
		}
		if n < size {
			return string(buf[:n]), nil
		}
	}
}

func (d *Dir) mkdir(name string) error {
	return makes(func() error { return unix.Mkdirat(d.fd, name, 0o700) })
}

func (d *Dir) symlink(target, name string) error {
	return makes(func() error { return unix.Symlinkat(target, d.fd, name) })
}

func (d *Dir) mknod(name string, kind Kind, rdev uint64) error {
	mode := map[Kind]uint32{FIFO: unix.S_IFIFO, Socket: unix.S_IFSOCK, CharDevice: unix.S_IFCHR,
		BlockDevice: unix.S_IFBLK}[kind]
	if mode == 0 {
		return unix.EINVAL
	}
	return makes(func() error { return unix.Mknodat(d.fd, name, mode|0o600, int(rdev)) })
}

// link is linkat without x/sys's allocations: it runs once for each unchanged file.
func (d *Dir) link(from *Dir, old, name string) error {
	var a, b [256]byte
	p, err := cstring(&a, old)
	if err != nil {
		return err
	}
	q, err := cstring(&b, name)
	if err != nil {
		return err
	}
	return makes(func() error {
		_, _, errno := unix.Syscall6(unix.SYS_LINKAT, uintptr(from.fd), uintptr(unsafe.Pointer(p)), uintptr(d.fd),
			uintptr(unsafe.Pointer(q)), 0, 0)
		runtime.KeepAlive(p)
		runtime.KeepAlive(q)
		if errno != 0 {
			return errno
		}
		return nil
	})
}

func (d *Dir) unlink(name string) error {
	return removes(func() error { return unix.Unlinkat(d.fd, name, 0) })
}

func (d *Dir) rmdir(name string) error {
	return removes(func() error { return unix.Unlinkat(d.fd, name, unix.AT_REMOVEDIR) })
}

func (d *Dir) rename(name string, to *Dir, newName string) error {
	err := removes(func() error { return unix.Renameat2(d.fd, name, to.fd, newName, unix.RENAME_NOREPLACE) })
	if err == unix.EINVAL || err == unix.ENOSYS {
		return d.lookAndRename(name, to, newName)
	}
	return err
}

// lookAndRename is rename for a file system without RENAME_NOREPLACE.
func (d *Dir) lookAndRename(name string, to *Dir, newName string) error {
	var s Stat
	switch err := to.statName(newName, false, &s); err {
	case nil:
		return unix.EEXIST
	case unix.ENOENT:
		return d.replace(name, to, newName)
	default:
		return err
	}
}

func (d *Dir) replace(name string, to *Dir, newName string) error {
	return removes(func() error { return unix.Renameat(d.fd, name, to.fd, newName) })
}

func (d *Dir) sync() error {
	err := again(func() error { return unix.Fsync(d.fd) })
	if err == unix.EINVAL { // a file system that cannot sync a folder
		return nil
	}
	return err
}

// syncSystem repeats a call that was interrupted, and none that failed: an error of writing is told once.
func (d *Dir) syncSystem() error { return again(func() error { return unix.Syncfs(d.fd) }) }

const syncsSystem = true

// cstring puts s, closed by a NUL, into buf, so that a hot call does not allocate. There are longer names: NTFS has
// up to 765 bytes.
func cstring(buf *[256]byte, s string) (*byte, error) {
	if len(s) >= len(buf) {
		return unix.BytePtrFromString(s)
	}
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			return nil, unix.EINVAL
		}
		buf[i] = s[i]
	}
	buf[len(s)] = 0
	return &buf[0], nil
}

func openat(fd int, name string, flags int, perm uint32) (int, error) {
	return retry(func() (int, error) { return unix.Openat(fd, name, flags, perm) })
}

func (d *Dir) mkdirMode(name string, perm uint32) error {
	return makes(func() error { return unix.Mkdirat(d.fd, name, perm) })
}

func (d *Dir) exchange(name string, to *Dir, newName string) error {
	err := again(func() error { return unix.Renameat2(d.fd, name, to.fd, newName, unix.RENAME_EXCHANGE) })
	if err == unix.EINVAL || err == unix.ENOSYS {
		return errors.ErrUnsupported
	}
	return err
}
