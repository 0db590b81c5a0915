package cli

import (
	"fmt"
	"log/slog"

	"github.com/dustin/go-humanize"

	"snap/backup"
	"snap/cli/report"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/record"
)

// backupReporter shows, logs and counts what a backup does: the marks of changes with -v and -n, every file with its
// reason with -vv, problems always.
type backupReporter struct {
	call           *call
	log            *slog.Logger
	line           *text.Progress
	dryRun, strict bool
	counts         report.BackupCounts
	notes          report.FewNotes
	err            error // of printing
}

func (r *backupReporter) Progress(p progress.State) { r.line.Show(p) }

func (r *backupReporter) Entry(path string, rec *record.Record, changed bool) {
	c := r.call
	if changed && rec.Stored == record.Copied {
		r.counts.Holes = record.Plus(r.counts.Holes, rec.Holes)
	}
	show := c.opts.verbose > 1 || changed && rec.Change != record.Silent && (c.opts.verbose > 0 || r.dryRun)
	if changed && rec.Change != record.Silent {
		r.log.Debug(rec.Change.String(), "path", path, "reason", rec.Reason.String())
	}
	switch {
	case !show || c.opts.quiet || r.err != nil:
	case c.opts.json:
		r.err = c.json(wire.NewBackupChange(path, rec, changed))
	default:
		r.err = c.print().BackupChange(path, rec, changed, c.opts.verbose > 1)
	}
}

func (r *backupReporter) Problem(p backup.Problem) {
	r.counts.Add(&p, r.strict)
	r.logProblem(&p)
	c := r.call
	if p.Note && (c.opts.quiet || p.Path != "" && c.opts.verbose == 0 && !r.notes.Pass(p.Err)) {
		return
	}
	text := p.Err.Error()
	if p.Path != "" {
		text = quote.Name(p.Path) + ": " + text
	}
	fmt.Fprintf(r.line.Messages(c.env.Stderr), "snap: %s\n", quote.Clean(text))
}

func (r *backupReporter) logProblem(p *backup.Problem) {
	level, text := slog.LevelWarn, p.Err.Error()
	if p.Note {
		level = slog.LevelInfo
	}
	if p.Path != "" {
		text = p.Path + ": " + text
	}
	r.log.Log(r.call.ctx, level, quote.Clean(text))
}

// tellMore says how many notes were not printed.
func (r *backupReporter) tellMore() {
	if more := r.notes.More(); more > 0 {
		r.call.note("and %s more such notes about single files: -v shows them, and so does the log", humanize.Comma(more))
	}
}
