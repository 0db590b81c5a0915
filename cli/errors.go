package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"snap/cli/exit"
	"snap/internal/hint"
	"snap/internal/quote"
)

// exitCodes are the codes that a command can end in, in their order.
func (cmd *command) exitCodes() []int {
	codes := append([]int{0, exit.Failed, exit.Usage, exit.Interrupted, exit.Terminated}, cmd.codes...)
	if cmd.does {
		codes = append(codes, exit.Partial)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// report prints err with its hints, and returns its exit code.
func report(ctx context.Context, env *Env, err error) int {
	code := exit.Code(ctx, err)
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
		fmt.Fprintf(env.Stderr, "snap: %s\n", quote.Clean(strings.ReplaceAll(line, exit.SameLine, env.line)))
	}
}

// typedLine is a command line as it can be typed again, or sameLine if it is too long to be read.
func typedLine(name program, args []string) string {
	line := name.String()
	for _, arg := range args[min(1, len(args)):] {
		line += " " + quote.Word(arg)
	}
	if len(line) > 300 {
		return exit.SameLine
	}
	return line
}
