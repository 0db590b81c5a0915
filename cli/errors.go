package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"snap/index"
)

// The exit codes. They are part of the contract: they never change.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitPartial     = 3
	exitRefused     = 4
	exitNoDest      = 10
	exitLocked      = 11
	exitInterrupted = 130
	exitTerminated  = 143
)

// allCodes are the exit codes in their order.
var allCodes = []int{0, exitFailed, exitUsage, exitPartial, exitRefused, exitNoDest, exitLocked, exitInterrupted, exitTerminated}

// exitTexts are what the help says of the codes.
var exitTexts = map[int]string{
	0:               "done",
	exitFailed:      "failed",
	exitUsage:       "wrong usage",
	exitPartial:     "done, but incomplete: each file that is missing is named",
	exitRefused:     "refused by a guard: source suddenly empty, another disk, not enough space",
	exitNoDest:      "not a snap destination",
	exitLocked:      "locked by another run",
	exitInterrupted: "interrupted",
	exitTerminated:  "terminated",
}

// Interrupted is the cause of a context that a signal cancelled.
type Interrupted struct{ Signal os.Signal }

func (e *Interrupted) Error() string { return "interrupted by signal: " + e.Signal.String() }

// ExitCode is 130 after an interrupt from the keyboard, 143 after any other signal.
func (e *Interrupted) ExitCode() int {
	if e.Signal == os.Interrupt {
		return exitInterrupted
	}
	return exitTerminated
}

// usageError says that the command line is wrong.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// codeError is an error that ends in an exit code of its own. One without a text says nothing more:
// whatever there was to say has been said.
type codeError struct {
	code int
	err  error
}

func (e *codeError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}
func (e *codeError) Unwrap() error { return e.err }

// withCode is err with its exit code; err may be nil when everything was said before.
func withCode(code int, err error) error { return &codeError{code, err} }

// hintError is an error with the way out of it.
type hintError struct {
	err    error
	format string
	args   []any
}

func (e *hintError) Error() string { return e.err.Error() }
func (e *hintError) Unwrap() error { return e.err }

// withHint adds what to do. err may be nil, the answer then is too.
func withHint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hintError{err, format, args}
}

// exitCode is the code that err ends in.
func exitCode(ctx context.Context, err error) int {
	var code *codeError
	var signal *Interrupted
	switch {
	case err == nil, errors.Is(err, errClosed):
		return 0
	case errors.As(err, &signal):
		return signal.ExitCode()
	case errors.Is(err, context.Canceled):
		if errors.As(context.Cause(ctx), &signal) {
			return signal.ExitCode()
		}
		return exitInterrupted
	case errors.As(err, &code):
		return code.code
	case errors.As(err, new(*usageError)), errors.As(err, new(*valueMissing)):
		return exitUsage
	case errors.Is(err, index.ErrBusy):
		return exitLocked
	}
	return exitFailed
}

// report prints err with its hints, and returns its exit code.
func report(ctx context.Context, env *Env, err error) int {
	code := exitCode(ctx, err)
	if code == 0 || err.Error() == "" {
		return code
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
		if lines := hints(err, env.program); len(lines) > 0 {
			cause = withHint(cause, "%s", strings.Join(lines, "\n"))
		}
		err = cause
	}
	complain(env, err)
	return code
}

// complain prints an error and its hints, a line each.
func complain(env *Env, err error) {
	fmt.Fprintf(env.Stderr, "snap: %s\n", clean(err.Error()))
	for _, line := range hints(err, env.program) {
		fmt.Fprintf(env.Stderr, "snap: %s\n", clean(line))
	}
}

// hints are the lines of all hints in err, with the name that snap was called by.
func hints(err error, name program) (lines []string) {
	switch e := err.(type) {
	case *hintError:
		return append(strings.Split(fmt.Sprintf(name.typed(e.format), e.args...), "\n"), hints(e.err, name)...)
	case interface{ Unwrap() error }:
		return hints(e.Unwrap(), name)
	case interface{ Unwrap() []error }:
		for _, e := range e.Unwrap() {
			lines = append(lines, hints(e, name)...)
		}
	}
	return lines
}
