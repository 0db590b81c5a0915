package file

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Nice makes this process give way to others: 0 is as all, 19 the most.
func Nice(n int) error {
	return eachThread(func(id int) error {
		return again(func() error { return unix.Setpriority(unix.PRIO_PROCESS, id, n) })
	})
}

// NiceIO makes this process give way to others at the disks, with its class and, in the class IOBestEffort, its level.
func NiceIO(class IOClass, level int) error {
	const whoProcess, classShift = 1, 13
	return eachThread(func(id int) error {
		priority := uintptr(class)<<classShift | uintptr(level)
		return again(func() error {
			_, _, errno := unix.Syscall(unix.SYS_IOPRIO_SET, whoProcess, uintptr(id), priority)
			if errno != 0 {
				return errno
			}
			return nil
		})
	})
}

// eachThread sets something of every thread of this process: to Linux a priority is that of a thread. A new one has
// that of the thread that made it, so it goes on until there is none that it has not seen.
func eachThread(set func(id int) error) error {
	seen := map[int]bool{}
	for more := true; more; {
		more = false
		entries, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNoPriority, err)
		}
		for _, e := range entries {
			id, err := strconv.Atoi(e.Name())
			if err != nil || seen[id] {
				continue
			}
			seen[id], more = true, true
			if err := set(id); err != nil && err != unix.ESRCH { // gone by now
				return fmt.Errorf("%w: %w", ErrNoPriority, err)
			}
		}
	}
	return nil
}

// hasAccessList reports whether a POSIX access list stands beside the mode of what is at path.
func hasAccessList(path string) bool {
	n, err := retry(func() (int, error) { return unix.Lgetxattr(path, "system.posix_acl_access", nil) })
	return err == nil && n > 0
}
