package cli

import (
	"iter"
	"strings"

	"github.com/urfave/cli/v2"

	"snap/index"
	"snap/internal/file"
)

func diffCommand() *command {
	return &command{
		name: "diff", args: "[A [B]] [-- PATH…]", short: "what changed between two snapshots", group: groupLook, max: 2, dashed: true,
		codes: []int{exitNoDest, exitLocked},
		long: `
Lists what one has to do to A to get B: + added, - removed, M modified (content),
U metadata (owner, mode, times), R moved, T another type. Without B it is the
newest snapshot, without A the one before B's. PATHs limit the answer to what is
below them.

A renamed folder is one line with the number of entries that moved along; what
is different inside has lines of its own. -v adds sizes. --json has a line for
every path.`,
		examples: `
snap diff                   the last backup's changes
snap diff @7d latest -- docs
snap diff --stat oldest latest
snap diff --exit-code && echo nothing new`,
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "stat", Usage: "totals only"},
			&cli.BoolFlag{Name: "exit-code", Usage: "end with 1 when there are differences"},
			rawFlag(),
		},
		complete: completeRef,
		run:      runDiff,
	}
}

func runDiff(c *call) error {
	raw, err := c.raw()
	if err != nil {
		return err
	}
	return c.reading(func(d *destination) error {
		q, err := newDiffQuery(c, d)
		if err != nil {
			return err
		}
		var sum diffSummary
		switch {
		case c.opts.json || raw || c.flags.Bool("stat"):
			err = c.diffPaths(q, raw, &sum)
		default:
			err = c.diffText(q, &sum)
		}
		switch {
		case err != nil:
			return err
		case c.opts.json:
			sum.MessageType, sum.A, sum.B = "summary", q.a.Name, q.b.Name
			err = c.json(&sum)
		case c.flags.Bool("stat") && !raw:
			err = c.printStat(&sum)
		}
		if err == nil && c.flags.Bool("exit-code") && sum.total() > 0 {
			err = withCode(exitFailed, nil)
		}
		return err
	})
}

// diffQuery is which differences are asked for.
type diffQuery struct {
	db    *index.DB
	a, b  *index.Header
	below []string // the folders or files that count, none for all
}

func newDiffQuery(c *call, d *destination) (*diffQuery, error) {
	refs := []string{"latest~1", "latest"}
	copy(refs, c.args)
	q := &diffQuery{db: d.db}
	for i, h := range []**index.Header{&q.a, &q.b} {
		pos, err := d.resolver(c).ref(refs[i])
		if err != nil {
			return nil, err
		}
		*h = &d.snaps[pos]
	}
	l := d.locator(c)
	for _, typed := range c.dashed {
		paths, err := l.paths(typed)
		if err != nil {
			return nil, err
		}
		q.below = append(q.below, paths...)
	}
	return q, nil
}

// differences yields those that are asked for. A file that moved counts where it was and where it is.
func (q *diffQuery) differences(c *call) iter.Seq2[index.Difference, error] {
	return func(yield func(index.Difference, error) bool) {
		for d, err := range q.db.Diff(c.ctx, q.a.Seq, q.b.Seq) {
			if err == nil && !q.asked(d.Path) && (d.Change != index.Moved || !q.asked(d.From)) {
				continue
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

func (q *diffQuery) asked(path string) bool {
	for _, dir := range q.below {
		if index.Within(path, dir) {
			return true
		}
	}
	return len(q.below) == 0
}

// diffPaths prints each path by itself, as JSON or bare, or only counts.
func (c *call) diffPaths(q *diffQuery, raw bool, sum *diffSummary) error {
	quiet := c.flags.Bool("stat")
	for d, err := range q.differences(c) {
		if err != nil {
			return err
		}
		sum.add(&d)
		switch {
		case quiet:
		case raw:
			err = c.printf("%s\x00", d.Path)
		default:
			err = c.json(newDifferenceJSON(&d))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// diffText prints a line for each path and one for each renamed folder. What moved along is counted in
// a first reading, so that the count can stand before the lines of what is inside.
func (c *call) diffText(q *diffQuery, sum *diffSummary) error {
	var counter, f folder
	for d, err := range q.differences(c) {
		if err != nil {
			return err
		}
		counter.place(&d)
	}
	for d, err := range q.differences(c) {
		if err != nil {
			return err
		}
		sum.add(&d)
		along, fold := f.place(&d)
		if along {
			if d.Change = index.Classify(d.Before, d.After); d.Change == 0 {
				continue
			}
		}
		if err := c.printf("%s %s\n", c.mark(d.Change), c.differenceText(&d, counter.count(fold))); err != nil {
			return err
		}
	}
	return nil
}

// differenceText is a difference without its mark. along is how many entries moved with a folder.
func (c *call) differenceText(d *index.Difference, along int) string {
	before, after := d.Before, d.After
	r := after
	if r == nil {
		r = before
	}
	s := shown(d.Path, r.Kind)
	if d.Change == index.Moved {
		s = shown(d.From, before.Kind) + " -> " + s
	}
	var notes []string
	if along > 0 {
		notes = append(notes, plural(along, "entry", "entries"))
	}
	if d.Change == index.Moved {
		if change := index.Classify(before, after); change != 0 {
			notes = append(notes, change.String()+" too")
		}
	}
	if c.opts.verbose > 0 && r.Kind == file.Regular {
		switch {
		case before == nil || after == nil || before.Size == after.Size:
			notes = append(notes, c.sizeText(r))
		default:
			notes = append(notes, c.size(before.Size)+" to "+c.size(after.Size))
		}
	}
	if len(notes) > 0 {
		s += " (" + strings.Join(notes, ", ") + ")"
	}
	return s
}
