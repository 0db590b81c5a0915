package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/locate"
	"snap/cli/report"
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
	var o query.StatusOptions
	if text := c.flags.String("max-age"); c.flags.IsSet("max-age") {
		var err error
		if o.MaxAge, err = when.ParseAge(text); err != nil {
			return hint.Usagef("--max-age: %s", err)
		}
		if o.MaxAge == (when.Age{}) {
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
		rules := c.askSettings(d, &o)
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

// askSettings reads the settings of the destination for o, and returns the rules as they stand there. What is wrong
// with them is no error here: that is what is asked.
func (c *call) askSettings(d *query.Reader, o *query.StatusOptions) (rules []string) {
	fc := c.settingsContext()
	s, _, err := settings.Read(d.Dir, fc)
	if err != nil {
		o.Settings = append(o.Settings, err.Error())
		s = settings.Default()
	}
	if n := len(d.Snapshots); n > 0 {
		fc.Source = filepath.ToSlash(d.Snapshots[n-1].Source)
	}
	if _, err := settings.Lists(d.Dir, fc); err != nil {
		o.Settings = append(o.Settings, err.Error())
	}
	o.Rules, o.Ignore = s.Keep.Policy(c.now()), s.IgnoresErrors()
	if len(s.Unknown) > 0 && !o.Rules.Empty() {
		why, _ := report.UnknownStop(s.Unknown)
		o.Settings, o.Idle = append(o.Settings, why), true
	}
	return s.Keep.Lines()
}

// printStatus prints s as the flags ask for it.
func (c *call) printStatus(s *query.Status, rules []string, metrics string) error {
	if metrics == "-" {
		_, err := c.out.Write(wire.Metrics(s))
		return err
	}
	if metrics != "" {
		if err := writeMetrics(c.abs(metrics), wire.Metrics(s)); err != nil {
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

// writeMetrics puts a file in its place that others read meanwhile: it appears by a rename, with a name that the
// collector does not read before. Whoever may read the folder may read it, as the collector has to. A file that holds
// something else is not one of ours.
func writeMetrics(path string, text []byte) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return hint.With(hint.Usagef("--prometheus %s: not a file", quote.Name(path)), "for standard output: --prometheus -")
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(old) > 0 && !wire.IsMetrics(old) {
		return hint.With(hint.Usagef("--prometheus %s: the file holds something else", quote.Name(path)),
			"name a file of its own, as snap.prom, or remove it")
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing is there after the rename
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
