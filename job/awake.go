package job

import (
	"bytes"
	"os/exec"
	"strings"

	"snap/internal/quote"
)

// keepAwake keeps the computer from going to sleep until the returned function is called, or this process ends in any
// way: the program that holds it awake reads from a pipe, and ends with it. Where that cannot be, it is noted and
// nothing else.
func keepAwake(dest string, note func(format string, args ...any)) (release func()) {
	p := exec.Command("systemd-inhibit", "--what=sleep", "--mode=block", "--who=snap",
		"--why=a backup to "+quote.Name(dest), "cat")
	var said bytes.Buffer
	p.Stderr = &said
	pipe, err := p.StdinPipe()
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		note("the computer is not kept awake: %v", err)
		return func() {}
	}
	return func() {
		pipe.Close()
		if err := p.Wait(); err != nil {
			line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
			note("the computer was not kept awake: %v: %s", err, line)
		}
	}
}
