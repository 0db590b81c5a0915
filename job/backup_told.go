package job

import (
	"context"
	"fmt"
	"log/slog"

	"snap/backup"
	"snap/cli/events"
	"snap/cli/text"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/record"
)

// caller is what the events around the backup need of it.
func (b *backupRun) caller() events.Caller {
	note := func(format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		b.w.Note(line)
		fmt.Fprintln(b.said, "snap: "+quote.Clean(line))
	}
	return events.Caller{Style: text.Style{Now: b.p.Now, Zone: b.p.Now().Location()}, Environ: b.p.Environ,
		LookupEnv: b.p.User.LookupEnv, Warn: note, Note: note, Complaint: complaint}
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

// Progress, Entry and Problem are what the backup reports.
func (b *backupRun) Progress(s progress.State) { b.w.Progress(s) }

// Entry logs a change.
func (b *backupRun) Entry(path string, r *record.Record, changed bool) {
	if changed && r.Change != record.Silent {
		b.log.Debug(r.Change.String(), "path", path, "reason", r.Reason.String())
	}
}

// Problem tells and logs what did not go as it should.
func (b *backupRun) Problem(problem backup.Problem) {
	line, level := problem.Err.Error(), slog.LevelWarn
	if problem.Path != "" {
		line = quote.Name(problem.Path) + ": " + line
	}
	if problem.Note {
		level = slog.LevelInfo
		b.w.Note(line)
	} else {
		b.w.Problem(problem.Path, problem.Err)
	}
	fmt.Fprintln(b.said, "snap: "+quote.Clean(line))
	b.log.Log(context.Background(), level, quote.Clean(line))
}
