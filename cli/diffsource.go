package cli

import (
	"errors"
	"fmt"
	"os"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/exit"
	"snap/cli/text"
	"snap/destination"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/job"
	"snap/query"
	"snap/record"
)

// rehearse finds out what a backup made now would record, and writes nothing. partial: not all of the source could be
// read.
func (c *call) rehearse(d *query.Reader, q *query.Diff) (partial bool, err error) {
	if err := checkSource(q, d.Dir); err != nil {
		return false, err
	}
	s, err := c.readSettings(d.Dir)
	if err != nil {
		return false, err
	}
	o, err := c.backupOptions(&s, d.Dir, sourcesIn(q.B))
	if err != nil {
		return false, err
	}
	o.DryRun, o.Force, o.AllowEmptySource = true, true, q.B.Files == 0 && len(o.Scan.Roots) == 0
	if err := job.CheckLayout(&o, d.Dir); err != nil {
		return false, sourceHint(err, q.B)
	}
	dest, err := destination.Open(c.ctx, d.Dir,
		destination.Options{Mode: destination.ReadOnly, AnyUser: true, Trust: c.trusted(d.Dir)})
	if err != nil {
		return false, exit.Hint(err, d.Dir)
	}
	defer func() { err = errors.Join(err, dest.Close()) }()
	q.Pending = index.NewPending(q.B.Seq)
	o.Planned = func(e *record.Entry) error { return q.AddPending(c.ctx, e) }
	line := c.progress()
	o.Report = &sourceReport{backupFront{call: c, dest: d.Dir}, line}
	res, err := backup.Run(c.ctx, dest, o)
	line.End()
	if err != nil {
		return false, sourceHint(exit.Hint(err, d.Dir), q.B)
	}
	return res.Incomplete(), nil
}

// checkSource makes sure that the source of the snapshots is the one that is here.
func checkSource(q *query.Diff, dest string) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	why := ""
	switch {
	case !q.A.SameSources(q.B):
		why = fmt.Sprintf("snapshot %s is of %s, but the newest one is of %s", quote.Name(q.A.Name),
			quote.All(q.A.AllSources()), quote.All(q.B.AllSources()))
	case q.B.Host != host:
		why = fmt.Sprintf("snapshot %s is of %s on %s, and this is %s", quote.Name(q.B.Name), quote.All(q.B.AllSources()),
			quote.Name(q.B.Host), quote.Name(host))
	default:
		return nil
	}
	return hint.With(errors.New("diff --source: "+why),
		"to compare the newest snapshot with a folder here: snap backup -n %s SRC", quote.Word(dest))
}

// sourceHint says of which snapshot the source is that is not there, or is empty.
func sourceHint(err error, h *record.Header) error {
	if guard := (*destination.GuardError)(nil); errors.As(err, &guard) { // the source is empty, or all of it is left out
		if !errors.Is(guard, source.ErrEmpty) {
			return exit.With(exit.Refused, hint.With(fmt.Errorf("diff --source: %w", guard), "%s", guard.Hint))
		}
		return exit.With(exit.Refused, hint.With(fmt.Errorf("diff --source: %w", guard),
			"is its disk mounted? If it is meant to be empty, everything was removed: snap ls -R %s", quote.Word(h.Name)))
	}
	if missing := (*source.MissingError)(nil); errors.As(err, &missing) {
		return hint.With(fmt.Errorf("diff --source: %w", missing), "it is the source of snapshot %s; is its disk mounted?",
			quote.Name(h.Name))
	}
	return err
}

// sourceReport tells of what could not be read, and leaves the rest to the answer.
type sourceReport struct {
	backupFront
	line *text.Progress
}

func (r *sourceReport) Progress(s progress.State) { r.line.Show(s) }

func (*sourceReport) Entry(string, *record.Record, bool) {}
