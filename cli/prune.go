package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"snap/backup"
)

func pruneCommand() *command {
	return &command{
		name: "prune", aliases: []string{"forget"}, group: groupKeep,
		short: "delete the snapshots that no rule keeps",
		long: `Delete the snapshots that none of the rules keeps. A rule such as --keep-daily 7
keeps the newest snapshot of each of the last seven days that have one, by the
clock and calendar here; weeks begin on Monday. A snapshot stays if any rule names
it. The newest always stays, so does the newest without errors, and so do those
tagged pin. Entries of snapshots whose folder is gone are dropped.

Without a rule on the command line those in DEST/BackupOptions.txt count, which a
backup also applies by itself: keep_daily = 7. --min-free comes last: then the
oldest go, also those that another rule keeps, until so much is free.`,
		examples: `snap prune -n --keep-daily 7 --keep-weekly 4 --keep-monthly 12
snap prune --keep-within 30d --keep-tag release
snap prune --min-free 10%`,
		codes: []int{exitNoDest, exitLocked, exitInterrupted, exitTerminated},
		flags: append(keepFlags(), dryFlag("say what would be kept and why, and delete nothing")),
		run:   runPrune,
	}
}

func dryFlag(usage string) cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: usage}
}

func runPrune(c *call) error {
	dest, err := c.find()
	if err != nil {
		return err
	}
	rules, any, err := readKeepFlags(c.flags)
	if err != nil {
		return err
	}
	if !any {
		s, err := c.readSettings(dest)
		if err != nil {
			return err
		}
		rules = s.keep
	}
	r := rules.retention(c.zone())
	if r.Empty() {
		return withHint(usagef("no rule says what to keep, and an empty rule would keep nothing"),
			"for example: snap prune -n --keep-daily 7 --keep-monthly 12")
	}
	short := int64(0)
	err = c.removing(dest, "prune", true, func(d *backup.Destination) (list []backup.Decision, err error) {
		list, short, err = d.Decide(c.ctx, &r)
		return list, err
	})
	if err == nil {
		c.tellShort(short)
	}
	return err
}

// removing opens dest, deletes the snapshots that decide does not keep, or with -n none, and says so; of
// those that stay only if all is true.
func (c *call) removing(dest, what string, all bool, decide func(*backup.Destination) ([]backup.Decision, error)) (err error) {
	start, dry := c.env.Now(), c.flags.Bool("dry-run")
	d, err := c.openToWrite(dest, backup.OpenOptions{ReadOnly: dry, LockWait: c.opts.lockWait, Holder: c.holder(what), Trust: c.trusted(dest)})
	if err != nil {
		return backupHint(err, dest)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	defer c.proved(dest, d.DB)
	list, err := decide(d)
	if err != nil {
		return backupHint(err, dest)
	}
	var stuck *backup.StuckError
	if !dry {
		line := c.progress()
		err := d.Prune(c.ctx, list, 0, &progressReport{line: line})
		line.end()
		if err != nil && !errors.As(err, &stuck) {
			return backupHint(err, dest)
		}
	}
	err = c.printRemoved(list, all, dry, c.env.Now().Sub(start))
	if stuck != nil {
		err = errors.Join(err, backupHint(stuck, dest))
	}
	return err
}

// progressReport shows progress and nothing else.
type progressReport struct {
	backup.Reporter
	line *progressLine
}

func (r *progressReport) Progress(p backup.Progress) { r.line.show(p) }

// removedJSON is a snapshot in `prune` and `delete`.
type removedJSON struct {
	Type    string   `json:"message_type"` // "change"
	Name    string   `json:"name"`
	Keep    bool     `json:"keep"`
	Reasons []string `json:"reasons"`
	Freed   int64    `json:"bytes_freed"`
}

type removedSummaryJSON struct {
	Type    string  `json:"message_type"` // "summary"
	DryRun  bool    `json:"dry_run"`
	Kept    int     `json:"kept"`
	Removed int     `json:"removed"`
	Freed   int64   `json:"bytes_freed"`
	Seconds float64 `json:"seconds"`
}

// printRemoved says what became of each snapshot.
func (c *call) printRemoved(list []backup.Decision, all, dry bool, took time.Duration) error {
	sum := removedSummaryJSON{Type: "summary", DryRun: dry, Seconds: took.Seconds()}
	t := &table{columns: []column{{head: ""}, {head: "Snapshot"}, {head: "Age", right: true}, {head: "Frees", right: true}}}
	if all {
		t.columns = append(t.columns, column{head: "Why", cut: true})
	}
	for i := range list {
		e := &list[i]
		j := removedJSON{"change", e.Header.Name, e.Keep, e.Reasons, e.Freed}
		verb, frees := "keep", ""
		if e.Keep {
			sum.Kept++
		} else {
			sum.Removed++
			sum.Freed += e.Freed
			verb, frees = "delete", c.size(e.Freed)
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
		row := []string{verb, quote(e.Header.Name), c.age(e.Header.Time), frees, clean(strings.Join(e.Reasons, ", "))}
		t.add(row[:len(t.columns)]...)
	}
	switch {
	case c.opts.json:
		return c.json(sum)
	case c.opts.quiet && !dry:
		return nil
	}
	if err := t.write(c.out, c.env.Width); err != nil {
		return err
	}
	deleted := plural(sum.Removed, "snapshot", "snapshots")
	switch {
	case sum.Removed == 0:
		return c.printf("\nnothing to delete\n")
	case dry:
		return c.printf("\nwould delete %s and free %s\n", deleted, c.size(sum.Freed))
	}
	return c.printf("\ndeleted %s, %s freed, %s\n", deleted, c.size(sum.Freed), seconds(took))
}

// tellShort says that the space that was to be free is not to be had.
func (c *call) tellShort(bytes int64) {
	if bytes > 0 {
		c.note("%s less is free then than min-free asks for: the newest snapshot, pinned ones and those of keep-tag stay", c.size(bytes))
	}
}

// pruned is what keeping to the destination's own rules came to after a backup.
type pruned struct {
	Removed int   `json:"snapshots_removed"`
	Freed   int64 `json:"bytes_freed"`
}

// pruneAfter keeps to the destination's rules after a backup, if it has some.
func (c *call) pruneAfter(d *backup.Destination, rules *keepRules, line *progressLine) (p pruned, err error) {
	r := rules.retention(c.zone())
	if r.Empty() {
		return p, nil
	}
	list, short, err := d.Decide(c.ctx, &r)
	if err == nil {
		c.tellShort(short)
		err = d.Prune(c.ctx, list, 0, &progressReport{line: line})
	}
	if err != nil && !errors.As(err, new(*backup.StuckError)) {
		return p, fmt.Errorf("the backup is done, but old snapshots could not be deleted by the rules of %s: %w", optionsFile, err)
	}
	for i := range list {
		if !list[i].Keep {
			p.Removed++
			p.Freed += list[i].Freed
		}
	}
	return p, err
}
