package cli

import (
	"errors"
	"fmt"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/locate"
	"snap/cli/settings"
	"snap/cli/wire"
	"snap/destination"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
)

func statusCommand() *command {
	return &command{
		Name: "status", Short: "whether all is well: last backup, check, space, rules", Group: groupLook, Effect: true,
		Codes: []int{exit.Partial, exit.NoDest, exit.Locked},
		Long: `
Tells in one look whether all is well: when the last backup was, and whether that
is unusually long ago here; what it could not read; when the last check was, of
what, and what it found; how much is free, and when that is used up; the rules in
force, and what they would do after a backup now; what runs have left unfinished.
Nothing is done, and no folder is walked. snap alone does the same where a
destination is known.

The first word is the verdict. well: exit code 0. attention, 3: the last backup is
late or failed, files could not be read, the disk is soon full, rules are stopped,
a clock is wrong, a run was interrupted, …; each is named. damage, 1: a check found
some, and no check since has looked there again and found it well.

A backup is late when it is older than three times the usual interval and than one
and a half times the second longest of the last eight, and than an hour; with
--max-age, when it is older than that. When the space is used up is told from the
mean growth of the last 60 days, leaving out what happened once; it takes backups on
five days.

With -q it prints nothing when all is well, else the verdict.`,
		Examples: `
snap status
snap status -q --max-age 2d  # for cron, which mails what is printed
snap status -q --prometheus /srv/metrics.prom
snap status --json | jq -r '.concerns[].text'`,
		Flags: flags{
			{
				Name:  "max-age",
				Kind:  cmdline.String,
				Usage: "a last backup older than `AGE` wants attention, whatever is usual: 26h, 2d",
			},
			{
				Name:  "prometheus",
				Kind:  cmdline.String,
				Usage: "write metrics to `FILE` for the textfile collector of node_exporter; - is standard output",
			},
		},
		Run: runStatus,
	}
}

func runStatus(c *call) error {
	if c.plain {
		if nowhere, err := c.nowhere(); nowhere || err != nil {
			return err
		}
	}
	var maxAge when.Age
	if text := c.flags.String("max-age"); c.flags.IsSet("max-age") {
		var err error
		if maxAge, err = when.ParseAge(text); err != nil {
			return hint.Usagef("--max-age: %s", err)
		}
		if maxAge == (when.Age{}) {
			return hint.Usagef("--max-age %s: every backup is older than that", quote.Name(text))
		}
	}
	metrics := c.flags.String("prometheus")
	switch {
	case !c.flags.IsSet("prometheus"):
	case metrics == "-" && c.opts.json:
		return hint.Usagef("--prometheus - and --json exclude each other: both are for standard output")
	case metrics != "-":
		if err := destination.CheckWrite(c.ctx, c.abs(metrics)); err != nil {
			return exit.Hint(fmt.Errorf("--prometheus: %w", err), metrics)
		}
	}
	return c.reading(func(d *query.Reader) error {
		o, rules := settings.Judged(d, c.settingsContext(), c.now())
		o.MaxAge = maxAge
		if id, err := d.DB.ID(c.ctx); err == nil {
			o.Unnoted = c.user().Unnoted(id)
		}
		s, err := d.Status(c.ctx, o)
		if err != nil {
			return err
		}
		if err := c.printStatus(s, rules, metrics); err != nil {
			return err
		}
		switch s.Verdict() {
		case query.Damage:
			return exit.With(exit.Failed, nil)
		case query.Attention:
			return exit.With(exit.Partial, nil)
		}
		return nil
	})
}

// printStatus prints s as the flags ask for it.
func (c *call) printStatus(s *query.Status, rules []string, metrics string) error {
	if metrics == "-" {
		_, err := c.out.Write(wire.Metrics(s))
		return err
	}
	if metrics != "" {
		if err := wire.WriteMetrics(c.abs(metrics), s); err != nil {
			return err
		}
	}
	p := c.print()
	switch {
	case c.opts.json:
		return c.json(wire.NewStatus(s, rules, func(k query.Concern) string { return p.Concern(s, k) }))
	case c.opts.quiet && s.Verdict() == query.Well:
		return nil
	}
	if err := p.Verdict(s); err != nil || c.opts.quiet {
		return err
	}
	return p.Status(s, rules)
}

// nowhere says what to begin with, if snap was typed without a command and no destination is known. One that is known
// and cannot be told of is an error, as it is of snap status.
func (c *call) nowhere() (bool, error) {
	_, err := c.find()
	if c.opts.json || !errors.Is(err, locate.ErrNoneKnown) {
		return false, err
	}
	why := append([]string{"no destination is known"}, hint.Lines(err, c.env.program.Typed)...)
	return true, c.print().Beginning(why)
}
