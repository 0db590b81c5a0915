package cli

import (
	"snap/backup"
	"snap/cli/exit"
	"snap/destination"
)

// pastRun is a backup whose end is noted in the destination, for those who ask how the last ones went.
type pastRun struct {
	call *call
	d    *destination.Destination
	o    *backup.Options // nil: there was none
	res  *backup.Result  // nil: it did not come so far
}

// note notes that it ended with err, while the destination is still open.
func (p *pastRun) note(err error) {
	if p.o == nil || p.o.DryRun {
		return
	}
	c := p.call
	r := destination.PastRun{Time: p.o.Time, Seconds: c.env.Now().Sub(p.o.Start).Seconds(), End: destination.RunDone}
	code := exit.Code(c.ctx, err)
	switch made := p.res != nil && (p.res.Skipped || p.res.Header != nil); {
	case !made && (code == exit.Interrupted || code == exit.Terminated):
		r.End = destination.RunInterrupted
	case !made:
		r.End = destination.RunFailed
		if err != nil {
			r.Why = err.Error()
		}
	case p.res.Skipped:
		r.End = destination.RunUnchanged
	default:
		if r.Snapshot = p.res.Header.Name; code != 0 {
			r.End = destination.RunIncomplete
		}
	}
	if err := p.d.NoteRun(r); err != nil && c.opts.verbose > 0 {
		c.note("how the run ended could not be noted: %v", err)
	}
}
