package job

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/record"
)

// ear hears what becomes of the source: it counts, writes the log, and tells who asked.
type ear struct {
	Front
	show   func(progress.State)
	log    *slog.Logger
	strict bool
	counts report.BackupCounts
}

// Progress takes how far the backup has come.
func (e *ear) Progress(s progress.State) { e.show(s) }

// Entry takes what was recorded of a path.
func (e *ear) Entry(path string, r *record.Record, changed bool) {
	e.counts.Recorded(r, changed)
	if changed && r.Change != record.Silent {
		e.log.Debug(r.Change.String(), "path", path, "reason", r.Reason.String())
	}
	e.Front.Entry(path, r, changed)
}

// Problem takes what did not go as it should.
func (e *ear) Problem(p backup.Problem) {
	e.counts.Add(&p, e.strict)
	level, text := slog.LevelWarn, p.Err.Error()
	if p.Note {
		level = slog.LevelInfo
	}
	if p.Path != "" {
		text = p.Path + ": " + text
	}
	e.log.Log(context.Background(), level, quote.Clean(text))
	e.Front.Problem(p)
}

// page is a Front that tells the watchers of a job.
type page struct {
	p     *Place
	w     *Watcher
	asked *BackupOptions
	said  io.Writer // what those are told who want to hear how it went
}

// note tells something to know.
func (f *page) note(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	f.w.Note(line)
	fmt.Fprintln(f.said, "snap: "+quote.Clean(line))
}

func (f *page) Listen(by func(io.Writer) io.Writer) { f.said = by(io.Discard) }

func (f *page) SameDisk(ctx context.Context) error {
	d, err := f.p.open(ctx)
	if err != nil {
		return err
	}
	return d.Close()
}

// Nobody has typed a path that could be a slip.
func (f *page) Guard(*settings.Settings, source.Chosen) error       { return nil }
func (f *page) GuardMaking(*settings.Settings, source.Chosen) error { return nil }

func (f *page) NotDue(context.Context) (string, error) { return "", nil }

func (f *page) Options(s *settings.Settings, of source.Chosen) (o backup.Options, err error) {
	o = f.p.BackupOptions(s, of)
	o.Force, o.Tags, o.Note = o.Force || f.asked.Force, f.asked.Tags, validNote(f.asked.Note)
	o.Scan.Filter, err = f.p.filters(of)
	return o, err
}

func (f *page) Line(ctx context.Context) (context.Context, func(progress.State), func()) {
	return ctx, f.w.Progress, func() {}
}

func (f *page) Entry(string, *record.Record, bool) {}

func (f *page) Problem(p backup.Problem) {
	line := p.Err.Error()
	if p.Path != "" {
		line = quote.Name(p.Path) + ": " + line
	}
	if p.Note {
		f.w.Note(line)
	} else {
		f.w.Problem(p.Path, p.Err)
	}
	fmt.Fprintln(f.said, "snap: "+quote.Clean(line))
}

func (f *page) Notes() {}

func (f *page) Came(*BackupResult) error { return nil }

func (f *page) Remote() *RemoteFront { return &RemoteFront{Warn: f.note, Note: f.note} }

func (f *page) Copied(name string, res *CopyResult) error {
	for i := range res.Missing {
		f.w.Problem(res.Missing[i].Path, res.Missing[i].Why)
	}
	f.note("copied %s to %s", text.Plural(len(res.Snapshots), "snapshot", "snapshots"), quote.Name(name))
	if len(res.Missing) > 0 {
		return exit.With(exit.Partial, nil)
	}
	return nil
}

// complaint is an error and what to do about it, a line each.
func complaint(err error) (lines []string) {
	if err == nil || err.Error() == "" {
		return nil
	}
	for _, err := range hint.Parts(err) {
		lines = append(lines, "snap: "+quote.Clean(err.Error()))
	}
	for _, line := range hint.Lines(err, func(text string) string { return text }) {
		lines = append(lines, "snap: "+quote.Clean(line))
	}
	return lines
}
