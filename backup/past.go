package backup

import (
	"context"
	"errors"
	"time"

	"snap/destination"
)

// Past is how the run of o ended after a time, for destination.NoteRun. r is nil where it did not come so far as to
// have a result. err is what it ended with; beside a snapshot that is there it says that something was not done.
func (r *Result) Past(o *Options, took time.Duration, err error) destination.PastRun {
	p := destination.PastRun{Time: o.Start, Seconds: took.Seconds(), End: destination.RunDone}
	switch made := r != nil && (r.Skipped || r.Header != nil); {
	case !made && errors.Is(err, context.Canceled):
		p.End = destination.RunInterrupted
	case !made:
		if p.End = destination.RunFailed; err != nil {
			p.Why = err.Error()
		}
	case r.Skipped:
		if p.End = destination.RunUnchanged; err != nil {
			p.End = destination.RunIncomplete
		}
	default:
		p.Copied = r.Header.CopiedBytes
		if p.Snapshot = r.Header.Name; err != nil || r.Incomplete() {
			p.End = destination.RunIncomplete
		}
	}
	switch {
	case p.End != destination.RunIncomplete:
	case errors.Is(err, context.Canceled):
		p.Why = "it was stopped before its end"
	case err != nil:
		p.Why = err.Error()
	}
	return p
}
