package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/backup"
	"snap/cli/exit"
	"snap/cli/logfile"
	"snap/cli/settings"
	"snap/hooks"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/stream"
	"snap/notify"
)

// events are the commands that run around a backup, and who is told how it went. A nil one has none.
//
// The order: before, while the run holds its lock and has written nothing; then, when the destination is closed again,
// after, and on_failure or on_warning by the exit code that is known then; last, who is to be told.
type events struct {
	call    *call
	want    *settings.Events
	facts   hooks.Facts
	said    *tail
	logfile string // of the run, "" for none
	level   string
	log     *slog.Logger // nil while the log is closed
	kept    []string     // what is for the log when it can be opened again
	foreign string       // what another user may write: nothing of it is done
	began   bool         // before has run, or could have
	start   chan []error // of telling that the backup begins
}

// interruptedLimit is how long a command may take after an interrupt: somebody waits for the end.
const interruptedLimit = 30 * time.Second

// newEvents are those of a backup of src to dest; nil if the settings want none.
func (c *call) newEvents(dest string, src sources, s *settings.Settings) *events {
	if s.Events.None() {
		return nil
	}
	e := &events{
		call:  c,
		want:  &s.Events,
		level: s.Loglevel,
		facts: hooks.Facts{Dest: dest, Source: strings.Join(src.all(), "\n")},
	}
	e.foreign = hooks.Foreign(filepath.Join(dest, settings.OptionsFile), filepath.Join(dest, ".snap"))
	if e.foreign != "" {
		c.warn(
			"no command of %s is run, and nobody is told: %s belongs to another user or may be changed by one",
			settings.OptionsFile,
			quote.Name(e.foreign),
		)
	}
	e.said = &tail{w: c.env.Stderr}
	c.env.Stderr = e.said
	return e
}

// none takes back that something is wanted: there is no backup that it could be about.
func (e *events) none() *events {
	if e != nil {
		e.call.env.Stderr = e.said.w
	}
	return nil
}

// begin tells that a backup begins and runs the command before it. An error ends the backup.
func (e *events) begin(log *slog.Logger, logfile string, dryRun bool) error {
	if e == nil || e.foreign != "" {
		return nil
	}
	if dryRun {
		e.rehearse()
		return nil
	}
	e.began, e.log, e.logfile = true, log, logfile
	e.start = make(chan []error, 1)
	go func() { e.start <- e.tell(e.call.ctx, &notify.Message{Stage: notify.Start}) }()
	if err := e.run(e.call.ctx, hooks.Before); err != nil {
		if e.call.ctx.Err() != nil {
			return err
		}
		return exit.With(exit.Before, hint.With(err, "nothing was backed up"))
	}
	return nil
}

// rehearse says what a backup would run, and whom it would tell.
func (e *events) rehearse() {
	for _, event := range []hooks.Event{hooks.Before, hooks.After, hooks.OnFailure, hooks.OnWarning} {
		if command := e.want.Commands[event]; command != "" {
			e.call.note("%s would run: %s", event, quote.Name(command))
		}
	}
	var names []string
	for _, t := range e.want.Notify {
		names = append(names, t.String())
	}
	if len(names) > 0 {
		e.call.note("would tell: %s", quote.All(names))
	}
}

// run runs the command of an event, if there is one. What it prints is shown and kept in the log.
func (e *events) run(ctx context.Context, event hooks.Event) error {
	command := e.want.Commands[event]
	if command == "" {
		return nil
	}
	limit := e.want.Timeout
	if e.call.ctx.Err() != nil && (limit == 0 || limit > interruptedLimit) {
		limit = interruptedLimit
	}
	return hooks.Run(ctx, &hooks.Hook{
		Event: event, Command: command, Limit: limit, Env: append(slices.Clone(e.call.env.Environ),
			e.facts.Environ(event)...),
		Say: func(line string) { e.say(string(event) + ": " + line) },
	})
}

// say says something that stands in the log too.
func (e *events) say(line string) {
	e.call.warn("%s", line)
	if e.log != nil {
		e.log.Info(quote.Clean(line))
		return
	}
	e.kept = append(e.kept, line)
}

// done takes in what became of the backup.
func (e *events) done(res *backup.Result) {
	if e == nil || res == nil {
		return
	}
	e.log = nil // the destination is about to be closed, and a command may unmount it
	e.facts.Errors = res.Errors
	if h := res.Header; h != nil {
		e.facts.Snapshot, e.facts.Files, e.facts.Copied = filepath.Join(e.facts.Dest, h.Name), h.Files, h.CopiedBytes
	}
}

// end runs what is to run after a backup that ended with err, and returns how it ends now. made: there is a snapshot of
// what the source holds.
func (e *events) end(made bool, err error) error {
	if e == nil {
		return err
	}
	c := e.call
	c.env.Stderr = e.said.w
	code := exit.Code(c.ctx, err)
	switch {
	case e.foreign != "":
		if err == nil {
			err = exit.With(exit.Partial, nil)
		}
		return err
	case c.flags.Bool("dry-run") || code == exit.Usage:
		return err
	}
	interrupted := code == exit.Interrupted || code == exit.Terminated
	e.facts.Result, e.facts.Code, e.log = "failed", code, nil
	switch {
	case made && e.facts.Snapshot != "":
		e.facts.Result = "snapshot"
	case made:
		e.facts.Result = "unchanged"
	default:
		e.facts.Snapshot = ""
	}
	c.env.Stderr = e.said // what is said from now on is told too
	ctx := context.WithoutCancel(c.ctx)
	e.facts.Message = strings.Join(append(e.said.last(), complaint(c.env, err)...), "\n")
	if e.began {
		err = e.finish(ctx, hooks.After, err)
	}
	switch code = exit.Code(c.ctx, err); {
	case interrupted, code == 0:
	case code == exit.Partial:
		err = e.finish(ctx, hooks.OnWarning, err)
	default:
		err = e.finish(ctx, hooks.OnFailure, err)
	}
	if !interrupted {
		e.tellEnd(ctx, made, err)
	} else if e.start != nil {
		<-e.start
	}
	c.env.Stderr = e.said.w
	e.writeLog()
	return err
}

// finish runs the command of an event after the backup. One that fails is told, and makes a backup that was well one
// that needs a look.
func (e *events) finish(ctx context.Context, event hooks.Event, err error) error {
	if failed := e.run(ctx, event); failed != nil {
		e.say(failed.Error())
		if err == nil {
			err = exit.With(exit.Partial, nil)
			e.facts.Code = exit.Partial
		}
	}
	return err
}

// tellEnd tells how the backup went to those who want to hear of it.
func (e *events) tellEnd(ctx context.Context, made bool, err error) {
	c := e.call
	m := &notify.Message{Stage: notify.Failure, Time: c.env.Now()}
	verdict := fmt.Sprintf("no backup (exit code %d)", exit.Code(c.ctx, err))
	switch code := exit.Code(c.ctx, err); {
	case code == 0:
		m.Stage, verdict = notify.Well, "all well"
	case made:
		m.Stage, verdict = notify.Warning, fmt.Sprintf("done, but something needs a look (exit code %d)", code)
	}
	host, _ := os.Hostname()
	m.Subject = quote.Clean(fmt.Sprintf("snap on %s: backup to %s: %s", host, e.facts.Dest, verdict))
	lines := append(e.said.last(), complaint(c.env, err)...)
	m.Body = strings.Join(append(lines, "", e.summary()), "\n")
	var failed []error
	if e.start != nil {
		failed = <-e.start
	}
	for _, err := range append(failed, e.tell(ctx, m)...) {
		e.say(err.Error())
	}
}

// tell tells all who want to hear of a message of its stage.
func (e *events) tell(ctx context.Context, m *notify.Message) (failed []error) {
	how := &notify.How{Root: os.Geteuid() == 0, Lookup: e.call.env.LookupEnv, Sleep: stream.Pause}
	for _, t := range e.want.Notify {
		if m.Stage != notify.Well || t.Always() || e.want.Always {
			failed = append(failed, t.Tell(ctx, m, how))
		}
	}
	return slices.DeleteFunc(failed, func(err error) bool { return err == nil })
}

// summary is what the backup did, in a line.
func (e *events) summary() string {
	f := &e.facts
	of := fmt.Sprintf("backup of %s to %s: ", strings.ReplaceAll(f.Source, "\n", ", "), f.Dest)
	switch f.Result {
	case "snapshot":
		of += fmt.Sprintf(
			"snapshot %s, %s files, %s copied",
			filepath.Base(f.Snapshot),
			humanize.Comma(f.Files),
			e.call.Size(f.Copied),
		)
	case "unchanged":
		of += "nothing changed, no snapshot made"
	default:
		of += "no snapshot made"
	}
	if f.Errors > 0 {
		of += ", " + strconv.FormatInt(f.Errors, 10) + " not read"
	}
	return quote.Clean(of)
}

// writeLog writes to the log what was said after it was closed, if the destination is still there.
func (e *events) writeLog() {
	if len(e.kept) == 0 || e.logfile == "" {
		return
	}
	if there, _ := isDestination(e.facts.Dest); !there {
		return
	}
	log, end := logfile.Open(e.logfile, e.level)
	for _, line := range e.kept {
		log.Info(quote.Clean(line))
	}
	if err := end(); err != nil {
		e.call.warn("%v", err)
	}
}
