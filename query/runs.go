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

// Failure is that backups fail.
type Failure struct {
	destination.PastRun     // the last one
	Count               int // how many failed since the last that went well
}

// lastBad notes what the last backups were that are noted and did not end well, if none has gone well since: the last
// that failed, the last of all if it was stopped, and the last that came to its end if not all was done.
func (s *Status) lastBad(noted []destination.PastRun) {
	var f *Failure
	var stopped *destination.PastRun
	for _, r := range slices.Backward(noted) {
		switch r.End {
		case destination.RunFailed:
			if f == nil {
				f = &Failure{PastRun: r}
			}
			f.Count++
			continue
		case destination.RunInterrupted:
			if f == nil && stopped == nil {
				stopped = &r
			}
			continue
		}
		if !r.Time.After(unnoted(noted, s)) {
			break
		}
		if r.End == destination.RunIncomplete && r.Why != "" {
			s.Unwell = &r
		}
		if r.Room && s.Rules.Short > 0 && len(s.Rules.Stops) == 0 && !s.Rules.Idle {
			s.Rules.NoRoom = r.Rules
		}
		break
	}
	for _, bad := range []*destination.PastRun{f.run(), stopped} {
		if bad != nil && !bad.Time.After(unnoted(noted, s)) {
			return
		}
	}
	s.Failure, s.Stopped = f, stopped
}

func (f *Failure) run() *destination.PastRun {
	if f == nil {
		return nil
	}
	return &f.PastRun
}

// unnoted is when the last run was that went well, if that was not noted; else zero.
func unnoted(noted []destination.PastRun, s *Status) (t time.Time) {
	has := func(same func(destination.PastRun) bool) bool { return slices.ContainsFunc(noted, same) }
	if h := s.Newest; h != nil && !has(func(r destination.PastRun) bool { return r.Snapshot == h.Name }) &&
		!h.Finished.After(s.Now) {
		t = h.Finished
	}
	if s.Last.Unchanged && !has(func(r destination.PastRun) bool { return r.Time.Equal(s.Last.Time) }) &&
		s.Last.Time.After(t) {
		t = s.Last.Time
	}
	return t
}

// runsOf are the last n backups that are known, oldest first: what the destination has noted of them, and what it shows
// of others: snapshots, the last run that found nothing changed, what interrupted ones have left, and the one at work.
// A run that did not come so far as to know its destination leaves nothing.
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
