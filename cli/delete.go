package cli

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/wire"
	"snap/destination"
	"snap/destination/retention"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
	"snap/query"
	"snap/record"
	"snap/remote"
)

func deleteCommand() *command {
	return &command{
		Name: "delete", Args: "REF…|A..B…", Max: -1, Group: groupKeep, Effect: true,
		Short: "delete snapshots",
		Long: `Delete snapshots; A..B are all from A to B. What other snapshots share with them
stays, and so does every answer about the others. A pinned snapshot goes if its whole
name is given, not by latest, a date or the beginning of its name. The last ones go
only with --allow-all.

A snapshot whose folder was removed by hand stays in the index, and is told as
missing; with --missing all of these are forgotten. One whose folder was only renamed
is refused: snap check says what it is called now.`,
		Examples: `snap delete -n oldest  # what would it free?
snap delete 20261101-120000 latest~3
snap delete oldest..@1y
snap delete --missing  # what was removed by hand`,
		Codes: []int{exit.Refused, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		Flags: flags{
			dryFlag("say what would be freed and delete nothing"),
			{Name: "missing", Usage: "forget the snapshots whose folders are gone"},
			{Name: "allow-renamed", Usage: "forget a snapshot whose folder is there under another name"},
			{Name: "allow-all", Usage: "delete even if no snapshot is left"},
			{Name: "release", Kind: cmdline.Strings,
				Usage: "delete even what the remote `NAME` goes on from; its next copy sends a whole listing"},
		},
		Complete: completeRef,
		Run:      runDelete,
	}
}

func runDelete(c *call) error {
	missing := c.flags.Bool("missing")
	switch {
	case missing && len(c.args) > 0:
		return hint.Usagef("delete: --missing names the snapshots itself, and %s is given too", quote.Name(c.args[0]))
	case !missing && len(c.args) == 0:
		return hint.With(hint.Usagef("delete: an argument is missing"), "usage: snap delete REF…")
	}
	dest, err := c.findOwn()
	if err != nil {
		return err
	}
	names, err := c.toDelete()
	if err != nil {
		return err
	}
	released := c.flags.Strings("release")
	for i, name := range released {
		if remote.FormOf(name) != remote.None { // the place of one that has no name
			name = remote.HoldName(name)
			released[i] = name
		}
		if err := settings.CheckRemoteName(name); err != nil {
			return hint.Usage(err)
		}
	}
	err = c.removing(dest, job.Delete, false, func(d *destination.Destination) (*retention.Plan, report.Stops, error) {
		if missing {
			if names, err = d.Missing(c.ctx); err != nil {
				return nil, report.Stops{}, err
			}
		}
		plan, err := retention.PlanNamed(c.ctx, d, names, released...)
		return plan, report.Stops{}, exit.HeldHint(err)
	})
	if err != nil || c.flags.Bool("dry-run") {
		return err
	}
	for _, name := range released { // only now: what they held is gone
		if err := destination.Release(dest, name); err != nil {
			return err
		}
	}
	return nil
}

// toDelete are the names of the snapshots that the arguments name, each once.
func (c *call) toDelete() (names []string, err error) {
	if len(c.args) == 0 {
		return nil, nil
	}
	return names, c.reading(func(d *query.Reader) error {
		r := d.Resolver()
		r.Exact = true
		for _, ref := range c.args {
			all, err := r.ResolveRanges([]string{ref})
			if err != nil {
				return err
			}
			for _, pos := range all {
				if err := spared(&d.Snapshots[pos], ref); err != nil {
					return err
				}
				if name := d.Snapshots[pos].Name; !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
		return nil
	})
}

// spared refuses a pinned snapshot that is named by what may be another one tomorrow.
func spared(h *record.Header, ref string) error {
	if ref == h.Name || !retention.Pinned(h) {
		return nil
	}
	return exit.With(exit.Refused, hint.With(fmt.Errorf("%s: snapshot %s is pinned", quote.Name(ref), quote.Name(h.Name)),
		"to delete it all the same: snap delete %s", quote.Word(h.Name)))
}

// removing deletes the snapshots of dest that the plan does not keep, or with -n none, and says so; of those that stay
// only if all is true.
func (c *call) removing(dest string, what job.Kind, all bool,
	planned func(*destination.Destination) (*retention.Plan, report.Stops, error)) error {
	dry, stopped := c.flags.Bool("dry-run"), report.Stops{}
	last := func(plan *retention.Plan) bool {
		return what == job.Delete && plan.Last() && !c.flags.Bool("allow-all")
	}
	r := &job.Removal{Place: c.place(dest), Kind: what, DryRun: dry, LockWait: c.opts.lockWait, Warn: c.warn,
		Line: c.lineOf,
		Plan: func(d *destination.Destination) (plan *retention.Plan, err error) {
			plan, stopped, err = planned(d)
			return plan, err
		},
		Guard: func(plan *retention.Plan) error {
			if err := plan.Most(); err != nil {
				return exit.With(exit.Refused,
					hint.With(err, "to see which: add -n; to delete them all the same: add --allow-most"))
			}
			if len(plan.Renamed) > 0 && !c.flags.Bool("allow-renamed") {
				return exit.With(exit.Refused, report.Renamed(plan.Renamed, dest))
			}
			if last(plan) {
				return exit.With(exit.Refused, hint.With(errors.New("no snapshot would be left"),
					"nothing was deleted; to delete all that there is: add --allow-all"))
			}
			return nil
		}}
	res, err := r.Run(c.ctx)
	if res == nil {
		return err
	}
	plan := res.Plan
	err = errors.Join(c.tellRemoved(dest, plan, all, stopped.Why, res.Took), err)
	c.print().Stops(&stopped)
	c.print().Left(plan, dry)
	if most := plan.Most(); most != nil {
		c.warn("%v: it takes --allow-most to do it", most)
	}
	for i := range plan.Renamed {
		c.note("%s: it takes --allow-renamed to forget it", report.RenamedText(&plan.Renamed[i]))
	}
	if last(plan) {
		c.note("it takes --allow-all to do it")
	}
	err = errors.Join(err, res.Stuck)
	if err == nil && len(stopped.Why) > 0 {
		err = exit.With(exit.Partial, nil)
	}
	return err
}

// tellRemoved says what became of each snapshot, or with -n would.
func (c *call) tellRemoved(dest string, plan *retention.Plan, all bool, stopped []string, took time.Duration) error {
	dry := c.flags.Bool("dry-run")
	switch {
	case c.opts.quiet && !dry && !c.opts.json:
		return nil
	case !c.opts.json:
		return c.print().Removed(plan, all, dry, took)
	}
	for i := range plan.List {
		if e := &plan.List[i]; all || !e.Keep {
			if err := c.json(wire.NewRemoved(e)); err != nil {
				return err
			}
		}
	}
	return c.json(wire.NewRemovedSummary(dest, plan, dry, stopped, took))
}
