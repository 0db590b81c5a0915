package cli

import (
	"cmp"

	"snap/cli/exit"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

func diffCommand() *command {
	return &command{
		Name: "diff", Args: "[A [B]|A..B] [-- PATH…]", Short: "what changed between two snapshots", Group: groupLook, Max: -1,
		Dashed: true,
		Codes:  []int{exit.Partial, exit.Refused, exit.NoDest, exit.Locked},
		Long: `
Lists what changed from snapshot A to snapshot B: + added, - removed, M modified
(content), U metadata (owner, mode, times), R moved, T another type. Without B it is
the newest snapshot, without A too the one before that. PATHs limit the answer to
what is below them.

With --source A, or else the newest snapshot, is compared with the source as it is
now. Nothing is written: it is what backup -n finds, with the settings and lists of
the destination. Files that a backup would copy are not read: they count as modified.

A renamed folder is one line with the number of entries that moved along; what
is different inside has lines of its own. -v says what differs and, if A is the
snapshot before B, why B stored it anew and how. --json has a line for every path.`,
		Examples: `
snap diff              # the last backup's changes
snap diff @7d latest -- docs
snap diff --source -v  # what has changed since the last backup, and how
snap diff --stat oldest latest
snap diff --exit-code && echo nothing new`,
		Flags: flags{
			{Name: "source", Usage: "compare with the source as it is now"},
			{Name: "stat", Usage: "totals only"},
			{Name: "exit-code", Usage: "end with 1 when there are differences"},
			rawFlag(),
		},
		Complete: completeRef,
		Run:      runDiff,
	}
}

func runDiff(c *call) error {
	c.which = true
	raw, err := c.raw()
	if err != nil {
		return err
	}
	if raw && c.flags.Bool("stat") {
		return hint.Usagef("diff: -0 prints paths and --stat only totals: one or the other")
	}
	c.out.goesOn = c.flags.Bool("exit-code") || c.flags.Bool("source")
	return c.reading(func(d *query.Reader) error {
		q, err := c.newDiff(d)
		partial := false
		if err == nil && c.flags.Bool("source") {
			partial, err = c.rehearse(d, q)
		}
		if err != nil {
			return err
		}
		c.tellDiff(d, q)
		var sum wire.DiffSummary
		switch {
		case c.opts.json || raw || c.flags.Bool("stat"):
			err = c.diffPaths(q, raw, &sum)
		default:
			err = c.print().Differences(c.ctx, q, &sum, c.opts.verbose > 0)
		}
		switch {
		case err != nil:
			return err
		case c.opts.json:
			sum.MessageType, sum.A = "summary", q.A.Name
			if q.Pending == nil {
				sum.B = &q.B.Name
			} else {
				source, b64 := wire.Name(q.B.Source)
				sum.Source, sum.SourceB64 = &source, b64
			}
			err = c.json(&sum)
		case c.flags.Bool("stat"):
			err = c.print().DiffTotals(&sum)
		}
		if err == nil && c.flags.Bool("exit-code") && sum.Total() > 0 {
			return exit.With(exit.Failed, nil)
		}
		if err == nil && partial {
			return exit.With(exit.Partial, nil)
		}
		return err
	})
}

// tellDiff says what is compared, as far as that was not typed.
func (c *call) tellDiff(d *query.Reader, q *query.Diff) {
	more := ""
	switch {
	case q.Pending != nil:
		more = "from " + quote.Name(q.A.Name) + " to the source as it is now"
	case len(c.args) < 2:
		more = "from " + quote.Name(q.A.Name) + " to " + quote.Name(q.B.Name)
	}
	c.tellWhich(d, more)
}

// newDiff is the question that the arguments ask.
func (c *call) newDiff(d *query.Reader) (*query.Diff, error) {
	refs := []string{"latest~1", "latest"}
	source := c.flags.Bool("source")
	if source {
		refs = []string{"latest"}
		if len(c.args) > 1 {
			return nil, hint.Usagef("diff --source: one snapshot can be compared with the source, not two")
		}
	}
	if len(c.args) > 2 {
		return nil, cmp.Or(d.PathsBehind(c.ctx, c.args), hint.With(hint.Usagef("diff: too many arguments"),
			"usage: snap diff [A [B]] [-- PATH…]"))
	}
	copy(refs, c.args)
	if len(c.args) == 1 && !source {
		if first, last, ok, err := d.Resolver().Range(refs[0]); err != nil {
			return nil, err
		} else if ok {
			refs = []string{d.Snapshots[first].Name, d.Snapshots[last].Name}
		}
	}
	pos := make([]int, len(refs))
	for i, ref := range refs {
		var err error
		if pos[i], err = d.Resolver().Resolve(ref); err != nil {
			if len(d.Snapshots) == 1 && len(c.args) == 0 {
				err = hint.With(err, "what has changed in the source since then: snap diff --source")
			} else if paths := d.PathsBehind(c.ctx, c.args); paths != nil {
				return nil, paths
			}
			return nil, err
		}
	}
	if source { // it comes after the newest
		pos = append(pos, len(d.Snapshots))
	}
	if err := d.OfOther(c.dashed, pos, "snap diff REF -- PATH"); err != nil {
		return nil, err
	}
	var below []string
	for _, typed := range c.dashed {
		paths, err := d.Paths(typed)
		if err != nil {
			return nil, err
		}
		below = append(below, paths...)
	}
	return d.Diff(pos[0], pos[1], below), nil
}

// diffPaths prints each path by itself, as JSON or bare, or only counts.
func (c *call) diffPaths(q *query.Diff, raw bool, sum *wire.DiffSummary) error {
	quiet := c.flags.Bool("stat")
	for d, err := range q.Differences(c.ctx) {
		if err != nil {
			return err
		}
		sum.Add(&d)
		switch {
		case quiet:
		case raw:
			err = c.printf("%s\x00", d.Path)
		default:
			err = c.json(wire.NewDifference(q, &d))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
