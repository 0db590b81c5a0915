package cli

import (
	"snap/cli/text"
	"snap/internal/progress"
	"snap/job"
	"snap/query"
	"snap/record"
)

// rehearse finds out what a backup made now would record, and writes nothing. partial: not all of the source could be
// read.
func (c *call) rehearse(d *query.Reader, q *query.Diff) (partial bool, err error) {
	const what = "diff --source"
	if err := job.CheckSource(q, d.Dir, what); err != nil {
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
	line := c.progress()
	defer line.End()
	o.Report = &sourceReport{backupFront{call: c, dest: d.Dir}, line}
	return c.place(d.Dir).SourceNow(c.ctx, q, o, what)
}

// sourceReport tells of what could not be read, and leaves the rest to the answer.
type sourceReport struct {
	backupFront
	line *text.Progress
}

func (r *sourceReport) Progress(s progress.State) { r.line.Show(s) }

func (*sourceReport) Entry(string, *record.Record, bool) {}
