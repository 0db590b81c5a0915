package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"strings"
	"time"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/events"
	"snap/cli/exit"
	"snap/cli/logfile"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/pace"
	"snap/internal/quote"
	"snap/record"
)

// backupRun is the state of a backup.
type backupRun struct {
	p      *Place
	w      *Watcher
	s      *settings.Settings
	like   *record.Header
	events *events.Events
	said   io.Writer // what those are told who want to hear how it went
	log    *slog.Logger
	res    BackupResult
	made   bool // there is a snapshot of what the source holds
	noted  bool // how it ended is noted in the destination, or is not to be
}

// run makes the snapshot and keeps to the rules. The destination is closed when it returns.
func (b *backupRun) run(ctx context.Context, asked *BackupOptions) (err error) {
	p := b.p
	begin := p.Now()
	p.User.MakeFolder()
	o, err := b.options(asked)
	if err != nil {
		return err
	}
	d, err := destination.Open(ctx, p.Dest, destination.Options{Mode: destination.Repair,
		Holder: destination.NewHolder(string(Backup), begin), Trust: p.User.Trusted(p.Dest)})
	if err != nil {
		return exit.Hint(err, p.Dest)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	b.log = slog.New(slog.DiscardHandler)
	defer func() {
		b.noted = true
		if err := p.User.NoteRun(d.ID, b.res.Past(&o, p.Now().Sub(begin), err), d.NoteRun); err != nil {
			b.w.Note(fmt.Sprintf("how the run ended could not be noted: %v", err))
		}
	}()
	if d.Stuck != nil {
		b.w.Note(d.Stuck.Error())
	}
	path, none, err := logfile.Path(ctx, d, p.Dest, b.s.Logfile)
	if err != nil {
		return err
	}
	if none != "" {
		b.w.Note(none)
	}
	log, endLog := logfile.Open(path, b.s.Loglevel)
	defer func() { err = errors.Join(err, endLog()) }()
	b.log = log
	if err := b.events.Begin(ctx, log, path); err != nil {
		logfile.Failed(log, "backup", err)
		return err
	}
	if err := b.checkLayout(&o); err != nil { // behind the command before it, which may have mounted something
		logfile.Failed(log, "backup", err)
		return err
	}
	log.Info("backup begins", "source", strings.Join(b.like.AllSources(), ", "))
	o.Report, o.Scan.Own = b, p.ownFiles(b.s.Logfile)
	b.res.Result, err = backup.Run(ctx, d, o)
	b.made = b.res.Skipped || b.res.Header != nil
	b.res.Took = p.Now().Sub(begin)
	b.events.Done(b.made, b.res.Result)
	if err != nil {
		if b.res.Kept {
			err = hint.With(err, "what was copied is kept: the next backup goes on from there")
		}
		logfile.Failed(log, "backup", err)
		return exit.Hint(err, p.Dest)
	}
	return b.afterwards(ctx, d, o.Time)
}

// afterwards is what is done when the backup is.
func (b *backupRun) afterwards(ctx context.Context, d *destination.Destination, at time.Time) error {
	var after []error
	if err := b.prune(ctx, d); err != nil {
		after = append(after, err)
	}
	if err := b.p.remember(d.ID, strings.Join(b.like.AllSources(), ", ")); err != nil {
		b.w.Note(fmt.Sprintf("the list of known destinations could not be written: %v", err))
	}
	b.p.User.Proved(ctx, b.p.Dest, d.DB)
	if err := d.NoteSpace(at); err != nil {
		b.log.Info("free space was not noted", "why", err)
	}
	after = append(after, b.res.After...)
	for _, err := range after {
		b.log.Error(quote.Clean(err.Error()))
	}
	if h := b.res.Header; h != nil {
		b.log.Info("backup done", "snapshot", h.Name, "copied", h.CopiedBytes, "linked", h.Linked, "errors", h.Errors)
	} else {
		b.log.Info("nothing changed", "since", b.res.Previous)
	}
	if err := errors.Join(after...); err != nil {
		return exit.Hint(err, b.p.Dest)
	}
	if b.res.Incomplete() || len(b.res.Stops)+len(b.res.Unknown) > 0 {
		return exit.With(exit.Partial, nil)
	}
	return nil
}

// options puts the settings and what was asked for together.
func (b *backupRun) options(asked *BackupOptions) (backup.Options, error) {
	now := b.p.Now()
	o := b.s.Backup(now.Location())
	o.Source, o.Scan.Roots = b.like.Source, b.like.Roots()
	o.Start, o.Time, o.Force = now, now, o.Force || asked.Force
	o.Note, o.Tags = strings.ToValidUTF8(asked.Note, "\ufffd"), asked.Tags
	o.Users, o.Groups = text.UserName, text.GroupName
	o.Host, _ = os.Hostname()
	if u, err := user.Current(); err == nil {
		o.User = u.Username
	}
	if b.s.MaxRate > 0 {
		o.Pace = pace.New(b.s.MaxRate)
	}
	var err error
	o.Scan.Own = b.p.ownFiles(b.s.Logfile)
	o.Scan.Filter, err = b.p.filters(b.like)
	return o, err
}

// checkLayout refuses a source and a destination that lie in each other, and keeps the scan out of the destination.
func (b *backupRun) checkLayout(o *backup.Options) error {
	never, err := source.CheckLayout(o.Source, o.Scan.Roots, b.p.Dest, func(rel string) (bool, error) {
		v, err := o.Scan.Filter.Explain(rel, true)
		return !v.Walk, err
	})
	o.Scan.Never = []file.Stat{never}
	return exit.Hint(err, b.p.Dest)
}
