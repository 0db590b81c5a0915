// Package events has what happens around a backup: the commands that run before and after it, and who is told how it
// went, as the settings say.
//
// The order: before, while the run holds its lock and has written nothing; then, when the destination is closed again,
// after, and on_failure or on_warning by the exit code that is known then; last, who is to be told.
//
// Whatever a backup ends with that is not well is told, also by settings that cannot be used: as far as they can be
// read. Only who is there sees it himself: who typed what cannot be, or pressed Ctrl-C.
//
// [New] begins, [Events.Of], [Events.Begin], [Events.Done] and [Events.End] follow the backup.
package events

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/hooks"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/notify"
)

// Caller is the command that makes the backup.
type Caller struct {
	text.Style
	Environ    []string                         // of the commands that are run
	LookupEnv  func(key string) (string, bool)  // for what notify needs to know
	Warn, Note func(format string, args ...any) // on standard error
	Complaint  func(err error) []string         // an error and its hints, as the command prints them
	DryRun     bool                             // nothing is run and nobody told: it is said what would be
	Quiet      bool                             // what a command prints is shown only if it fails
}

// Events are those of one backup. A nil one has none.
type Events struct {
	caller  Caller
	want    *settings.Events
	facts   hooks.Facts
	said    *tail
	logfile string // of the run, "" for none
	level   string
	log     *slog.Logger // nil while the log is closed
	kept    []string     // what is for the log when it can be opened again
	foreign string       // what another user may write: nothing of it is done
	began   bool         // before has run, or could have
	trouble []string     // what went wrong after the backup
	made    bool         // there is a snapshot of what the source holds
	start   chan []error // of telling that the backup begins
}

// interruptedLimit is how long a command may take after an interrupt: somebody waits for the end.
const interruptedLimit = 30 * time.Second

// New are those of a backup to dest; nil if the settings want none.
func New(c Caller, dest string, s *settings.Settings) *Events {
	if s.Events.None() {
		return nil
	}
	e := &Events{
		caller: c,
		want:   &s.Events,
		level:  s.Loglevel,
		facts:  hooks.Facts{Dest: dest},
	}
	e.foreign = hooks.Foreign(filepath.Join(dest, settings.OptionsFile), filepath.Join(dest, ".snap"))
	if e.foreign != "" {
		c.Warn("%s", e.foreignText())
	}
	return e
}

func (e *Events) foreignText() string {
	return fmt.Sprintf("no command of %s is run, and nobody is told: %s belongs to another user or may be changed by one",
		settings.OptionsFile, quote.Name(e.foreign))
}

// Listen is a writer to w that keeps what is said during the backup for those who are told of it.
func (e *Events) Listen(w io.Writer) io.Writer {
	e.said = &tail{w: w}
	return e.said
}

// Of says what is backed up.
func (e *Events) Of(sources []string) {
	if e != nil {
		e.facts.Source = strings.Join(sources, "\n")
	}
}

// Cancel takes back that something is wanted: there is no backup that it could be about.
func (e *Events) Cancel() {
	if e != nil {
		e.said.keeps(false)
	}
}

// Begin tells that a backup begins and runs the command before it. An error ends the backup.
func (e *Events) Begin(ctx context.Context, log *slog.Logger, logfile string) error {
	if e == nil || e.foreign != "" || e.began {
		return nil
	}
	if e.caller.DryRun {
		e.rehearse()
		return nil
	}
	e.began, e.log, e.logfile = true, log, logfile
	for _, t := range e.want.Notify {
		if t.Open() {
			e.caller.Note("what is told to %s can be read on the way there", quote.Name(t.String()))
		}
	}
	e.start = make(chan []error, 1)
	go func() { e.start <- e.tell(ctx, &notify.Message{Stage: notify.Start}) }()
	if err := e.run(ctx, hooks.Before); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return exit.With(exit.Before, hint.With(err, "nothing was backed up"))
	}
	return nil
}

// rehearse says what a backup would run, and whom it would tell.
func (e *Events) rehearse() {
	for _, event := range []hooks.Event{hooks.Before, hooks.After, hooks.OnFailure, hooks.OnWarning} {
		if command := e.want.Commands[event]; command != "" {
			e.caller.Note("%s would run: %s", event, quote.Name(command))
		}
	}
	var names []string
	for _, t := range e.want.Notify {
		names = append(names, t.String())
	}
	if len(names) > 0 {
		e.caller.Note("would tell: %s", quote.All(names))
	}
}

// run runs the command of an event, if there is one. What it prints is shown and kept in the log.
func (e *Events) run(ctx context.Context, event hooks.Event) error {
	command := e.want.Commands[event]
	if command == "" {
		return nil
	}
	limit := e.want.Timeout
	if ctx.Err() != nil && (limit == 0 || limit > interruptedLimit) {
		limit = interruptedLimit
	}
	if event != hooks.Before { // it runs after an interrupt too
		ctx = context.WithoutCancel(ctx)
	}
	var kept []string
	err := hooks.Run(ctx, &hooks.Hook{
		Event: event, Command: command, Limit: limit, Env: append(slices.Clone(e.caller.Environ),
			e.facts.Environ(event)...),
		Say: func(line string) {
			if line = string(event) + ": " + line; e.caller.Quiet {
				kept = append(kept, line)
			} else {
				e.say(line)
			}
		},
	})
	for _, line := range kept {
		if err != nil {
			e.say(line)
		} else {
			e.said.add("snap: " + quote.Clean(line)) // who is told hears it all the same
			e.logLine(line)
		}
	}
	return err
}

// say says something that stands in the log too.
func (e *Events) say(line string) {
	e.caller.Warn("%s", line)
	e.logLine(line)
}

// logLine puts a line into the log, now or when that can be opened again.
func (e *Events) logLine(line string) {
	if e.log != nil {
		e.log.Info(quote.Clean(line))
		return
	}
	e.kept = append(e.kept, line)
}
