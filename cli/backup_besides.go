package cli

import (
	"errors"
	"fmt"

	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/destination"
	"snap/destination/reindex"
	"snap/destination/retention"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// besides does what follows a backup: labels for a snapshot that was not made, and the rules.
func (r *backupRun) besides() {
	if r.came.Skipped {
		if err := r.labelUnchanged(); err != nil {
			r.after = append(r.after, fmt.Errorf("the newest snapshot did not get its labels: %w", err))
		}
	}
	if r.came.DryRun {
		return
	}
	// After the backup, never before: on ext4 making files just after many were removed is slow.
	if err := r.prune(); err != nil {
		r.after = append(r.after, err)
	}
	r.logPruned()
}

// labelUnchanged gives the newest snapshot, which is what the source holds, the labels that a new one would have had.
func (r *backupRun) labelUnchanged() (err error) {
	o, name := &r.options, r.came.Previous
	if len(o.Tags) == 0 && o.Note == "" {
		return nil
	}
	r.came.Labels, err = r.d.AddLabels(r.ctx, name, o.Tags, o.Note, o.DryRun)
	if kept := r.came.Labels.Kept; kept != "" {
		r.warn("snapshot %s keeps its note, %s; to give it the new one: snap note -d %s %s %s", quote.Name(name),
			quote.Name(kept), quote.Word(r.dest), quote.Word(name), quote.Word(o.Note))
	}
	return err
}

// prune keeps to the destination's rules, if it has some.
func (r *backupRun) prune() error {
	p, s := &r.came.Pruned, &r.settings
	rules := s.Keep.Policy(r.now())
	if rules.Empty() {
		return nil
	}
	if len(s.Unknown) > 0 {
		p.Add(report.UnknownStop(s.Unknown))
		return nil
	}
	plan, err := retention.PlanFor(r.ctx, r.d, &rules)
	if err == nil {
		for i := range plan.Stops {
			p.Add(r.print().Stop(&plan.Stops[i], plan, &rules, r.dest))
			p.Room = plan.Stops[i].Room
		}
		err = retention.Apply(r.ctx, r.d, plan, 0, r.line.Show)
	}
	if err != nil && !errors.As(err, new(*destination.StuckError)) {
		return fmt.Errorf("the backup is done, but old snapshots could not be deleted by the rules of %s: %w",
			settings.OptionsFile, err)
	}
	for i := range plan.List {
		if e := &plan.List[i]; !e.Keep {
			p.Removed++
			p.Freed += e.Freed
			p.Names = append(p.Names, e.Header.Name)
		}
	}
	return err
}

// rebuilding runs a backup. Where the index is damaged or missing and every change set is whole it makes the index
// again of them, says so, and runs the backup once more: a damaged index is no reason to have no backup, and no
// judgement is needed. backUp says which destination it is about.
func (c *call) rebuilding(backUp func() (dest string, err error)) error {
	dest, err := backUp()
	lost := errors.Is(err, record.ErrDamaged) || errors.Is(err, index.ErrMissing)
	if !lost || errors.Is(err, record.ErrNewer) || c.summed || c.flags.Bool("dry-run") {
		return err
	}
	s, settingsErr := c.readSettings(dest)
	if settingsErr != nil {
		return err
	}
	o := c.reindexOptions(&s)
	o.SetsOnly = true
	line := c.progress()
	o.Progress = line.Show
	_, why := reindex.Run(c.ctx, dest, o)
	line.End()
	switch {
	case errors.Is(why, reindex.ErrSetsDamaged):
		return hint.With(err, "it is not made again without being asked: %v", why)
	case why != nil:
		return errors.Join(err, exit.Hint(fmt.Errorf("the index could not be made again: %w", why), dest))
	}
	kept := ""
	if errors.Is(err, record.ErrDamaged) {
		kept = "; the damaged one is kept as index.db.old"
	}
	c.warn("%v. It was made again from the change sets%s", err, kept)
	_, err = backUp()
	return err
}
