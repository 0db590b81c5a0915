//go:build linux && (386 || arm || mips || mipsle)

package file

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// utimensat sets the modification time of name in the folder fd, or of fd itself when name is nil. Kernels
// before 5.1 know times up to 2038 only.
func utimensat(fd int, name *byte, mtime Time, flags int) error {
	ts64 := [2]struct{ sec, nsec int64 }{{nsec: unix.UTIME_OMIT}, {mtime.Sec, int64(mtime.Nsec)}}
	return again(func() error {
		_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT_TIME64, uintptr(fd), uintptr(unsafe.Pointer(name)),
			uintptr(unsafe.Pointer(&ts64)), uintptr(flags), 0, 0)
		if errno == unix.ENOSYS && mtime.Sec == int64(int32(mtime.Sec)) {
			ts := [2]unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Sec: int32(mtime.Sec), Nsec: mtime.Nsec}}
			_, _, errno = unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), uintptr(unsafe.Pointer(name)),
				uintptr(unsafe.Pointer(&ts)), uintptr(flags), 0, 0)
		}
		if errno != 0 {
			return errno
		}
		return nil
	})
}
