package file

import (
	"os"

	"golang.org/x/sys/unix"
)

// aheadChunk is what one call asks for: the kernel cuts longer requests.
const aheadChunk = 1 << 20

func readAhead(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return
	}
	var system unix.Sysinfo_t
	if unix.Sysinfo(&system) != nil || uint64(info.Size()) > uint64(system.Totalram)*uint64(system.Unit)/2 {
		return
	}
	for off := int64(0); off < info.Size(); off += aheadChunk {
		if unix.Fadvise(int(f.Fd()), off, aheadChunk, unix.FADV_WILLNEED) != nil {
			return
		}
	}
}

func forgetMapped(addr, size uintptr) {
	unix.Syscall(unix.SYS_MADVISE, addr, size, unix.MADV_DONTNEED) // advice: nothing depends on it
}
