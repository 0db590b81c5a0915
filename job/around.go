package job

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"snap/backup"
	"snap/cli/exit"
	"snap/cli/logfile"
	"snap/cli/settings"
	"snap/hooks"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/stream"
	"snap/notify"
	"snap/record"
)

// around has the commands that run around a backup, and tells how it went.
//
// The order is that of `snap backup`: before, while the run holds its lock and has written nothing; then, when the
// destination is closed again, after, and on_failure or on_warning by the code that is known then; last, who is to be
// told.
type around struct {
	p       *Place
	w       *Watcher
	want    *settings.Events
	facts   hooks.Facts
	logfile string // of the run, "" for none
	level   string
	log     *slog.Logger // nil while the log is closed
	kept    []string     // what is for the log when it can be opened again
	said    []string     // the last lines, for who is told
	foreign string       // what another user may write: nothing of it is done
	began   bool         // before has run, or could have
	made    bool         // there is a snapshot of what the source holds
	start   chan []error // of telling that the backup begins
}

const (
	saidLines = 30
	saidWidth = 500 // bytes

	// interruptedLimit is how long a command may take after the job was cancelled: somebody waits for the end.
	interruptedLimit = 30 * time.Second
)

// newAround are those of a backup of what like is of; nil if the settings want none.
func (p *Place) newAround(w *Watcher, like *record.Header, s *settings.Settings) *around {
	if s.Events.None() {
		return nil
	}
	a := &around{p: p, w: w, want: &s.Events, level: s.Loglevel,
		facts: hooks.Facts{Dest: p.Dest, Source: strings.Join(like.AllSources(), "\n")}}
	a.foreign = hooks.Foreign(filepath.Join(p.Dest, settings.OptionsFile), filepath.Join(p.Dest, ".snap"))
	if a.foreign != "" {
		w.Note(fmt.Sprintf("no command of %s is run, and nobody is told: %s belongs to another user or may be changed by one",
			settings.OptionsFile, quote.Name(a.foreign)))
	}
	return a
}

// remember keeps a line for who is told.
func (a *around) remember(line string) {
	if a == nil {
		return
	}
	if len(line) > saidWidth {
		line = strings.ToValidUTF8(line[:saidWidth], "") + "…"
	}
	a.said = append(a.said[max(0, len(a.said)-saidLines+1):], line)
}

// begin tells that a backup begins and runs the command before it. An error ends the backup.
func (a *around) begin(ctx context.Context, log *slog.Logger, path string) error {
	if a == nil || a.foreign != "" {
		return nil
	}
	a.began, a.log, a.logfile = true, log, path
	a.start = make(chan []error, 1)
	go func() { a.start <- a.tell(ctx, &notify.Message{Stage: notify.Start}) }()
	if err := a.run(ctx, ctx, hooks.Before); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return exit.With(exit.Before, hint.With(err, "nothing was backed up"))
	}
	return nil
}

// run runs the command of an event, if there is one. job is the context that the job may have been cancelled with.
func (a *around) run(ctx, job context.Context, event hooks.Event) error {
	command := a.want.Commands[event]
	if command == "" {
		return nil
	}
	limit := a.want.Timeout
	if job.Err() != nil && (limit == 0 || limit > interruptedLimit) {
		limit = interruptedLimit
	}
	return hooks.Run(ctx, &hooks.Hook{
		Event: event, Command: command, Limit: limit,
		Env: append(slices.Clone(a.p.Environ), a.facts.Environ(event)...),
		Say: func(line string) { a.say(string(event) + ": " + line) },
	})
}

// say notes something that stands in the log too.
func (a *around) say(line string) {
	a.w.Note(line)
	a.remember(line)
	if a.log != nil {
		a.log.Info(quote.Clean(line))
		return
	}
	a.kept = append(a.kept, line)
}

// done takes in what became of the backup.
func (a *around) done(made bool, res *backup.Result) {
	if a == nil {
		return
	}
	a.log = nil // the destination is about to be closed, and a command may unmount it
	a.made, a.facts.Errors = made, res.Errors
	if h := res.Header; h != nil {
		a.facts.Snapshot, a.facts.Files, a.facts.Copied = filepath.Join(a.p.Dest, h.Name), h.Files, h.CopiedBytes
	}
}

// end runs what is to run after a backup that ended with err, and returns how it ends now.
func (a *around) end(job context.Context, err error) error {
	if a == nil {
		return err
	}
	code := exit.Code(job, err)
	if a.foreign != "" {
		if err == nil {
			err = exit.With(exit.Partial, nil)
		}
		return err
	}
	if code == exit.Usage && !a.began {
		return err
	}
	a.log, a.facts.Code, a.facts.Result = nil, code, "failed"
	switch {
	case a.made && a.facts.Snapshot != "":
		a.facts.Result = "snapshot"
	case a.made:
		a.facts.Result = "unchanged"
	default:
		a.facts.Snapshot = ""
	}
	ctx := context.WithoutCancel(job)
	a.facts.Message = strings.Join(append(slices.Clone(a.said), complaint(err)...), "\n")
	if a.began {
		err = a.finish(ctx, job, hooks.After, err)
	}
	switch code = exit.Code(job, err); code {
	case 0, exit.Interrupted:
	case exit.Partial:
		err = a.finish(ctx, job, hooks.OnWarning, err)
	default:
		err = a.finish(ctx, job, hooks.OnFailure, err)
	}
	failed := []error(nil)
	if a.start != nil {
		failed = <-a.start
	}
	if code != exit.Interrupted {
		for _, err := range append(failed, a.tell(ctx, a.message(job, err))...) {
			a.say(err.Error())
		}
	}
	a.writeLog()
	return err
}

// finish runs the command of an event after the backup. One that fails is told, and makes a backup that was well one
// that needs a look.
func (a *around) finish(ctx, job context.Context, event hooks.Event, err error) error {
	if failed := a.run(ctx, job, event); failed != nil {
		a.say(failed.Error())
		if err == nil {
			err = exit.With(exit.Partial, nil)
			a.facts.Code = exit.Partial
		}
	}
	return err
}

// message is what is told of the end.
func (a *around) message(job context.Context, err error) *notify.Message {
	code := exit.Code(job, err)
	m := &notify.Message{Stage: notify.Failure, Time: a.p.Now()}
	verdict := fmt.Sprintf("no backup (exit code %d)", code)
	switch {
	case code == 0:
		m.Stage, verdict = notify.Well, "all well"
	case a.made:
		m.Stage, verdict = notify.Warning, fmt.Sprintf("done, but something needs a look (exit code %d)", code)
	}
	host, _ := os.Hostname()
	m.Subject = quote.Clean(fmt.Sprintf("snap on %s: backup to %s: %s", host, a.p.Dest, verdict))
	m.Body = strings.Join(append(append(slices.Clone(a.said), complaint(err)...), "", a.summary()), "\n")
	return m
}

// summary is what the backup did, in a line.
func (a *around) summary() string {
	f := &a.facts
	did := "no snapshot made"
	switch f.Result {
	case "snapshot":
		did = fmt.Sprintf("snapshot %s, %d files, %d bytes copied", filepath.Base(f.Snapshot), f.Files, f.Copied)
	case "unchanged":
		did = "nothing changed, no snapshot made"
	}
	if f.Errors > 0 {
		did += fmt.Sprintf(", %d not read", f.Errors)
	}
	return quote.Clean(fmt.Sprintf("backup of %s to %s: %s", strings.ReplaceAll(f.Source, "\n", ", "), f.Dest, did))
}

// tell tells all who want to hear of a message of its stage.
func (a *around) tell(ctx context.Context, m *notify.Message) (failed []error) {
	how := &notify.How{Root: os.Geteuid() == 0, Lookup: a.p.User.LookupEnv, Sleep: stream.Pause}
	for _, t := range a.want.Notify {
		if m.Stage != notify.Well || t.Always() || a.want.Always {
			if err := t.Tell(ctx, m, how); err != nil {
				failed = append(failed, err)
			}
		}
	}
	return failed
}

// writeLog writes to the log what was said after it was closed, if the destination is still there.
func (a *around) writeLog() {
	if len(a.kept) == 0 || a.logfile == "" {
		return
	}
	if _, err := os.Lstat(filepath.Join(a.p.Dest, ".snap")); err != nil {
		return
	}
	log, end := logfile.Open(a.logfile, a.level)
	for _, line := range a.kept {
		log.Info(quote.Clean(line))
	}
	if err := end(); err != nil {
		a.w.Note(err.Error())
	}
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
