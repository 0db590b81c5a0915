package destination

import (
	"slices"
	"strings"
	"time"

	"snap/internal/file"
	"snap/record"
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
	RunIncomplete  RunEnd = "incomplete"  // as the two above, but something could not be read or done
	RunInterrupted RunEnd = "interrupted" // by a signal, or by whoever watched it
	RunFailed      RunEnd = "failed"      // no snapshot
)

// PastRun is a backup that has ended.
type PastRun struct {
	Time     time.Time `json:"time"` // when it began, by the clock
	Seconds  float64   `json:"seconds"`
	End      RunEnd    `json:"end"`
	Snapshot string    `json:"snapshot,omitempty"` // what it made
	Copied   int64     `json:"copied,omitempty"`   // bytes of its files
	Why      string    `json:"why,omitempty"`      // it failed, was terminated, or not all was done, in a line

	Rules string `json:"rules,omitempty"` // why rules of the settings did not do all that they say, in a line
	Room  bool   `json:"room,omitempty"`  // that is only so of those that free space
}

// pastRuns is what stands in the file.
type pastRuns struct {
	Runs   []PastRun `json:"runs"`             // in the order in which they ended
	Copied int64     `json:"copied,omitempty"` // by all runs so far, those too that are not kept
}

const (
	pastRunsKept = 60
	whyKept      = 300 // bytes
)

// NoteRun writes down how a backup ended that holds the lock. On a full disk it does not, for the reserve is for what
// makes room.
func (d *Destination) NoteRun(r PastRun) error {
	var known pastRuns
	_ = readSealed(d.Meta, pastRunsName, &known) // else it begins anew
	known.add(r)
	return d.writeSealed(d.Meta, pastRunsName, &known)
}

// Short is r as it is kept: the time in UTC, and why it failed in a line.
func (r PastRun) Short() PastRun {
	r.Time = r.Time.UTC()
	r.Why, r.Rules = inShort(r.Why), inShort(r.Rules)
	return r
}

func (p *pastRuns) add(r PastRun) {
	r = r.Short()
	p.Copied = record.Plus(p.Copied, r.Copied)
	p.Runs = append(p.Runs[max(0, len(p.Runs)-pastRunsKept+1):], r)
}

// inShort is the first line of text, as much of it as is kept.
func inShort(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.ToValidUTF8(line[:min(len(line), whyKept)], "")
}

// NoteAfter adds to the run of r that is noted in the destination at path why not all was done, which showed when the
// destination was closed already. Where it is not there any more, as when a command has unmounted it, nothing is
// written. As with NoteRefused, of what ends in the same moment one may be lost.
func NoteAfter(path string, r PastRun, why string) error {
	root, err := file.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	return (&Destination{Path: path, Root: root}).leave(pastRunsName, func(meta *file.Dir) any {
		var known pastRuns
		_ = readSealed(meta, pastRunsName, &known)
		known.amend(r, why)
		return &known
	})
}

// amend finds the run of r, and adds to it.
func (p *pastRuns) amend(r PastRun, why string) {
	for i := range slices.Backward(p.Runs) {
		known := &p.Runs[i]
		if !known.Time.Equal(r.Time) || known.Snapshot != r.Snapshot {
			continue
		}
		switch known.End {
		case RunDone, RunUnchanged, RunIncomplete:
			if known.End = RunIncomplete; known.Why == "" {
				known.Why = inShort(why)
			}
		}
		return
	}
}

// NoteRefused writes down how a backup ended that did not come so far as to hold the lock, in the destination at path.
// Where that is another user's, or not made yet, nothing is written. Of a run that ends in the same moment, one of the
// two may be lost.
func NoteRefused(path string, r PastRun) error {
	root, err := file.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	var known pastRuns
	return (&Destination{Path: path, Root: root}).leave(pastRunsName, func(meta *file.Dir) any {
		_ = readSealed(meta, pastRunsName, &known)
		known.add(r)
		return &known
	})
}

// ReadRuns are the last backups that are known of the destination root, in the order in which they ended. Those that
// were killed are none of them, nor those that did not know their destination.
func ReadRuns(root *file.Dir) []PastRun { return readPastRuns(root).Runs }

// CopiedByRuns is how many bytes all runs that are known have copied into the destination root. It grows with each, but
// may begin anew.
func CopiedByRuns(root *file.Dir) int64 { return readPastRuns(root).Copied }

func readPastRuns(root *file.Dir) (known pastRuns) {
	meta, err := root.OpenDir(MetaName)
	if err != nil {
		return known
	}
	defer meta.Close()
	if readSealed(meta, pastRunsName, &known) != nil {
		return pastRuns{}
	}
	return known
}
