package job

import (
	"context"
	"errors"
	"fmt"
	"math"

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
func (r *backing) besides(ctx context.Context) {
	if r.came.Skipped {
		if err := r.labelUnchanged(ctx); err != nil {
			r.after = append(r.after, fmt.Errorf("the newest snapshot did not get its labels: %w", err))
		}
	}
	if r.DryRun {
		return
	}
	// After the backup, never before: on ext4 making files just after many were removed is slow.
	if err := r.prune(ctx); err != nil {
		r.after = append(r.after, err)
	}
	r.logPruned()
}

// labelUnchanged gives the newest snapshot, which is what the source holds, the labels that a new one would have had.
func (r *backing) labelUnchanged(ctx context.Context) (err error) {
	o, name := &r.options, r.came.Previous
	if len(o.Tags) == 0 && o.Note == "" {
		return nil
	}
	r.came.Labels, err = r.d.AddLabels(ctx, name, o.Tags, o.Note, o.DryRun)
	if kept := r.came.Labels.Kept; kept != "" {
		r.Words.Warn("snapshot %s keeps its note, %s; to give it the new one: snap note -d %s %s %s", quote.Name(name),
			quote.Name(kept), quote.Word(r.Dest), quote.Word(name), quote.Word(o.Note))
	}
	return err
}

// prune keeps to the destination's rules, if it has some.
func (r *backing) prune(ctx context.Context) error {
	p, s := &r.came.Pruned, &r.settings
	rules := s.Keep.Policy(r.Now().In(r.Words.Zone))
	if rules.Empty() {
		return nil
	}
	if len(s.Unknown) > 0 {
		p.Add(report.UnknownStop(s.Unknown))
		return nil
	}
	plan, err := retention.PlanFor(ctx, r.d, &rules)
	if err == nil {
		for i := range plan.Stops {
			p.Add(r.Words.Stop(&plan.Stops[i], plan, &rules, r.Dest))
			p.Room = plan.Stops[i].Room
		}
		err = retention.Apply(ctx, r.d, plan, 0, r.show)
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
// judgement is needed.
func (r *backing) rebuilding(ctx context.Context, backUp func() error) error {
	err := backUp()
	lost := errors.Is(err, record.ErrDamaged) || errors.Is(err, index.ErrMissing)
	if !lost || errors.Is(err, record.ErrNewer) || r.summed || r.DryRun {
		return err
	}
	s, _, settingsErr := settings.Read(r.Dest, r.settingsContext())
	if settingsErr != nil {
		return err
	}
	on, show, end := r.Front.Line(ctx)
	o := r.ReindexOptions(&s, r.LockWait)
	o.SetsOnly, o.Progress = true, show
	_, why := reindex.Run(on, r.Dest, o)
	end()
	switch {
	case errors.Is(why, reindex.ErrSetsDamaged):
		return hint.With(err, "it is not made again without being asked: %v", why)
	case why != nil:
		return errors.Join(err, exit.Hint(fmt.Errorf("the index could not be made again: %w", why), r.Dest))
	}
	kept := ""
	if errors.Is(err, record.ErrDamaged) {
		kept = "; the damaged one is kept as index.db.old"
	}
	r.Words.Warn("%v. It was made again from the change sets%s", err, kept)
	return backUp()
}

// roomHint adds to the error of a backup that does not fit which snapshots would make room for it, and the command that
// deletes them.
func (r *backing) roomHint(ctx context.Context, err error) error {
	lack := (*destination.SpaceError)(nil)
	if !errors.As(err, &lack) || lack.Need > math.MaxInt64>>1 {
		return err
	}
	const mib = 1 << 20 // so that the command is short
	want := (int64(lack.Need) + mib - 1) / mib
	rules := r.settings.Keep.Policy(r.Now().In(r.Words.Zone))
	room, rerr := retention.RoomFor(ctx, r.d, &rules, want*mib, int64(lack.Free))
	if rerr != nil {
		return err // the first one matters
	}
	return hint.With(err, "%s", hint.Text(r.Words.Room(room, r.d.Path, want, len(r.settings.Unknown) == 0)))
}
