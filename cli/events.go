package cli

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/hooks"
	"snap/internal/hint"
	"snap/internal/quote"
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
	made    bool         // there is a snapshot of what the source holds
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

// noEvents takes back that something is wanted: there is no backup that it could be about.
func (c *call) noEvents() {
	if c.events != nil {
		c.env.Stderr = c.events.said.w
		c.events = nil
	}
}

// begin tells that a backup begins and runs the command before it. An error ends the backup.
func (e *events) begin(log *slog.Logger, logfile string, dryRun bool) error {
	if e == nil || e.foreign != "" || e.began {
		return nil
	}
	if dryRun {
		e.rehearse()
		return nil
	}
	e.began, e.log, e.logfile = true, log, logfile
	for _, t := range e.want.Notify {
		if t.Open() {
			e.call.note("what is told to %s can be read on the way there", quote.Name(t.String()))
		}
	}
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
