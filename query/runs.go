package query

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"snap/destination"
	"snap/record"
)

// RunPresent is the end of a run that has not come to it.
const RunPresent destination.RunEnd = "running"

// Run is a backup that was made, or begun.
type Run struct {
	destination.PastRun
	Header *record.Header // of the snapshot that it made; nil: there was none, or it is deleted
	Gone   bool           // that snapshot's folder is gone
}

// runs are the last n backups that are known, oldest first: what the destination has noted of them, and what it shows
// of others: snapshots, the last run that found nothing changed, what interrupted ones have left, and the one at work.
// A run that did not come so far as to hold the lock leaves nothing.
func (d *Reader) runs(s *Status, n int) []Run {
	return runsOf(destination.ReadRuns(d.Root), d.Snapshots, s, n)
}

// runsOf are the last n of those that were noted and those that are seen otherwise.
func runsOf(all []destination.PastRun, snaps Snapshots, s *Status, n int) (runs []Run) {
	add := func(r destination.PastRun, same func(*destination.PastRun) bool) {
		if !slices.ContainsFunc(all, func(o destination.PastRun) bool { return same(&o) }) {
			all = append(all, r)
		}
	}
	for i := max(0, len(snaps)-n); i < len(snaps); i++ {
		h := &snaps[i]
		r := destination.PastRun{Time: h.Time, Seconds: max(0, h.Finished.Sub(h.Time).Seconds()), End: destination.RunDone,
			Snapshot: h.Name}
		if h.Errors > 0 {
			r.End = destination.RunIncomplete
		}
		add(r, func(o *destination.PastRun) bool { return o.Snapshot == h.Name })
	}
	alike := func(t time.Time) func(*destination.PastRun) bool {
		return func(o *destination.PastRun) bool { return o.Time.Sub(t).Abs() < time.Second }
	}
	if s.Last.Unchanged {
		add(destination.PastRun{Time: s.Last.Time, End: destination.RunUnchanged}, alike(s.Last.Time))
	}
	running := s.Left.Holder
	if s.Running == "" || running.What != "backup" {
		running = destination.Holder{}
	}
	for _, t := range s.Left.Interrupted {
		if running.What != "" && !t.Before(running.Since) {
			continue // that is what it is making
		}
		add(destination.PastRun{Time: t, End: destination.RunInterrupted}, alike(t))
	}
	if running.What != "" {
		all = append(all, destination.PastRun{Time: running.Since, End: RunPresent})
	}
	slices.SortStableFunc(all, func(a, b destination.PastRun) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Snapshot, b.Snapshot))
	})
	for _, r := range all[max(0, len(all)-n):] {
		run := Run{PastRun: r, Gone: r.Snapshot != "" && slices.Contains(s.Missing, r.Snapshot)}
		if i := slices.IndexFunc(snaps, func(h record.Header) bool { return h.Name == r.Snapshot }); i >= 0 {
			run.Header = &snaps[i]
		}
		runs = append(runs, run)
	}
	return runs
}
