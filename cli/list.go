package cli

import (
	"github.com/dustin/go-humanize"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/wire"
	"snap/destination"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
	"snap/record"
)

func listCommand() *command {
	return &command{
		Name: "list", Aliases: []string{"snapshots"}, Short: "the snapshots", Group: groupLook,
		Codes: []int{exit.Partial, exit.NoDest, exit.Locked},
		Long: `
Lists the snapshots, oldest first: name, time, age, number of files, size of all
of them together, what changed against the snapshot before (+ added, M modified,
U metadata, R moved, - removed), bytes that its run copied, state and tags. Where
the terminal is narrow, the times are left out. Below stand how many they are, what
their runs copied together, and how much is free; what snap copy has brought elsewhere;
and when the last run was, if it found nothing changed.

With --changed only the snapshots that changed something at or below PATH are listed,
and how many entries; a move within it is one. PATH is written as in snap history.

What they take on the disk, also of what runs copied whose snapshots are deleted, and
what deleting one would free, takes longer to find out: snap stats.

A snapshot is complete; or incomplete, when some source files could not be read;
or missing, when its folder is gone from the destination. Where all are complete no
state is shown.`,
		Examples: `
snap list                     # the snapshots of the destination used last
snap list --last 10
snap list --since 30d --tag weekly
snap list --changed docs      # when did something in docs change?
snap list -d /mnt/usb --json  # one JSON document`,
		Flags: flags{
			{Name: "last", Kind: cmdline.Int, Usage: "only the newest `N`"},
			{Name: "since", Kind: cmdline.String, Complete: completeWhen,
				Usage: "only those made at `WHEN` or later: a date, an age, yesterday, last-week"},
			{Name: "until", Kind: cmdline.String, Complete: completeWhen, Usage: "only those made at `WHEN` or before"},
			{Name: "tag", Kind: cmdline.Strings, Usage: "only those tagged `TAG`; may be repeated: those with any of the tags"},
			{Name: "changed", Kind: cmdline.String, Usage: "only those that changed something at or below `PATH`"},
		},
		Run: runList,
	}
}

func runList(c *call) error {
	c.which = true
	choose, err := c.choice()
	if err != nil {
		return err
	}
	return c.reading(func(d *query.Reader) error {
		c.tellWhich(d, "")
		var there func(h *record.Header) int // how much a snapshot changed at or below a path
		if c.flags.IsSet("changed") && len(d.Snapshots) > 0 {
			path := c.flags.String("changed")
			if err := d.AsksAll(c.ctx, []string{path}, false, "snap list --changed PATH"); err != nil {
				return err
			}
			if _, choose.Only, err = d.TouchedIn(c.ctx, path); err != nil {
				return err
			}
			there = func(h *record.Header) int { return choose.Only[d.Snapshots.At(h)] }
		}
		chosen := choose.From(d.Snapshots)
		copies, err := destination.Holds(d.Root)
		if err != nil {
			return err
		}
		if c.opts.json {
			return c.json(wire.NewList(chosen, d.State, d.LastRun(), there, copies))
		}
		switch {
		case len(d.Snapshots) == 0:
			c.note("no snapshots in %s", quote.Name(d.Name))
			return nil
		case len(chosen) == 0:
			c.note("no such snapshot among %s", humanize.Comma(int64(len(d.Snapshots))))
			if len(choose.Tags) > 0 {
				c.note("%s", d.Resolver().TagHint())
			}
			return nil
		}
		if err := c.print().List(chosen, d.State, there); err != nil || c.opts.quiet || d.Treeless() {
			return err
		}
		info, err := d.Root.System()
		if err != nil {
			return err
		}
		return c.print().ListEnd(chosen, len(d.Snapshots), &info, d.LastRun(), copies)
	})
}

// choice is which snapshots the flags ask for.
func (c *call) choice() (q query.Choice, err error) {
	if q.Last = c.flags.Int("last"); c.flags.IsSet("last") && q.Last < 1 {
		return q, hint.Usagef("--last %d: must be a number from 1 on", q.Last)
	}
	q.Tags = c.flags.Strings("tag")
	q.Since, q.Until, err = when.Between(c.flags.String("since"), c.flags.String("until"), c.now())
	return q, hint.Usage(err)
}
