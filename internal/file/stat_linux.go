package file

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

func (d *Dir) stat(s *Stat) error { return statx(d.fd, "", unix.AT_EMPTY_PATH, s) }

func (d *Dir) statName(name string, follow bool, s *Stat) error {
	flags := unix.AT_SYMLINK_NOFOLLOW | unix.AT_NO_AUTOMOUNT
	if follow {
		flags = unix.AT_NO_AUTOMOUNT
	}
	return statx(d.fd, name, flags, s)
}

// noStatx remembers that a sandbox forbids statx, as old seccomp filters do.
var noStatx atomic.Bool

const statMask = unix.STATX_BASIC_STATS | unix.STATX_BTIME | unix.STATX_MNT_ID

// statx fills s; its error is a bare errno.
func statx(fd int, name string, flags int, s *Stat) error {
	var buf [256]byte
	p, err := cstring(&buf, name)
	if err != nil {
		return err
	}
	if noStatx.Load() {
		return fstatat(fd, name, flags, s)
	}
	var x unix.Statx_t
	for { // not by again: this is called for every file
		_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(fd), uintptr(unsafe.Pointer(p)), uintptr(flags), statMask,
			uintptr(unsafe.Pointer(&x)), 0)
		runtime.KeepAlive(p)
		switch errno {
		case 0:
		case unix.EINTR:
			continue
		case unix.ENOSYS, unix.EPERM:
			err := fstatat(fd, name, flags, s)
			if err == nil { // not the file is forbidden, but the call
				noStatx.Store(true)
			}
			return err
		default:
			return errno
		}
		break
	}
	*s = Stat{
		Kind: kindOf(uint32(x.Mode)), Mode: x.Mode & 0o7777, UID: x.Uid, GID: x.Gid, Nlink: x.Nlink,
		Mtime: Time{x.Mtime.Sec, int32(x.Mtime.Nsec)}, Ctime: Time{x.Ctime.Sec, int32(x.Ctime.Nsec)},
		Dev: unix.Mkdev(x.Dev_major, x.Dev_minor), Ino: x.Ino, Mount: x.Mnt_id,
		Root: x.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, Allocated: int64(x.Blocks) * 512,
	}
	if x.Mask&unix.STATX_BTIME != 0 {
		s.Btime = Time{x.Btime.Sec, int32(x.Btime.Nsec)}
	}
	s.sized(int64(x.Size), unix.Mkdev(x.Rdev_major, x.Rdev_minor))
	return nil
}

func fstatat(fd int, name string, flags int, s *Stat) error {
	var x unix.Stat_t
	if err := again(func() error { return unix.Fstatat(fd, name, &x, flags) }); err != nil {
		return err
	}
	*s = Stat{
		Kind: kindOf(x.Mode), Mode: uint16(x.Mode & 0o7777), UID: x.Uid, GID: x.Gid, Nlink: uint32(x.Nlink),
		Mtime: Time{int64(x.Mtim.Sec), int32(x.Mtim.Nsec)}, Ctime: Time{int64(x.Ctim.Sec), int32(x.Ctim.Nsec)},
		Dev: uint64(x.Dev), Ino: x.Ino, Allocated: x.Blocks * 512,
	}
	s.sized(x.Size, uint64(x.Rdev))
	return nil
}

func kindOf(mode uint32) Kind {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return Regular
	case unix.S_IFDIR:
		return Folder
	case unix.S_IFLNK:
		return Symlink
	case unix.S_IFIFO:
		return FIFO
	case unix.S_IFSOCK:
		return Socket
	case unix.S_IFCHR:
		return CharDevice
	case unix.S_IFBLK:
		return BlockDevice
	}
	return None
}

// DeviceNumbers are the major and minor number of a device, as archives have them.
func DeviceNumbers(rdev uint64) (major, minor uint32) { return unix.Major(rdev), unix.Minor(rdev) }
