package query

import (
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
	RunFailed      RunState = "failed"
)

// Run is a backup that was made, or begun.
type Run struct {
	Time     time.Time // when it began
	State    RunState
	Snapshot *record.Header // what it made; nil: none
	Missing  bool           // that snapshot's folder is gone
}

// Runs are the last n backups that the destination knows of, oldest first: those that made a snapshot which is still
// there, the last that found nothing changed, and those that were interrupted and have left something.
func (d *Reader) Runs(n int) []Run { return nil }

// Holder is who holds the lock of a destination, as that run wrote it.
type Holder struct {
	Text  string    // as it stands there
	What  string    // the command: "backup"; "" where the text is not understood, and so with all below
	PID   int       // its process
	Host  string    // on this machine
	Since time.Time // by the clock of that machine, in the zone of this one
}

// ParseHolder takes apart what stands in a lock file, Status.Running for one.
func ParseHolder(text string, zone *time.Location) Holder { return Holder{Text: text} }
