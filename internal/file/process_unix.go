//go:build unix

package file

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// Foreground reports whether this process is among those that its terminal, which f is, belongs to now: what others
// write there is not expected, and may stop them. Where that is not known it is.
func Foreground(f *os.File) bool {
	group, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

// OwnGroup has a command run in a process group of its own: when its context ends, all of the group is asked to end,
// and the returned function kills what is left of it then.
func OwnGroup(c *exec.Cmd) (end func(), err error) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
	return func() {
		if c.Process != nil {
			_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		}
	}, nil
}
