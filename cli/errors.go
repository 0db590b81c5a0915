package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
)

// The exit codes. They are part of the contract: they never change.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitPartial     = 3
	exitRefused     = 4
	exitBefore      = 5
	exitNoDest      = 10
	exitLocked      = 11
	exitInterrupted = 130
	exitTerminated  = 143
)

// allCodes are the exit codes in their order.
var allCodes = []int{0, exitFailed, exitUsage, exitPartial, exitRefused, exitBefore, exitNoDest, exitLocked, exitInterrupted, exitTerminated}

// exitTexts are what help, manual page and README say of the codes.
var exitTexts = map[int]string{
	0: "done; also: nothing changed",
	exitFailed: "failed: nothing was done, or not enough; of backup: there is no new snapshot; check found damage; diff --exit-code " +
		"found changes",
	exitUsage: "wrong usage",
	exitPartial: "done, but not all of it: source files that could not be read, restored files that are damaged, rules that did not " +
		"run, output that could not be written; each is named",
	exitRefused:     "refused by a guard: the source is suddenly empty, another disk or another user's destination, not enough space, a restore would overwrite, most snapshots would be deleted",
	exitBefore:      "the command that the setting before names failed: nothing was backed up",
	exitNoDest:      "not a snap destination",
	exitLocked:      "locked by another run, which the message names",
	exitInterrupted: "interrupted; what a backup has copied is kept for the next one",
	exitTerminated:  "terminated; as with 130",
}

// exitCodes are the codes that a command can end in, in their order.
func (cmd *command) exitCodes() []int {
	codes := append([]int{0, exitFailed, exitUsage, exitInterrupted, exitTerminated}, cmd.codes...)
	if cmd.does {
		codes = append(codes, exitPartial)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
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

// withOutput adds to how a command ended what became of its output, which never hides it. When all was done but nobody
// was told, that is a failure of a command that shows something, and of one that does something an incomplete success:
// with 1 check would say that something is damaged.
func withOutput(err, output error, does bool) error {
	var code *codeError
	switch {
	case output == nil || errors.Is(output, errClosed) && err != nil:
		return err
	case errors.As(err, &code) && err.Error() == "": // all that there was to say was said
		return withCode(code.code, output)
	case err == nil && does && !errors.Is(output, errClosed):
		return withCode(exitPartial, output)
	case err == nil || errors.Is(err, output):
		return output
	}
	return errors.Join(err, output)
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
	case hint.IsUsage(err), errors.As(err, new(*valueMissing)):
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
		if lines := hint.Lines(err, env.program.typed); len(lines) > 0 {
			cause = hint.With(cause, "%s", strings.Join(lines, "\n"))
		}
		err = cause
	}
	complain(env, err)
	return code
}

// complain prints an error and its hints, a line each. Of errors that were joined each has its own line.
func complain(env *Env, err error) {
	for _, err := range hint.Parts(err) {
		fmt.Fprintf(env.Stderr, "snap: %s\n", quote.Clean(err.Error()))
	}
	for _, line := range hint.Lines(err, env.program.typed) {
		fmt.Fprintf(env.Stderr, "snap: %s\n", quote.Clean(strings.ReplaceAll(line, sameLine, env.line)))
	}
}

// sameLine stands in a hint for the command line that was typed.
const sameLine = "snap …"

// typedLine is a command line as it can be typed again, or sameLine if it is too long to be read.
func typedLine(name program, args []string) string {
	line := name.String()
	for _, arg := range args[min(1, len(args)):] {
		line += " " + quote.Word(arg)
	}
	if len(line) > 300 {
		return sameLine
	}
	return line
}
