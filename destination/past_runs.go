package destination

import (
	"strings"
	"time"

	"snap/internal/file"
)

// pastRunsName is the file in .snap that tells of the last backups, sealed. People are told what stands in it, and
// nothing else goes by it: when it is lost or damaged, it begins anew.
const pastRunsName = "runs"

// RunEnd is how a backup ended. The values are stored.
type RunEnd string

// How backups end.
const (
	RunDone        RunEnd = "done"
	RunUnchanged   RunEnd = "unchanged"   // nothing had changed: no snapshot
	RunIncomplete  RunEnd = "incomplete"  // a snapshot, but something could not be read or done
	RunInterrupted RunEnd = "interrupted" // by a signal, or by whoever watched it
	RunFailed      RunEnd = "failed"      // no snapshot
)

// PastRun is a backup that has ended.
type PastRun struct {
	Time     time.Time `json:"time"` // when it began, by the clock
	Seconds  float64   `json:"seconds"`
	End      RunEnd    `json:"end"`
	Snapshot string    `json:"snapshot,omitempty"` // what it made
	Why      string    `json:"why,omitempty"`      // it failed, in a line
}

// pastRuns is what stands in the file.
type pastRuns struct {
	Runs []PastRun `json:"runs"` // in the order in which they ended
}

const (
	pastRunsKept = 60
	whyKept      = 300 // bytes
)

// NoteRun writes down how a backup ended. Only one that came so far as to hold the lock can.
func (d *Destination) NoteRun(r PastRun) error {
	r.Time = r.Time.UTC()
	r.Why, _, _ = strings.Cut(r.Why, "\n")
	r.Why = strings.ToValidUTF8(r.Why[:min(len(r.Why), whyKept)], "")
	var known pastRuns
	_ = readSealed(d.Meta, pastRunsName, &known) // else it begins anew
	known.Runs = append(known.Runs[max(0, len(known.Runs)-pastRunsKept+1):], r)
	return d.writeSealed(d.Meta, pastRunsName, &known)
}

// ReadRuns are the last backups that are known of the destination root, in the order in which they ended. Those that
// were killed are none of them, nor those that did not come so far as to hold the lock.
func ReadRuns(root *file.Dir) []PastRun {
	meta, err := root.OpenDir(MetaName)
	if err != nil {
		return nil
	}
	defer meta.Close()
	var known pastRuns
	if readSealed(meta, pastRunsName, &known) != nil {
		return nil
	}
	return known.Runs
}
