package cli

import (
	"errors"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
	"snap/query/gone"
	"snap/restore/parts"
)

func undeleteCommand() *command {
	return &command{
		Name: "undelete", Args: "PATTERN…", Min: 1, Max: -1, Group: groupLook, Effect: true,
		Short: "bring back what was deleted, as it was at last",
		Long: `
Brings back what the source no longer holds, from the last snapshot that holds it,
to where it was, or with --target into DIR. It does not matter whether a backup was
made since. What exists is never overwritten, every byte is verified. Look first,
with -n.

A PATTERN is a path, a name or a glob, as in snap find; a name fits wherever it is.
A folder stands for all in it: one that is gone comes back as it was at last, with
its mode and times; what had gone from it before does not, but snap find --deleted
shows it. Of a folder that is there, all that is gone from it comes back; --since
tells how far back.

What was renamed is not gone: its new name is told, also where no backup knows of
that. Where the source is not there, or holds nothing, its disk may not be mounted,
and nothing is done (exit code 4).`,
		Examples: `
snap undelete report.txt
snap undelete -n 'docs/**/*.odt'        # what would come back?
snap undelete ~/docs/letters -t /tmp    # as /tmp/letters
snap undelete . --since 2d              # all that was there two days ago`,
		Codes: []int{exit.Partial, exit.Refused, exit.NoDest, exit.Locked},
		Flags: flags{
			{Name: "target", Kind: cmdline.String, Aliases: []string{"t"},
				Usage: "restore into the folder `DIR`, or one file as DIR"},
			{Name: "relative", Aliases: []string{"R"}, Usage: "keep the whole path below DIR, as rsync -R does"},
			{Name: "since", Kind: cmdline.String, Usage: "only what was still there at `WHEN`: a date or an age"},
			dryFlag("say what would come back, from where and to where, and write nothing"),
			{Name: "ignore-case", Aliases: []string{"i"}, Usage: "large and small letters are the same"},
			{Name: "regex", Usage: "the patterns are regular expressions"},
			{Name: "allow-empty-source", Usage: "go on where the source is not there, or holds nothing"},
			{Name: "numeric-ids", Usage: "keep owners as numbers, whatever their names are here"},
			{Name: "no-xattrs", Usage: "restore no extended attributes, and so no ACLs and no capabilities"},
			{Name: "jobs", Kind: cmdline.Int, Usage: "write `N` files at the same time (default: snap chooses)"},
		},
		Complete: completeGone,
		Run: func(c *call) error {
			c.which = true
			return c.reading(func(d *query.Reader) error {
				c.tellWhich(d, "")
				return c.undelete(d)
			})
		},
	}
}

func (c *call) undelete(d *query.Reader) error {
	o, err := c.writeOptions()
	if err != nil {
		return err
	}
	if c.flags.Bool("relative") && c.flags.String("target") == "" {
		return hint.Usagef("undelete: --relative is about --target, and --target is not given")
	}
	start := c.env.Now()
	f, err := c.goneFilter(d)
	if err == nil && !f.Regex {
		err = d.AsksAll(c.ctx, c.args, f.IgnoreCase, "snap undelete PATH", "snap restore --in-place REF:PATH")
	}
	if err != nil {
		return err
	}
	line := c.progress()
	f.Looking = func(n int64) { line.Show(progress.State{Stage: "looking for renamed files", Files: n}) }
	what, err := gone.Find(c.ctx, d, f)
	line.End()
	if err != nil {
		return err
	}
	to := parts.Target{Typed: c.flags.String("target"), Relative: c.flags.Bool("relative")}
	if to.Typed != "" {
		to.Dir = c.abs(to.Typed)
	}
	u, err := parts.PlanUndelete(what.Gone, d.Snapshots, to, o)
	if err != nil {
		return exit.UndeleteHint(err, to.Dir)
	}
	failed := c.print().StaysAway(what, u)
	if len(u.Parts) == 0 {
		return errors.Join(c.movedAway(what), nothingBack(what, u, failed, d.Snapshots))
	}
	emptied := c.undeleteGuard(what)
	if emptied != nil && !o.DryRun {
		return emptied
	}
	r := c.restoring(o, start)
	r.Announce, r.Hint = func() error { return c.undeletion(d, what, u, o.DryRun) }, exit.UndeleteHint
	err = c.bringBack(d, u.Parts, r)
	if err == nil && emptied != nil {
		return emptied
	}
	if failed && err == nil {
		err = exit.With(exit.Partial, nil)
	}
	return err
}

// undeletion says what comes back, and from which snapshot.
func (c *call) undeletion(d *query.Reader, what *gone.Answer, u *parts.Undeletion, dryRun bool) error {
	if c.opts.json {
		if err := c.movedAway(what); err != nil {
			return err
		}
		for i := range u.Items {
			it := &u.Items[i]
			if err := c.json(wire.NewGone(it.Entry, &d.Snapshots[it.Pos], it.At())); err != nil {
				return err
			}
		}
		return nil
	}
	targeted := c.flags.String("target") != ""
	c.print().UndeletionNote(u, targeted)
	if c.opts.quiet && !dryRun {
		return nil
	}
	if err := c.print().Undeletion(u, targeted); err != nil {
		return err
	}
	return c.movedAway(what)
}

// movedAway says what is elsewhere in the source.
func (c *call) movedAway(what *gone.Answer) error {
	if !c.opts.json {
		c.print().MovedAway(what.Moved)
		return nil
	}
	for i := range what.Moved {
		if err := c.json(wire.NewMovedAway(&what.Moved[i])); err != nil {
			return err
		}
	}
	return nil
}

// undeleteGuard refuses to bring back into a source that is not there, or holds nothing: its disk may not be mounted.
func (c *call) undeleteGuard(what *gone.Answer) error {
	if len(what.Emptied) == 0 || c.flags.String("target") != "" || c.flags.Bool("allow-empty-source") {
		return nil
	}
	err := errors.New("undelete: nothing is left in " + quote.All(what.Emptied) + ": is a disk not mounted?")
	return exit.With(exit.Refused, hint.With(err, "nothing was written; if it was all deleted: --allow-empty-source; "+
		"elsewhere: --target DIR"))
}

// nothingBack is the error that nothing comes back; told: what stays away was named.
func nothingBack(what *gone.Answer, u *parts.Undeletion, told bool, snaps query.Snapshots) error {
	err := errors.New("undelete: nothing was brought back")
	switch {
	case len(u.Away) > 0:
		return exit.With(exit.Refused, err)
	case told: // it cannot be told what is gone
		return err
	}
	return what.Nothing(snaps)
}

// goneFilter is what is asked for.
func (c *call) goneFilter(d *query.Reader) (*gone.Filter, error) {
	f := &gone.Filter{Patterns: c.args, Regex: c.flags.Bool("regex"), IgnoreCase: c.flags.Bool("ignore-case")}
	var err error
	if f.Since, _, err = when.Between(c.flags.String("since"), "", c.now()); err != nil {
		return nil, hint.Usage(err)
	}
	if s, err := c.readSettings(d.Dir); err == nil { // wrong ones must not keep anything from coming back
		f.Scan.Follow = s.Scan().Follow
	}
	if own, err := d.Root.Stat(); err == nil {
		f.Scan.Never = append(f.Scan.Never, own)
	}
	return f, nil
}
