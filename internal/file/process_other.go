//go:build !unix

package file

import (
	"errors"
	"os"
	"os/exec"
)

// Foreground reports whether this process is among those that its terminal belongs to: elsewhere all are.
func Foreground(*os.File) bool { return true }

// OwnGroup is for systems with process groups: elsewhere it returns errors.ErrUnsupported.
func OwnGroup(*exec.Cmd) (end func(), err error) { return nil, errors.ErrUnsupported }

// Nice makes this process give way to others: 0 is as all, 19 the most.
func Nice(int) error { return ErrNoPriority }

// NiceIO makes this process give way to others at the disks.
func NiceIO(IOClass, int) error { return ErrNoPriority }
