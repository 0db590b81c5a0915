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
	"snap/destination/retention"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/pace"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/record"
)

// BackupOptions are what a backup is asked for, besides the settings of the destination.
type BackupOptions struct {
	Tags  []string
	Note  string
	Force bool // make a snapshot although nothing changed
}

// BackupResult is what a backup did.
type BackupResult struct {
	*backup.Result
	Took time.Duration

	// What keeping to the destination's rules came to afterwards.
	Removed []string // the snapshots that were deleted
	Freed   int64    // bytes
	Stops   []retention.Stop
	Unknown []string // settings that snap does not know, beside which no rule runs
}

// Backup makes a snapshot of what the newest snapshot is of, as `snap backup` does without arguments: with the commands
// before and after it, the log, the rules afterwards, and who is told. nice and ionice are for processes of their own
// and do not count here.
func (p *Place) Backup(ctx context.Context, w *Watcher, o BackupOptions) (*BackupResult, error) {
	s, err := p.settings(w)
	if err != nil {
		return nil, err
	}
	for _, t := range o.Tags {
		if err := settings.CheckTag(t); err != nil {
			return nil, hint.Usagef("tag: %s", err)
		}
	}
	if err := logfile.CheckFolder(p.Dest, s.Logfile); err != nil {
		return nil, err
	}
	like, err := p.like(ctx)
	if err != nil {
		return nil, err
	}
	b := &backupRun{p: p, w: w, s: &s, like: like, said: io.Discard}
	if b.events = events.New(b.caller(), p.Dest, like.AllSources(), &s); b.events != nil {
		b.said = b.events.Listen(io.Discard)
	}
	err = b.run(ctx, &o)
	if code := exit.Code(ctx, err); b.made && code != 0 && code != exit.Interrupted {
		err = exit.With(exit.Partial, err) // the snapshot is there
	}
	err = b.events.End(ctx, err)
	if b.res.Result == nil {
		return nil, err
	}
	return &b.res, err
}

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

// like is the newest snapshot, whose sources are backed up again.
func (p *Place) like(ctx context.Context) (*record.Header, error) {
	d, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	way := fmt.Sprintf("name them once: snap backup %s SRC…", quote.Word(p.Dest))
	if len(d.Snapshots) == 0 {
		return nil, hint.With(fmt.Errorf("destination %s holds no snapshot yet, so that its sources are not known",
			quote.Name(p.Dest)), "%s", way)
	}
	h := d.Snapshots[d.Snapshots.Newest()]
	if h.Source == "" {
		return nil, hint.With(fmt.Errorf("nobody knows the source of snapshot %s", quote.Name(h.Name)), "%s", way)
	}
	return &h, nil
}

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
		if err := d.NoteRun(b.res.Past(&o, p.Now().Sub(begin), err)); err != nil {
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

// prune keeps to the destination's rules, if it has some.
func (b *backupRun) prune(ctx context.Context, d *destination.Destination) error {
	rules := b.s.Keep.Policy(b.p.Now())
	if rules.Empty() {
		return nil
	}
	if b.res.Unknown = b.s.Unknown; len(b.res.Unknown) > 0 {
		return nil // one of them may be a rule with a mistake in it
	}
	plan, err := retention.PlanFor(ctx, d, &rules)
	if err == nil {
		b.res.Stops = plan.Stops
		err = retention.Apply(ctx, d, plan, 0, b.w.Progress)
	}
	if err != nil && !errors.As(err, new(*destination.StuckError)) {
		return fmt.Errorf("the backup is done, but old snapshots could not be deleted by the rules of %s: %w",
			settings.OptionsFile, err)
	}
	for i := range plan.List {
		if e := &plan.List[i]; !e.Keep {
			b.res.Removed = append(b.res.Removed, e.Header.Name)
			b.res.Freed = record.Plus(b.res.Freed, e.Freed)
		}
	}
	if len(b.res.Removed) > 0 {
		b.log.Info("deleted by the rules", "snapshots", strings.Join(b.res.Removed, " "), "freed", b.res.Freed)
	}
	return err
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
