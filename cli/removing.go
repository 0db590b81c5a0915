package cli

import (
	"errors"
	"time"

	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/wire"
	"snap/destination"
	"snap/destination/retention"
	"snap/internal/hint"
)

// removing opens dest, deletes the snapshots that the plan does not keep, or with -n none, and says so; of
// those that stay only if all is true.
func (c *call) removing(dest, what string, all bool,
	planned func(*destination.Destination) (*retention.Plan, report.Stops, error)) (err error) {
	start, dry := c.env.Now(), c.flags.Bool("dry-run")
	d, err := c.openToWrite(dest, destination.Options{Mode: destination.ReadOnlyIf(dry), LockWait: c.opts.lockWait,
		Holder: c.holder(what), Trust: c.trusted(dest)})
	if err != nil {
		return exit.Hint(err, dest)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	defer c.proved(dest, d.DB)
	plan, stopped, err := planned(d)
	if err != nil {
		return exit.Hint(err, dest)
	}
	if err := plan.Most(); err != nil && !dry {
		return exit.With(exit.Refused, hint.With(err, "to see which: add -n; to delete them all the same: add --allow-most"))
	}
	var stuck *destination.StuckError
	if !dry {
		line := c.progress()
		err := retention.Apply(c.ctx, d, plan, 0, line.Show)
		line.End()
		if err != nil && !errors.As(err, &stuck) {
			return exit.Hint(err, dest)
		}
	}
	err = c.tellRemoved(dest, plan, all, stopped.Why, c.env.Now().Sub(start))
	c.print().Stops(&stopped)
	c.print().Left(plan, dry)
	if most := plan.Most(); most != nil {
		c.warn("%v: it takes --allow-most to do it", most)
	}
	if stuck != nil {
		err = errors.Join(err, exit.Hint(stuck, dest))
	}
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
