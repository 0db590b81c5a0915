package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests of linux/btrfs.h. The last three came with Linux 4.18, 5.7 and 6.13.
const (
	btrfsSync        = 0x9408
	btrfsDestroy     = 0x5000940f
	btrfsSnapCreate2 = 0x50009417
	btrfsSubvCreate2 = 0x50009418
	btrfsGetFlags    = 0x80089419
	btrfsSetFlags    = 0x4008941a
	btrfsRootRefs    = 0xd000943d
	btrfsDestroy2    = 0x5000943f
	btrfsRemovedWait = 0x40109441
)

// Modes of btrfsRemovedWait.
const (
	removedOne  = 0 // wait for one
	removedLast = 4 // which is the last of those that wait
)

const (
	btrfsReadOnly = 1 << 1 // of a subvolume
	btrfsTopInode = 256    // of each subvolume
)

// volArgs2 is struct btrfs_ioctl_vol_args_v2.
type volArgs2 struct {
	fd    int64
	_     uint64 // transid
	flags uint64
	_     [4]uint64
	name  [4040]byte
}

// named are arguments for the subvolume name. The kernel itself refuses a name that is no single element.
func named(name string) (*volArgs2, error) {
	a := &volArgs2{}
	if len(name) >= len(a.name) {
		return nil, unix.ENAMETOOLONG
	}
	copy(a.name[:], name)
	return a, nil
}

// ask makes one request. One that is interrupted (these are only by a signal that kills) has done nothing.
// ErrUnsupported is what a kernel or a file system answers that does not know it.
func ask[T any](fd int, request uintptr, arg *T) error {
	err := again(func() error {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(arg)))
		runtime.KeepAlive(arg)
		if errno != 0 {
			return errno
		}
		return nil
	})
	switch err {
	case unix.ENOTTY, unix.EOPNOTSUPP, unix.ENOSYS:
		return errors.ErrUnsupported
	}
	return err
}

func (d *Dir) makeSubvolume(name string) error {
	a, err := named(name)
	if err != nil {
		return err
	}
	return ask(d.fd, btrfsSubvCreate2, a)
}

func (d *Dir) snapshotSubvolume(from *Dir, name string) error { return d.copySubvolume(from, name, 0) }

func (d *Dir) freezeSubvolume(from *Dir, name string) error {
	return d.copySubvolume(from, name, btrfsReadOnly)
}

func (d *Dir) copySubvolume(from *Dir, name string, flags uint64) error {
	a, err := named(name)
	if err != nil {
		return err
	}
	a.fd, a.flags = int64(from.fd), flags
	return ask(d.fd, btrfsSnapCreate2, a)
}

// rootRefs is struct btrfs_ioctl_get_subvol_rootref_args.
type rootRefs struct {
	_    uint64 // where to go on
	_    [255][2]uint64
	some uint8
	_    [7]uint8
}

func (d *Dir) hasSubvolumes() (bool, error) {
	refs := &rootRefs{}
	err := ask(d.fd, btrfsRootRefs, refs)
	if err == unix.EOVERFLOW { // there are more than that
		return true, nil
	}
	return refs.some > 0, err
}

func (d *Dir) hasMounts() bool {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", d.fd))
	if err != nil {
		return false
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	below := mountEscapes.Replace(strings.TrimSuffix(path, "/")) + "/"
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 4 && strings.HasPrefix(f[4], below) && f[4] != below {
			return true
		}
	}
	return err != nil
}

func (d *Dir) removeSubvolume(name string) error {
	a, err := named(name)
	if err != nil {
		return err
	}
	err = ask(d.fd, btrfsDestroy2, a)
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	// struct btrfs_ioctl_vol_args: an fd, then the name
	var old struct {
		fd   int64
		name [4088]byte
	}
	copy(old.name[:], name)
	return ask(d.fd, btrfsDestroy, &old)
}

func (d *Dir) isSubvolume() (bool, error) {
	var fs unix.Statfs_t
	var s unix.Stat_t
	err := again(func() error { return unix.Fstatfs(d.fd, &fs) })
	if err != nil || uint32(fs.Type) != unix.BTRFS_SUPER_MAGIC {
		return false, err
	}
	err = again(func() error { return unix.Fstat(d.fd, &s) })
	return s.Ino == btrfsTopInode, err
}

func (d *Dir) sealed() (bool, error) {
	var flags uint64
	err := ask(d.fd, btrfsGetFlags, &flags)
	return flags&btrfsReadOnly != 0, err
}

func (d *Dir) seal(readOnly bool) error {
	var flags uint64
	if err := ask(d.fd, btrfsGetFlags, &flags); err != nil {
		return err
	}
	if flags &^= btrfsReadOnly; readOnly {
		flags |= btrfsReadOnly
	}
	return ask(d.fd, btrfsSetFlags, &flags)
}

// removedWait is struct btrfs_ioctl_subvol_wait.
type removedWait struct {
	id    uint64
	mode  uint32
	count uint32
}

func (d *Dir) lastRemoved() (uint64, error) {
	last := removedWait{mode: removedLast}
	if err := ask(d.fd, btrfsRemovedWait, &last); err == unix.ENOENT || last.id == 0 && err == nil {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	// A commit by syncfs does not wake the cleaner, this request does.
	return last.id, ask(d.fd, btrfsSync, new(uint64))
}

// awaitRemoved is interrupted by the signals of Go's scheduler, and looks at the context then.
func (d *Dir) awaitRemoved(ctx context.Context, id uint64) error {
	wait := removedWait{id: id, mode: removedOne}
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(d.fd), btrfsRemovedWait, uintptr(unsafe.Pointer(&wait)))
		switch {
		case errno == unix.EINTR && ctx.Err() != nil:
			return ctx.Err()
		case errno == unix.EINTR:
		case errno == 0, errno == unix.ENOENT:
			return nil
		default:
			return errno
		}
	}
}
