package cli

import (
	"bytes"
	"os/exec"
	"strings"

	"snap/internal/quote"
)

// keepAwake keeps the computer from going to sleep until the returned function is called, or this process ends in any
// way: the program that holds it awake reads from a pipe, and ends with it. Where that cannot be, it is told and
// nothing else.
func (c *call) keepAwake(dest string) (release func()) {
	if !c.flags.Bool("keep-awake") || c.flags.Bool("dry-run") {
		return func() {}
	}
	p := exec.Command(
		"systemd-inhibit",
		"--what=sleep",
		"--mode=block",
		"--who=snap",
		"--why=a backup to "+quote.Name(dest),
		"cat",
	)
	var said bytes.Buffer
	p.Stderr = &said
	pipe, err := p.StdinPipe()
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		c.note("the computer is not kept awake: %v", err)
		return func() {}
	}
	return func() {
		pipe.Close()
		if err := p.Wait(); err != nil {
			line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
			c.note("the computer was not kept awake: %v: %s", err, line)
		}
	}
}
