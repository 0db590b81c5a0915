package query

import (
	"cmp"
	"slices"
	"strconv"
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
	running := ParseHolder(s.Running, s.Now.Location())
	for _, t := range s.Left.Interrupted {
		if running.What == "backup" && !t.Before(running.Since) {
			continue // that is what it is making
		}
		add(destination.PastRun{Time: t, End: destination.RunInterrupted}, alike(t))
	}
	if running.What == "backup" {
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

// Holder is who holds the lock of a destination, as that run wrote it.
type Holder struct {
	What  string    // the command: "backup"; "" where the text is not understood, and so with all below
	PID   int       // its process
	Host  string    // on this machine
	Since time.Time // by the clock of that machine
}

// holderTime is how the time stands in the text.
const holderTime = "2006-01-02 15:04:05"

// ParseHolder takes apart what stands in a lock file, such as Status.Running: "snap backup (process 7 on host, since
// 2006-01-02 15:04:05)". The time is taken for one of the zone.
func ParseHolder(text string, zone *time.Location) (h Holder) {
	what, rest, ok := strings.Cut(text, " (process ")
	command, named := strings.CutPrefix(what, "snap ")
	number, rest, on := strings.Cut(rest, " on ")
	i := strings.LastIndex(rest, ", since ")
	if !ok || !named || !on || i < 0 {
		return Holder{}
	}
	since, err := time.ParseInLocation(holderTime, strings.TrimSuffix(rest[i+len(", since "):], ")"), zone)
	pid, perr := strconv.Atoi(number)
	if err != nil || perr != nil {
		return Holder{}
	}
	return Holder{command, pid, rest[:i], since}
}
