//go:build unix

package file

import (
	"os/exec"
	"syscall"
)

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
