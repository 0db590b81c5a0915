package cli

import (
	"path/filepath"
	"strings"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/destination"
	"snap/destination/retention"
	"snap/filter"
	"snap/job"
)

func pruneCommand() *command {
	return &command{
		Name: "prune", Aliases: []string{"forget"}, Group: groupKeep, Effect: true,
		Short: "delete the snapshots that no rule keeps",
		Long: `Delete the snapshots that none of the rules keeps. A rule such as --keep-daily 7
keeps the newest snapshot of each of the last seven days that have one, by the
clock and calendar here; weeks begin on Monday. A snapshot stays if any rule names
it. The newest always stays, so does the newest without errors, and so do those
tagged pin. Snapshots whose folder is gone stay in the index: snap delete --missing
forgets them.

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
		Flags: append(keepFlags(), dryFlag("say what would be kept and why, and delete nothing"),
			cmdline.Flag[*call]{Name: "sole-writer", Usage: "of a remote whose store has no clock: nobody else writes there"},
			cmdline.Flag[*call]{Name: "download",
				Usage: "of a remote: what is not here of packs to be written anew is read from it"}),
		Run: runPrune,
	}
}

func dryFlag(usage string) cmdline.Flag[*call] {
	return cmdline.Flag[*call]{Name: "dry-run", Aliases: []string{"n"}, Usage: usage}
}

func runPrune(c *call) error {
	if far, err := c.far(); far != nil || err != nil {
		if err != nil {
			return err
		}
		return c.pruneFar(far)
	}
	dest, err := c.findOwn()
	if err != nil {
		return err
	}
	rules, asked, err := c.pruneRules(dest)
	if err != nil {
		return err
	}
	r := rules.Policy(c.now())
	if r.Empty() {
		return report.NoRule()
	}
	r.Asked, r.AllowMost = true, c.flags.Bool("allow-most")
	return c.removing(dest, job.Prune, true, func(d *destination.Destination) (*retention.Plan, report.Stops, error) {
		plan, err := retention.PlanFor(c.ctx, d, &r)
		if err != nil {
			return nil, report.Stops{}, err
		}
		tag := ""
		if asked {
			tag = "--keep-tag"
		}
		all, err := c.print().StopsOf(plan, &r, dest, tag)
		return plan, all, err
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
			return k, asked, report.UnknownSettings(s.Unknown)
		}
		floor := k.FloorDaily
		k = s.Keep
		if c.flags.IsSet("min-free-keep-daily") {
			k.FloorDaily = floor
		}
	}
	return k, asked, nil
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
	flag := func(key string) string { return strings.ReplaceAll(key, "_", "-") }
	return settings.AskedRules(func(key string) ([]string, bool) {
		switch name := flag(key); {
		case !f.IsSet(name):
			return nil, false
		case key == "keep_tag":
			return f.Strings(name), true
		default:
			return []string{f.String(name)}, true
		}
	}, func(key string) string { return "--" + flag(key) })
}
