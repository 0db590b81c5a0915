package query

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"snap/record"
)

// RunState is how a run ended. Its text is for programs.
type RunState string

// How runs end.
const (
	RunDone        RunState = "done"
	RunUnchanged   RunState = "unchanged"   // nothing had changed: no snapshot
	RunIncomplete  RunState = "incomplete"  // some source files could not be read
	RunInterrupted RunState = "interrupted" // what it copied is kept for the next one
	RunPresent     RunState = "running"
)

// Run is a backup that was made, or begun.
type Run struct {
	Time     time.Time // when it began
	State    RunState
	Snapshot *record.Header // what it made; nil: none
	Missing  bool           // that snapshot's folder is gone
}

// Runs are the last n backups that the destination knows of, oldest first: those that made a snapshot which is still
// there, the last one that found nothing changed, those that were interrupted and have left something, and the one at
// work. s is the Status. A run that failed before it had copied anything leaves nothing but lines in the log.
func (d *Reader) Runs(s *Status, n int) (all []Run) {
	for i := max(0, len(d.Snapshots)-n); i < len(d.Snapshots); i++ {
		h := &d.Snapshots[i]
		r := Run{Time: h.Time, State: RunDone, Snapshot: h, Missing: slices.Contains(s.Missing, h.Name)}
		if h.Errors > 0 {
			r.State = RunIncomplete
		}
		all = append(all, r)
	}
	if s.Last.Unchanged {
		all = append(all, Run{Time: s.Last.Time, State: RunUnchanged})
	}
	running := ParseHolder(s.Running, s.Now.Location())
	for _, t := range s.Left.Interrupted {
		if running.What == "backup" && !t.Before(running.Since) {
			continue // that is what it is making
		}
		all = append(all, Run{Time: t, State: RunInterrupted})
	}
	if running.What == "backup" {
		all = append(all, Run{Time: running.Since, State: RunPresent})
	}
	slices.SortStableFunc(all, func(a, b Run) int { return a.Time.Compare(b.Time) })
	return all[max(0, len(all)-n):]
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
