package cli

import (
	"cmp"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/destination"
	"snap/destination/retention"
	"snap/filter"
	"snap/internal/hint"
	"snap/internal/quote"
)

func pruneCommand() *command {
	return &command{
		Name: "prune", Aliases: []string{"forget"}, Group: groupKeep, Effect: true,
		Short: "delete the snapshots that no rule keeps",
		Long: `Delete the snapshots that none of the rules keeps. A rule such as --keep-daily 7
keeps the newest snapshot of each of the last seven days that have one, by the
clock and calendar here; weeks begin on Monday. A snapshot stays if any rule names
it. The newest always stays, so does the newest without errors, and so do those
tagged pin. Entries of snapshots whose folder is gone are dropped.

Without a rule on the command line those in DEST/BackupOptions.txt count, which a
backup also applies by itself: keep_daily = 7. --min-free comes last: then the
oldest go, also those that another rule keeps, until so much is free. If that
is not possible, none is deleted for it; the newest of each of the last seven days
never are.

A snapshot with a time in the future counts for no rule, and nothing is deleted while
there is one that is not pinned: a clock is wrong. One whose time is far after all
others counts for no rule either. If more than half of the snapshots would go,
and not only of a few days, prune wants --allow-most, and a backup deletes none.`,
		Examples: `snap prune -n --keep-daily 7 --keep-weekly 4 --keep-monthly 12
snap prune --keep-within 30d --keep-tag release
snap prune --min-free 10%`,
		Codes: []int{exit.Partial, exit.Refused, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		Flags: append(keepFlags(), dryFlag("say what would be kept and why, and delete nothing")),
		Run:   runPrune,
	}
}

func dryFlag(usage string) cmdline.Flag[*call] {
	return cmdline.Flag[*call]{Name: "dry-run", Aliases: []string{"n"}, Usage: usage}
}

func runPrune(c *call) error {
	dest, err := c.find()
	if err != nil {
		return err
	}
	rules, asked, err := c.pruneRules(dest)
	if err != nil {
		return err
	}
	r := rules.Policy(c.now())
	if r.Empty() {
		return hint.With(hint.Usagef("no rule says what to keep, and an empty rule would keep nothing"),
			"for example: snap prune -n --keep-daily 7 --keep-monthly 12")
	}
	r.Asked, r.AllowMost = true, c.flags.Bool("allow-most")
	return c.removing(dest, "prune", true, func(d *destination.Destination) (*retention.Plan, stops, error) {
		plan, err := retention.PlanFor(c.ctx, d, &r)
		if err != nil {
			return nil, stops{}, err
		}
		var all stops
		for i := range plan.Stops {
			s := &plan.Stops[i]
			if s.Reason == retention.UnknownTag && asked {
				return nil, stops{}, hint.With(hint.Usagef("--keep-tag %s: no snapshot has this tag", quote.Name(s.Names[0])), "%s",
					tagHint(s.Names[0], plan))
			}
			all.add(c.stopText(s, plan, &r, dest))
		}
		return plan, all, nil
	})
}

// pruneRules are the rules on the command line, or those of the settings if there are none; asked is true for the
// first.
func (c *call) pruneRules(dest string) (k settings.Rules, asked bool, err error) {
	k, asked, err = readKeepFlags(c.flags)
	if err != nil {
		return k, asked, err
	}
	var s settings.Settings
	if asked { // a mistake in rules that do not count is no reason to stop
		s, _, _ = settings.Read(dest, filter.Context{Home: filepath.ToSlash(c.home()), Env: c.env.LookupEnv})
		if own := s.Keep.Policy(c.now()); !own.Empty() {
			c.note("the rules in %s do not count beside those on the command line", settings.OptionsFile)
		}
	} else {
		if s, err = c.readSettings(dest); err != nil {
			return k, asked, err
		}
		if len(s.Unknown) > 0 {
			why, way := unknownStop(s.Unknown)
			return k, asked, exit.With(exit.Partial, hint.With(errors.New(why), "%s", way))
		}
		floor := k.FloorDaily
		k = s.Keep
		if c.flags.IsSet("min-free-keep-daily") {
			k.FloorDaily = floor
		}
	}
	return k, asked, nil
}

// removing opens dest, deletes the snapshots that the plan does not keep, or with -n none, and says so; of
// those that stay only if all is true.
func (c *call) removing(dest, what string, all bool,
	planned func(*destination.Destination) (*retention.Plan, stops, error)) (err error) {
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
	err = c.printRemoved(dest, plan, all, dry, stopped.why, c.env.Now().Sub(start))
	stopped.tell(c)
	c.tellLeft(plan, dry)
	if most := plan.Most(); most != nil {
		c.warn("%v: it takes --allow-most to do it", most)
	}
	if stuck != nil {
		err = errors.Join(err, exit.Hint(stuck, dest))
	}
	if err == nil && len(stopped.why) > 0 {
		err = exit.With(exit.Partial, nil)
	}
	return err
}

// printRemoved says what became of each snapshot.
func (c *call) printRemoved(dest string, plan *retention.Plan, all, dry bool, stopped []string,
	took time.Duration) error {
	sum := wire.RemovedSummary{Type: "summary", DryRun: dry, Seconds: took.Seconds(),
		Stopped: append([]string{}, stopped...), NeedsMost: plan.Most() != nil}
	sum.Destination, sum.DestinationB64 = wire.Name(dest)
	list := plan.List
	t := &text.Table{Columns: []text.Column{{Head: ""}, {Head: "Snapshot"}, {Head: "Age", Right: true},
		{Head: "Frees", Right: true}}}
	if all {
		t.Columns = append(t.Columns, text.Column{Head: "Why", Cut: true})
	}
	for i := range list {
		e := &list[i]
		j := wire.Removed{Type: "change", Name: e.Header.Name, Keep: e.Keep, Reasons: e.Reasons, Freed: e.Freed}
		verb, frees := "keep", ""
		if e.Keep {
			sum.Kept++
		} else {
			sum.Removed++
			sum.Freed += e.Freed
			verb, frees = "delete", c.Size(e.Freed)
		}
		if e.Keep && !all {
			continue
		}
		if c.opts.json {
			if err := c.json(j); err != nil {
				return err
			}
			continue
		}
		row := []string{verb, quote.Name(e.Header.Name), c.Age(e.Header.Time), frees,
			quote.Clean(strings.Join(e.Reasons, ", "))}
		t.Add(row[:len(t.Columns)]...)
	}
	switch {
	case c.opts.json:
		return c.json(sum)
	case c.opts.quiet && !dry:
		return nil
	}
	if err := t.Write(c.out, c.Width); err != nil {
		return err
	}
	deleted := text.Plural(sum.Removed, "snapshot", "snapshots")
	switch {
	case sum.Removed == 0:
		return c.printf("\nnothing to delete\n")
	case dry:
		return c.printf("\nwould delete %s and free %s\n", deleted, c.Size(sum.Freed))
	}
	return c.printf("\ndeleted %s, %s freed, %s\n", deleted, c.Size(sum.Freed), seconds(took))
}

// keepFlags are the flags of prune.
func keepFlags() flags {
	return flags{
		{Name: "keep-last", Kind: cmdline.String, Usage: "keep the newest `N`"},
		{Name: "keep-hourly", Kind: cmdline.String, Usage: "keep the newest of each of `N` hours"},
		{Name: "keep-daily", Kind: cmdline.String, Usage: "keep the newest of each of `N` days"},
		{Name: "keep-weekly", Kind: cmdline.String, Usage: "keep the newest of each of `N` weeks"},
		{Name: "keep-monthly", Kind: cmdline.String, Usage: "keep the newest of each of `N` months"},
		{Name: "keep-yearly", Kind: cmdline.String, Usage: "keep the newest of each of `N` years"},
		{Name: "keep-within", Kind: cmdline.String, Usage: "keep all of the time `AGE` before the newest: 30d, 1y6mo"},
		{Name: "keep-tag", Kind: cmdline.Strings, Usage: "keep those tagged `TAG`; may be repeated"},
		{Name: "min-free", Kind: cmdline.String, Usage: "then delete the oldest until `SPACE` is free: 10%, 50G"},
		{Name: "min-free-keep-daily", Kind: cmdline.String, Default: "7",
			Usage: "whatever --min-free says, keep the newest of each of `N` days"},
		{Name: "allow-most", Usage: "delete even if more than half of the snapshots go"},
	}
}

// readKeepFlags reads the flags of prune; any is false if none was given.
func readKeepFlags(f cmdline.Values) (k settings.Rules, any bool, err error) {
	k = settings.DefaultRules()
	for name, n := range k.Counts() {
		name = "keep-" + name
		if !f.IsSet(name) {
			continue
		}
		any = true
		if *n, err = settings.ParseCount(f.String(name)); err != nil {
			return k, any, hint.Usagef("--%s %s: %s", name, quote.Name(f.String(name)), err)
		}
	}
	if f.IsSet("keep-within") {
		any = true
		if err := cmp.Or(emptyRule(f.String("keep-within")), k.SetWithin(f.String("keep-within"))); err != nil {
			return k, any, hint.Usagef("--keep-within: %s", err)
		}
	}
	if f.IsSet("keep-tag") {
		any = true
		if err := k.SetTags(f.Strings("keep-tag")); err != nil {
			return k, any, hint.Usagef("--keep-tag: %s", err)
		}
	}
	if f.IsSet("min-free") {
		any = true
		if err := cmp.Or(emptyRule(f.String("min-free")), k.SetMinFree(f.String("min-free"))); err != nil {
			return k, any, hint.Usagef("--min-free: %s", err)
		}
	}
	if k.FloorDaily, err = settings.ParseCount(f.String("min-free-keep-daily")); err != nil {
		return k, any, hint.Usagef("--min-free-keep-daily %s: %s", quote.Name(f.String("min-free-keep-daily")), err)
	}
	return k, any, nil
}

// emptyRule refuses a rule without a value, as a script makes it of a variable that is not set: the rules beside it
// would delete what it was to keep.
func emptyRule(v string) error {
	if v == "" {
		return errors.New("the value is empty")
	}
	return nil
}
