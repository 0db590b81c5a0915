//go:build unix

package file

import "syscall"

// openLimit is how many files this process may have open at once.
func openLimit() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return manyOpen
	}
	return int(min(uint64(r.Cur), 1<<20))
}
