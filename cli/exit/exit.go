// Package exit says what an error means to whoever typed the command line: the exit code that it ends in, and what to
// do about it. [Code] and [Texts] are the contract of the codes; [Hint] and [RestoreHint] know the errors of the
// packages below.
package exit

import (
	"context"
	"errors"
	"os"

	"snap/backup/source"
	"snap/cli/settings"
	"snap/index"
	"snap/internal/hint"
)

// The exit codes. They are part of the contract: they never change.
const (
	Failed      = 1
	Usage       = 2
	Partial     = 3
	Refused     = 4
	Before      = 5
	NoDest      = 10
	Locked      = 11
	WrongKey    = 12
	Unreachable = 13
	Interrupted = 130
	Terminated  = 143
)

// Codes are the exit codes in their order.
var Codes = []int{0, Failed, Usage, Partial, Refused, Before, NoDest, Locked, WrongKey, Unreachable, Interrupted,
	Terminated}

// Texts are what help, manual page and README say of the codes.
var Texts = map[int]string{
	0: "done; also: nothing changed",
	Failed: "failed: nothing was done, or not enough; of backup: there is no new snapshot; check found damage, or " +
		"status knows of some; diff --exit-code found changes",
	Usage: "wrong usage",
	Partial: "done, but not all of it: source files that could not be read, restored files that are damaged, rules that " +
		"did not run, output that could not be written; each is named. Of status and check: something wants attention",
	Refused: "refused by a guard: the source is suddenly empty, another disk or another user's destination, not " +
		"enough space, a restore would overwrite, most or all snapshots would be deleted, a place in a snapshot",
	Before:   "the command that the setting before names failed: nothing was backed up",
	NoDest:   "not a snap destination, or no vault where one should be",
	Locked:   "locked by another run, which the message names; a snapshot that a remote goes on from is to be deleted",
	WrongKey: "the key or passphrase of a vault is wrong or missing",
	Unreachable: "a remote cannot be reached, or refuses the credentials; what is there is whole, and the same command " +
		"again goes on",
	Interrupted: "interrupted; what a backup has copied is kept for the next one",
	Terminated:  "terminated; as with 130",
}

// BySignal is the cause of a context that a signal cancelled.
type BySignal struct{ Signal os.Signal }

func (e *BySignal) Error() string { return "interrupted by signal: " + e.Signal.String() }

// ExitCode is 130 after an interrupt from the keyboard, 143 after any other signal.
func (e *BySignal) ExitCode() int {
	if e.Signal == os.Interrupt {
		return Interrupted
	}
	return Terminated
}

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

// With is err with its exit code; err may be nil when everything was said before.
func With(code int, err error) error { return &codeError{code, err} }

// ErrClosed says that whoever reads standard output has gone, as `head` does. It ends a command quietly.
var ErrClosed = errors.New("standard output was closed")

// WithOutput adds to how a command ended what became of its output, which never hides it. When all was done but nobody
// was told, that is a failure of a command that shows something, and of one that does something an incomplete success:
// with 1 check would say that something is damaged.
func WithOutput(err, output error, does bool) error {
	var code *codeError
	switch {
	case output == nil || errors.Is(output, ErrClosed) && err != nil:
		return err
	case errors.As(err, &code) && err.Error() == "": // all that there was to say was said
		return With(code.code, output)
	case err == nil && does && !errors.Is(output, ErrClosed):
		return With(Partial, output)
	case err == nil || errors.Is(err, output):
		return output
	}
	return errors.Join(err, output)
}

// Typed reports whether err is about what was typed, which whoever typed it sees: a source that is none of the
// destination's, too. What stands in the user's files, or
// lies in what, is met by a backup that nobody watches, too.
func Typed(err error) bool {
	return errors.Is(err, source.ErrOther) || hint.IsUsage(err) && !settings.IsWrong(err) &&
		!errors.As(err, new(*source.LayoutError))
}

// Code is the code that err ends in.
func Code(ctx context.Context, err error) int {
	var code *codeError
	var signal *BySignal
	switch {
	case err == nil, errors.Is(err, ErrClosed):
		return 0
	case errors.As(err, &signal):
		return signal.ExitCode()
	case errors.Is(err, context.Canceled):
		if errors.As(context.Cause(ctx), &signal) {
			return signal.ExitCode()
		}
		return Interrupted
	case errors.As(err, &code):
		return code.code
	case hint.IsUsage(err):
		return Usage
	case errors.Is(err, index.ErrBusy):
		return Locked
	}
	return remoteCode(err)
}
