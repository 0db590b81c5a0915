package cli

import (
	"errors"
	"slices"
	"strings"

	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/state"
	"snap/cli/wire"
	"snap/filter"
	"snap/internal/quote"
)

// tell says how a backup ended.
func (r *backupRun) tell(refused error) error {
	r.line.End()
	r.reporter.tellMore()
	idle, text := r.options.Scan.Filter.Idle(), !r.opts.json
	r.print().IdlePatterns(idle, text && r.came.DryRun, text && r.opts.verbose > 0)
	r.print().Lost(&r.came.Lost, r.opts.verbose > 0)
	if r.behind != nil {
		r.print().ClockBehind(r.behind, r.options.Time, r.flags.IsSet("time"), r.dest, len(r.came.Pruned.Why) > 0)
		r.log.Warn("the clock is behind", "snapshot", r.behind.Snapshot.Name, "of", r.behind.Snapshot.Time)
	}
	r.print().Stops(&r.came.Pruned.Stops)
	r.tellMissing()
	if !r.came.DryRun {
		r.rememberAll()
	}
	r.after = append(r.after, r.came.After...)
	for _, err := range r.after {
		r.log.Error(quote.Clean(err.Error()))
	}
	r.summed = true
	if err := r.summary(idle); err != nil {
		return err
	}
	if err := errors.Join(append(r.after, refused)...); err != nil {
		return r.roomHint(exit.Hint(err, r.dest), r.d, &r.settings)
	}
	if r.came.Incomplete() || len(r.came.Pruned.Why) > 0 {
		return exit.With(exit.Partial, nil)
	}
	return nil
}

// tellMissing says which snapshots' folders somebody has removed, unless it has said so.
func (r *backupRun) tellMissing() {
	names, err := r.d.Missing(r.ctx)
	told := r.missing
	if r.missing = names; err == nil && len(names) > 0 && !slices.Equal(names, told) {
		r.note("%s", r.print().Missing(names, r.dest))
		r.log.Warn("snapshots are missing", "names", strings.Join(names, " "))
	}
}

// rememberAll notes what later commands are to know of the backup.
func (r *backupRun) rememberAll() {
	if err := r.remember(r.dest, r.d.ID, strings.Join(r.src.All(), ", "), state.Named); err != nil {
		r.note("the list of known destinations could not be written: %v", err)
	}
	r.proved(r.dest, r.d.DB)
	if err := r.d.NoteSpace(r.options.Time); err != nil {
		r.log.Info("free space was not noted", "why", err)
	}
}

// summary logs and prints what the backup came to.
func (r *backupRun) summary(idle []*filter.Rule) error {
	r.came.Took = r.env.Now().Sub(r.options.Start)
	r.logSummary()
	switch {
	case r.opts.json:
		return r.json(r.summaryJSON(idle))
	case r.opts.quiet:
		return nil
	}
	if r.came.Previous == "" && !r.finds(r.dest) {
		r.came.Name = r.dest
	}
	return r.print().Backup(&r.came)
}

func (r *backupRun) summaryJSON(idle []*filter.Rule) wire.BackupSummary {
	b := &r.came
	j := wire.NewBackupSummary(b.Result, b.DryRun, b.Took)
	j.SnapshotsRemoved, j.BytesFreed = b.Pruned.Removed, b.Pruned.Freed
	j.RemovedNames, j.RulesStopped = append(j.RemovedNames, b.Pruned.Names...), append(j.RulesStopped, b.Pruned.Why...)
	j.Missing = append(j.Missing, r.missing...)
	j.FilesGrowing, j.Idle = b.Counts.Growing, wire.NewIdlePatterns(idle)
	j.Behind, j.Taken = wire.NewClockBehind(r.behind), wire.NewTakenOver(r.d.Taken)
	if b.Labels.Header != nil {
		l := wire.NewLabels(b.Labels.Header)
		j.Labelled = &l
	}
	return j
}

// logSummary writes the same into the log.
func (r *backupRun) logSummary() {
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
func (r *backupRun) logPruned() {
	p := &r.came.Pruned
	for _, why := range p.Why {
		r.log.Warn("rules stopped", "why", quote.Clean(why))
	}
	if p.Removed > 0 {
		r.log.Info("deleted by the rules", "snapshots", strings.Join(p.Names, " "), "freed", p.Freed)
	}
}
