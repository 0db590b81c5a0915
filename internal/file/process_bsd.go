//go:build unix && !linux

package file

import (
	"fmt"
	"syscall"
)

// Nice makes this process give way to others: 0 is as all, 19 the most.
func Nice(n int) error {
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, n); err != nil {
		return fmt.Errorf("%w: %w", ErrNoPriority, err)
	}
	return nil
}

// NiceIO makes this process give way to others at the disks.
func NiceIO(IOClass, int) error { return ErrNoPriority }

// hasAccessList is for systems whose access lists this package reads.
func hasAccessList(string) bool { return false }
