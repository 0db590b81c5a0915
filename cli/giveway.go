package cli

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"

	"snap/backup"
	"snap/cli/cmdline"
	"snap/cli/settings"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/pace"
	"snap/internal/quote"
)

// giveWayFlags say how much a backup gives way to other programs.
func giveWayFlags() flags {
	return flags{
		{
			Name:  "max-rate",
			Kind:  cmdline.String,
			Usage: "read at most `SIZE` a second from the source, as 20M; 0 is no limit",
		},
		{Name: "nice", Kind: cmdline.String, Usage: "give way to other programs at the processor: `N` is 0 to 19"},
		{Name: "ionice", Kind: cmdline.String,
			Usage: "give way to other programs at the disk: `CLASS` is idle, or best-effort:0 to best-effort:7"},
		{Name: "keep-awake", Usage: "keep the computer from going to sleep during the backup (systemd-inhibit)"},
	}
}

// giveWay has this process give way as flags and settings say, and what it starts too.
func (c *call) giveWay(o *backup.Options, s *settings.Settings) (err error) {
	rate, nice, ionice := s.MaxRate, s.Nice, s.IONice
	for name, set := range map[string]func(v string) error{
		"max-rate": func(v string) (err error) { rate, err = settings.ParseRate(v); return err },
		"nice":     func(v string) (err error) { nice, err = settings.ParseNice(v); return err },
		"ionice":   func(v string) (err error) { ionice, err = settings.ParseIONice(v); return err },
	} {
		if c.flags.IsSet(name) {
			if err := set(c.flags.String(name)); err != nil {
				return hint.Usagef("--%s: %w", name, err)
			}
		}
	}
	if rate > 0 {
		o.Pace = pace.New(rate)
	}
	if nice > 0 {
		c.mayFail("nice", file.Nice(nice))
	}
	if ionice.Class != 0 {
		c.mayFail("ionice", file.NiceIO(ionice.Class, ionice.Level))
	}
	return nil
}

// mayFail tells that a wish was not fulfilled.
func (c *call) mayFail(what string, err error) {
	if err != nil {
		c.warn("%s", fmt.Sprintf("%s: %v", what, err))
	}
}

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
