package file

import "golang.org/x/sys/unix"

func forgetMapped(addr, size uintptr) {
	unix.Syscall(unix.SYS_MADVISE, addr, size, unix.MADV_DONTNEED) // advice: nothing depends on it
}
