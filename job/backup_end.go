package job

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"snap/backup"
	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/wire"
	"snap/destination"
	"snap/internal/quote"
)

// tell says how a backup ended, and remembers it.
func (r *backing) tell(ctx context.Context, refused error) error {
	r.endLine()
	r.came.Idle, r.came.Taken = r.options.Scan.Filter.Idle(), r.d.Taken
	r.tellNotes(ctx)
	if !r.DryRun {
		r.rememberAll(ctx)
	}
	r.after = append(r.after, r.came.After...)
	for _, err := range r.after {
		r.log.Error(quote.Clean(err.Error()))
	}
	r.came.Took = r.Now().Sub(r.options.Start)
	r.logSummary()
	r.summed = true
	if err := r.Front.Came(&r.came); err != nil {
		return err
	}
	if err := errors.Join(append(r.after, refused)...); err != nil {
		return r.roomHint(ctx, exit.Hint(err, r.Dest))
	}
	if r.came.Incomplete() || len(r.came.Pruned.Why) > 0 {
		return exit.With(exit.Partial, nil)
	}
	return nil
}

// tellNotes says what there is to know besides.
func (r *backing) tellNotes(ctx context.Context) {
	r.Front.Notes()
	words, each := r.Words, r.Verbose > 0
	words.IdlePatterns(r.came.Idle, !r.Silent && r.DryRun, !r.Silent && each)
	words.Lost(&r.came.Lost, each)
	if b := r.came.Behind; b != nil {
		words.ClockBehind(b, r.options.Time, r.TimeTyped, r.Dest, len(r.came.Pruned.Why) > 0)
		r.log.Warn("the clock is behind", "snapshot", b.Snapshot.Name, "of", b.Snapshot.Time)
	}
	words.Stops(&r.came.Pruned.Stops)
	r.tellMissing(ctx)
}

// tellMissing says which snapshots' folders somebody has removed, unless it has said so.
func (r *backing) tellMissing(ctx context.Context) {
	names, err := r.d.Missing(ctx)
	told := r.came.Missing
	if r.came.Missing = names; err == nil && len(names) > 0 && !slices.Equal(names, told) {
		r.Words.Note("%s", r.Words.Missing(names, r.Dest))
		r.log.Warn("snapshots are missing", "names", strings.Join(names, " "))
	}
}

// rememberAll notes what later commands are to know of the backup.
func (r *backing) rememberAll(ctx context.Context) {
	if err := r.Remember(r.d.ID, strings.Join(r.src.All(), ", "), r.How); err != nil {
		r.Words.Note("the list of known destinations could not be written: %v", err)
	}
	r.User.Proved(ctx, r.Dest, r.d.DB)
	if err := r.d.NoteSpace(r.options.Time); err != nil {
		r.log.Info("free space was not noted", "why", err)
	}
}

// JSON is what the backup came to, for programs.
func (b *BackupResult) JSON() wire.BackupSummary {
	j := wire.NewBackupSummary(b.Result, b.DryRun, b.Took)
	j.SnapshotsRemoved, j.BytesFreed = b.Pruned.Removed, b.Pruned.Freed
	j.RemovedNames, j.RulesStopped = append(j.RemovedNames, b.Pruned.Names...), append(j.RulesStopped, b.Pruned.Why...)
	j.Missing = append(j.Missing, b.Missing...)
	j.FilesGrowing, j.Idle = b.Counts.Growing, wire.NewIdlePatterns(b.Idle)
	j.Behind, j.Taken = wire.NewClockBehind(b.Behind), wire.NewTakenOver(b.Taken)
	if b.Labels.Header != nil {
		l := wire.NewLabels(b.Labels.Header)
		j.Labelled = &l
	}
	return j
}

// logSummary writes the same into the log.
func (r *backing) logSummary() {
	switch b := &r.came; {
	case b.DryRun:
	case b.Skipped && b.Labels.Header != nil:
		r.log.Info("nothing changed", "since", b.Previous, "labels", report.AddedLabels(&b.Labels))
	case b.Skipped:
		r.log.Info("nothing changed", "since", b.Previous)
	default:
		h := b.Header
		r.log.Info("backup done", "snapshot", h.Name, "changes", report.Changes(h), "copied", h.CopiedBytes, "linked",
			h.Linked, "errors", h.Errors)
	}
}

// logPruned writes into the log what the rules did.
func (r *backing) logPruned() {
	p := &r.came.Pruned
	for _, why := range p.Why {
		r.log.Warn("rules stopped", "why", quote.Clean(why))
	}
	if p.Removed > 0 {
		r.log.Info("deleted by the rules", "snapshots", strings.Join(p.Names, " "), "freed", p.Freed)
	}
}

// noteEnd leaves in the destination how the run ended, for those who ask how the last ones went.
func (r *backing) noteEnd(ctx context.Context, err error) {
	r.noted = true
	if r.DryRun || r.came.NotDue != "" || exit.Typed(err) {
		return
	}
	r.past = told(ctx, r.came.Past(&r.options, r.Now().Sub(r.options.Start), err), err)
	r.past.Rules, r.past.Room = strings.Join(r.came.Pruned.Why, "; "), r.came.Pruned.Room
	if err := r.User.NoteRun(r.d.ID, r.past, r.d.NoteRun); err != nil && r.Verbose > 0 {
		r.Words.Note("how the run ended could not be noted: %v", err)
	}
}

// noteRefused leaves in the destination how a backup ended that could not do so itself.
func (r *backing) noteRefused(ctx context.Context, begin time.Time, err error) {
	if err == nil || r.noted || exit.Typed(err) || r.DryRun {
		return
	}
	past := (*backup.Result)(nil).Past(&backup.Options{Start: begin}, r.Now().Sub(begin), err)
	// That it failed is told anyway.
	_ = r.User.NoteRefused(context.WithoutCancel(ctx), r.Dest, told(ctx, past, err))
}

// told adds to a run that was interrupted what terminated it. That a user did is no matter.
func told(ctx context.Context, past destination.PastRun, err error) destination.PastRun {
	if exit.Code(ctx, err) == exit.Terminated && past.End == destination.RunInterrupted {
		past.Why = context.Cause(ctx).Error()
	}
	return past
}
