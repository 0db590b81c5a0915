package cli

import (
	"fmt"

	"snap/backup"
	"snap/cli/cmdline"
	"snap/cli/settings"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/pace"
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
	if o.Pace = nil; rate > 0 {
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
