package harness

import (
	"os"
	"syscall"
)

// memory is a new folder in memory, "" where there is none that is as good as a disk for the tests: with room,
// extended attributes, and programs that may be run.
func memory() string {
	var fs syscall.Statfs_t
	const noExec = 8
	if syscall.Statfs("/dev/shm", &fs) != nil || int64(fs.Bavail)*int64(fs.Bsize) < 2<<30 || fs.Flags&noExec != 0 {
		return ""
	}
	dir, err := os.MkdirTemp("/dev/shm", "snap-tests-")
	if err != nil {
		return ""
	}
	if syscall.Setxattr(dir, "user.snap", []byte("x"), 0) != nil || syscall.Removexattr(dir, "user.snap") != nil ||
		os.Chmod(dir, 0o755) != nil {
		os.RemoveAll(dir)
		return ""
	}
	return dir
}
