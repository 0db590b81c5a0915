package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/wire"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/job"
	"snap/record"
)

// backupFront is a command line that makes a backup: it guards against slips of who typed it, and shows what the backup
// does: the marks of changes with -v and -n, every file with its reason with -vv, problems always.
type backupFront struct {
	call  *call
	dest  string
	notes report.FewNotes
	err   error // of printing
}

// Listen has what is told on standard error go through by.
func (f *backupFront) Listen(by func(io.Writer) io.Writer) { f.call.env.Stderr = by(f.call.env.Stderr) }

// SameDisk refuses another disk in the place of the destination.
func (f *backupFront) SameDisk(context.Context) error { return f.call.checkDisk(f.dest, false) }

// Guard refuses a first backup beside snapshots of another program.
func (f *backupFront) Guard(s *settings.Settings, of source.Chosen) error {
	return f.call.checkStrangers(f.dest, of, s.Format)
}

// NotDue says why --if-older makes no backup.
func (f *backupFront) NotDue(context.Context) (string, error) { return f.call.notDue(f.dest) }

// Options puts flags, settings and defaults together.
func (f *backupFront) Options(s *settings.Settings, of source.Chosen) (backup.Options, error) {
	return f.call.backupOptions(s, f.dest, of)
}

// GuardMaking refuses a folder that holds other things, and another user's words to root.
func (f *backupFront) GuardMaking(s *settings.Settings, of source.Chosen) error {
	if err := f.call.checkStrange(f.dest, of.All()[0], s.Format); err != nil {
		return err
	}
	return f.call.checkTakeOver(f.dest, s)
}

// Line is the line of progress.
func (f *backupFront) Line(ctx context.Context) (context.Context, func(progress.State), func()) {
	return f.call.lineOf(ctx)
}

// Entry shows what was recorded of a path.
func (f *backupFront) Entry(path string, rec *record.Record, changed bool) {
	c := f.call
	show := c.opts.verbose > 1 || changed && rec.Change != record.Silent && (c.opts.verbose > 0 || c.flags.Bool("dry-run"))
	switch {
	case !show || c.opts.quiet || f.err != nil:
	case c.opts.json:
		f.err = c.json(wire.NewBackupChange(path, rec, changed))
	default:
		f.err = c.print().BackupChange(path, rec, changed, c.opts.verbose > 1)
	}
}

// Problem says what did not go as it should.
func (f *backupFront) Problem(p backup.Problem) {
	c := f.call
	if p.Note && (c.opts.quiet || p.Path != "" && c.opts.verbose == 0 && !f.notes.Pass(p.Err)) {
		return
	}
	text := p.Err.Error()
	if p.Path != "" {
		text = quote.Name(p.Path) + ": " + text
	}
	fmt.Fprintf(c.env.Stderr, "snap: %s\n", quote.Clean(text))
}

// Notes says how many notes were not printed.
func (f *backupFront) Notes() {
	if more := f.notes.More(); more > 0 {
		f.call.note("and %s more such notes about single files: -v shows them, and so does the log", humanize.Comma(more))
	}
}

// Came prints what the backup came to.
func (f *backupFront) Came(b *job.BackupResult) error {
	c := f.call
	switch {
	case c.opts.json:
		return c.json(b.JSON())
	case c.opts.quiet:
		return nil
	}
	if b.Previous == "" && !c.finds(f.dest) {
		b.Name = f.dest
	}
	return c.print().Backup(&b.Backup)
}

// Remote opens remotes.
func (f *backupFront) Remote() *job.RemoteFront { return f.call.remoteFront() }

// Copied prints what a copy to a remote did.
func (f *backupFront) Copied(name string, res *job.CopyResult) error {
	return f.call.tellCopied(name, res, false)
}
