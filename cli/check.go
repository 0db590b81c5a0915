package cli

import (
	"errors"
	"math/rand/v2"
	"time"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/wire"
	"snap/destination/check"
	"snap/internal/hint"
	"snap/job"
)

func checkCommand() *command {
	return &command{
		Name: "check", Group: groupKeep, Effect: true,
		Codes: []int{exit.Refused, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		Short: "test that all snapshots are intact; --repair mends",
		Long: `
Makes sure that the index agrees with itself and with the change sets, and that
every snapshot's folder holds what the index says: names, types, sizes, times,
modes, owners, extended attributes with ACLs, link targets. With --read-data each file is also read, once however
many snapshots share it, and compared with its hash. What is damaged is named with
all snapshots that share it. No lock is taken, and nothing is written but a note of
the result for snap status, where the destination is yours and can be written to.

--repair mends what it can: from another snapshot or path with the same content,
from the live source, with --from from a remote, or from the damaged file itself where
only its metadata was altered. A damaged file is replaced by a new one, never written to. What does not
belong there is named and left to you.

The exit code is 0 when all is well or all was mended, 1 when damage is left, 3 when
none is and a snapshot is missing. A folder that was removed by hand is no damage:
snap delete --missing forgets it.`,
		Examples: `
snap check                          # names, sizes, times
snap check --read-data              # every byte
snap check --read-data-subset 1/12  # all of them in a year of months
snap check --read-data --repair     # and mend what can be mended`,
		Flags: flags{
			{Name: "read-data", Usage: "read every file once and compare it with its hash"},
			{Name: "read-data-subset", Kind: cmdline.String,
				Usage: "read a `PART`: 10% of the files at random, 3/7 (the third of seven parts), or about 50G at random"},
			{Name: "repair", Usage: "mend what can be mended"},
			{Name: "from", Kind: cmdline.String, Complete: completeRemote,
				Usage: "--repair: take bytes that are whole nowhere here from the remote `NAME`"},
			{Name: "jobs", Kind: cmdline.Int, Usage: "read `N` files at the same time (default: snap chooses)"},
		},
		Run: runCheck,
	}
}

func runCheck(c *call) error {
	c.which = true
	if far, err := c.far(); far != nil || err != nil {
		if err != nil {
			return err
		}
		return c.checkFar(far)
	}
	o, err := c.checkOptions()
	if err != nil {
		return err
	}
	find := c.find
	if o.Repair {
		find = c.findOwn
	}
	dest, err := find()
	if err != nil {
		return err
	}
	if name := c.flags.String("from"); name != "" {
		end, err := c.place(dest).RepairFrom(c.ctx, name, c.remoteFront(), &o)
		if err != nil {
			return err
		}
		defer end()
	}
	c.tellWhichOf(dest)
	start, line := c.env.Now(), c.progress()
	defer line.End()
	o.Time, o.Progress = start, line.Show
	res, err := check.Run(c.ctx, dest, o)
	line.End()
	if perr := c.tellFindings(res, dest); perr != nil { // also what was found before an error
		return errors.Join(exit.Hint(err, dest), perr)
	}
	if err != nil {
		return exit.Hint(err, dest)
	}
	if err := c.tellChecked(res, &o, dest, c.env.Now().Sub(start)); err != nil {
		return err
	}
	if res.Unnoted != nil && c.opts.verbose > 0 {
		c.note("the result could not be left for snap status: %v", res.Unnoted)
	}
	switch {
	case res.Errors > 0:
		return exit.With(exit.Failed, nil)
	case len(res.Missing) > 0:
		return exit.With(exit.Partial, nil)
	}
	return nil
}

// tellFindings prints what was found, also with -q.
func (c *call) tellFindings(res *check.Result, dest string) (err error) {
	if !c.opts.json {
		err = c.print().Findings(res)
	}
	for i := range res.Findings {
		if c.opts.json && err == nil {
			err = c.json(wire.NewCheckError(&res.Findings[i]))
		}
	}
	if err == nil {
		c.print().CheckNotes(res, dest)
	}
	return err
}

// tellChecked prints how the check ended.
func (c *call) tellChecked(res *check.Result, o *check.Options, dest string, took time.Duration) error {
	if c.opts.json {
		return c.json(wire.NewCheckSummary(res, took))
	}
	if !c.opts.quiet {
		if err := c.print().Checked(res, o, took); err != nil {
			return err
		}
	}
	c.print().CheckHints(res, o, dest)
	return nil
}

func (c *call) checkOptions() (check.Options, error) {
	o := check.Options{Repair: c.flags.Bool("repair"), LockWait: c.opts.lockWait, Holder: c.holder("check")}
	if c.flags.IsSet("jobs") {
		if o.Jobs = c.flags.Int("jobs"); o.Jobs < 1 || o.Jobs > 1024 {
			return o, hint.Usagef("--jobs %d: must be a number from 1 to 1024", o.Jobs)
		}
	}
	if c.flags.String("from") != "" && !o.Repair {
		return o, hint.Usagef("--from says what --repair takes bytes from: it goes with that alone")
	}
	o.Read.All = c.flags.Bool("read-data")
	if !c.flags.IsSet("read-data-subset") {
		return o, nil
	}
	if o.Read.All {
		return o, hint.Usagef("--read-data reads all, --read-data-subset a part: they exclude each other")
	}
	var err error
	if o.Read, err = job.ParseSubset(c.flags.String("read-data-subset")); err != nil {
		return o, hint.Usagef("--read-data-subset: %s", err)
	}
	o.Read.Seed = rand.Uint64()
	return o, nil
}
