package cli

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/destination"
	"snap/index"
	"snap/internal/hint"
	"snap/query"
)

func purgeCommand() *command {
	return &command{
		Name: "purge", Args: "PATTERN…", Min: 1, Max: -1, Group: groupKeep, Effect: true,
		Short: "remove files from snapshots, as if they had never been there",
		Long: `
Remove files and folders, with all that is below them, from all snapshots: private
data, or something large that was backed up by mistake. They are gone from the
snapshots, the change sets and the index. Everything else stays as it is, other
names of the same file too. The snapshots stay: snap delete removes those.

A PATTERN is a path, a name or a glob, as in snap find, which shows what fits. Look
first, with -n. With --in only these snapshots are changed: A..B are all from A to B.
Not even pinned snapshots are spared. A pattern that fits nothing is an error, and a
purge that leaves nothing of a snapshot is refused.

What is still in the source comes back with the next backup unless Blacklist.txt
leaves it out: the line for it is printed. The disk may keep bytes of removed files
until it writes something else there. Copies of the destination are not changed.`,
		Examples: `
snap purge -n letters/secret.odt  # what would go?
snap purge '*.iso' --in 20261101..latest~1
snap purge ~/private`,
		Codes: []int{exit.Refused, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		Flags: flags{
			dryFlag("say what would be removed and freed, and remove nothing"),
			{Name: "in", Kind: cmdline.Strings, Complete: completeRef,
				Usage: "only from the snapshot `REF`, or from A..B; may be repeated"},
			{Name: "ignore-case", Aliases: []string{"i"}, Usage: "upper and lower case are the same"},
			{Name: "regex", Usage: "the patterns are regular expressions"},
		},
		Run: runPurge,
	}
}

func runPurge(c *call) (err error) {
	start, dry := c.env.Now(), c.flags.Bool("dry-run")
	dest, err := c.findOwn()
	if err != nil {
		return err
	}
	// First, because that finishes a purge that was interrupted.
	d, err := c.openToWrite(dest, destination.Options{Mode: destination.ReadOnlyIf(dry), LockWait: c.opts.lockWait,
		Holder: c.holder("purge"), Trust: c.trusted(dest)})
	if err != nil {
		return exit.Hint(err, dest)
	}
	defer func() { err = errors.Join(exit.Gone(d, err), d.Close()) }()
	defer func() { c.proved(dest, d.DB) }()
	var found []query.PurgePath
	var what *index.Purge
	if err := c.reading(func(d *query.Reader) (err error) {
		f := &query.Filter{Patterns: c.args, Regex: c.flags.Bool("regex"), IgnoreCase: c.flags.Bool("ignore-case")}
		found, what, err = d.SelectPurge(c.ctx, f, c.flags.Strings("in"))
		if errors.As(err, new(*query.AmbiguousError)) {
			err = exit.With(exit.Refused, err)
		}
		return err
	}); err != nil {
		return err
	}
	plan, err := d.PlanPurge(c.ctx, what)
	if err != nil {
		return exit.Hint(err, dest)
	}
	if !dry {
		line := c.progress()
		notes, err := d.Purge(c.ctx, what, line.Show)
		line.End()
		for _, note := range notes {
			c.note("%v", note)
		}
		if err != nil {
			return hint.With(exit.Hint(err, dest), "the next run of snap that writes there goes on with the purge")
		}
	}
	if err := c.tellPurged(found, plan, c.env.Now().Sub(start)); err != nil {
		return err
	}
	list := filepath.Join(dest, settings.BlacklistFile)
	text, _ := os.ReadFile(list)
	c.print().PurgedComeBack(found, list, len(text) > 0 && text[len(text)-1] != '\n')
	return nil
}

// tellPurged says what went, or with -n would go.
func (c *call) tellPurged(found []query.PurgePath, plan *index.Purging, took time.Duration) (err error) {
	dry := c.flags.Bool("dry-run")
	c.print().PurgedPinned(plan, dry)
	switch {
	case c.opts.json:
		for i := range found {
			if err := c.json(wire.NewPurged(&found[i])); err != nil {
				return err
			}
		}
		err = c.json(wire.NewPurgeSummary(len(found), plan, dry, took))
	case !c.opts.quiet || dry:
		err = c.print().Purged(found, plan, dry)
	}
	if n := plan.Shared; err == nil && n > 0 {
		c.note("%s other names, which stay: snap explain PATH lists the names of a file",
			text.Plural(n, "file that goes has", "files that go have"))
	}
	return err
}
