//go:build linux && !(386 || arm || mips || mipsle)

package file

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// utimensat sets the modification time of name in the folder fd, or of fd itself when name is nil.
func utimensat(fd int, name *byte, mtime Time, flags int) error {
	ts := [2]unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Sec: mtime.Sec, Nsec: int64(mtime.Nsec)}}
	return again(func() error {
		_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), uintptr(unsafe.Pointer(name)),
			uintptr(unsafe.Pointer(&ts)), uintptr(flags), 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	})
}
