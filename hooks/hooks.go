// Package hooks runs the commands that a destination's settings name for before and after a backup.
//
// Invariants:
//
//   - A command runs only where [Foreign] says that no other user has written it.
//   - It has an end: at its time limit, or when the run is interrupted, it and what it started are ended.
//   - What it prints is handed on line by line, as much of it as anybody reads.
//
// [Run] is the one call. Who decides which command runs when is the command line.
package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"snap/internal/file"
	"snap/internal/quote"
)

// Event is when a command runs.
type Event string

// The events, as $SNAP_EVENT and the settings have them.
const (
	Before    Event = "before"     // before the source is looked at; if it fails there is no backup
	After     Event = "after"      // when the backup is over, however it ended
	OnFailure Event = "on_failure" // no snapshot was made
	OnWarning Event = "on_warning" // it was made, but something needs a look
)

// Facts are what a command is told of the backup.
type Facts struct {
	Dest, Source string // Source: several with line breaks between them
	Result       string // "snapshot", "unchanged" or "failed"; "" before the backup
	Snapshot     string // the folder of the new snapshot, "" without one
	Code         int    // the exit code as it is by now
	Errors       int64  // source files that could not be read
	Files        int64  // in the new snapshot
	Copied       int64  // bytes
	Message      string // the last lines that were said
}

// Environ is what the event is told in its environment.
func (f *Facts) Environ(event Event) []string {
	all := []string{"SNAP_EVENT=" + string(event), "SNAP_DEST=" + f.Dest, "SNAP_SOURCE=" + f.Source}
	code, numbers := "", func(n int64) string { return "" }
	if f.Result != "" {
		code, numbers = strconv.Itoa(f.Code), func(n int64) string { return strconv.FormatInt(n, 10) }
	}
	return append(
		all,
		"SNAP_RESULT="+f.Result,
		"SNAP_SNAPSHOT="+f.Snapshot,
		"SNAP_EXIT_CODE="+code,
		"SNAP_ERRORS="+numbers(f.Errors),
		"SNAP_FILES="+numbers(f.Files),
		"SNAP_COPIED="+numbers(f.Copied),
		"SNAP_MESSAGE="+f.Message,
	)
}

// Hook is one command.
type Hook struct {
	Event   Event
	Command string        // for /bin/sh
	Limit   time.Duration // it is ended after so long; 0: it has no limit
	Env     []string      // its whole environment
	Say     func(line string)
}

// Grace is how long a command that is to end may take for it before it is killed.
const Grace = 5 * time.Second

// maxSaid bounds what is handed on of what a command prints.
const maxSaid = 64 << 10

// Error is a command that failed.
type Error struct {
	Event   Event
	Command string
	Err     error
}

func (e *Error) Error() string {
	return fmt.Sprintf("the command of %s failed: %s: %v", e.Event, quote.Name(e.Command), e.Err)
}
func (e *Error) Unwrap() error { return e.Err }

// Run runs a command and waits for it. An error is an *Error; if ctx is cancelled it has the context's error in it.
func Run(ctx context.Context, h *Hook) error {
	limited, cancel := ctx, context.CancelFunc(func() {})
	if h.Limit > 0 {
		limited, cancel = context.WithTimeout(ctx, h.Limit)
	}
	defer cancel()
	c := exec.CommandContext(limited, "/bin/sh", "-c", h.Command)
	c.Dir = "/" // a command that unmounts the disk of the destination shall not stand in it
	c.Env = h.Env
	said := &lines{say: h.Say}
	c.Stdout, c.Stderr = said, said
	end, err := file.OwnGroup(c)
	if err == nil {
		c.WaitDelay = Grace
		if err = c.Run(); limited.Err() != nil {
			end() // nothing may be left of it
		}
		said.end()
	}
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it went well, and has left something in the background
		return nil
	case ctx.Err() != nil:
		err = context.Cause(ctx)
		if !errors.Is(err, ctx.Err()) {
			err = errors.Join(ctx.Err(), err)
		}
	case limited.Err() != nil:
		err = fmt.Errorf("not done after %s, and ended", h.Limit)
	}
	return &Error{h.Event, h.Command, err}
}

// lines hands on what is written to it, a line at a time.
type lines struct {
	say  func(string)
	rest []byte
	n    int
}

func (l *lines) Write(p []byte) (int, error) {
	all := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			if len(l.rest) < maxSaid {
				l.rest = append(l.rest, p...)
			}
			break
		}
		l.line(append(l.rest, p[:i]...))
		l.rest, p = l.rest[:0], p[i+1:]
	}
	return all, nil
}

func (l *lines) line(text []byte) {
	if l.n > maxSaid || l.say == nil {
		return
	}
	if l.n += len(text) + 1; l.n > maxSaid {
		text = []byte("… and more, which is not shown")
	}
	l.say(string(bytes.TrimRight(text, "\r")))
}

// end hands on a last line that has no end.
func (l *lines) end() {
	if len(l.rest) > 0 {
		l.line(l.rest)
	}
	l.rest = nil
}
