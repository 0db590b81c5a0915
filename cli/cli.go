// Package cli is the command line of snap: a function of a context, an environment and arguments to an
// exit code. Flags, environment variables and printing stop here.
//
// Invariants:
//
//   - Results go to standard output, all else to standard error as `snap: …`.
//   - No name, and no message that holds one, reaches an output but through package quote.
//   - Nothing here exits, reads the clock or looks at the environment but through Env.
//   - One function, exit.Code, says which error ends in which code.
//
// A command is a value of type command, made by a function that stands in commands; package cmdline makes the parser,
// the help, the manual page and the completion of these.
//
// [Run] is the one call, [Env] all that it takes from the process. Begin to read at program.go, the commands, and
// list.go, a small one. destination.go finds out which destination is meant and opens it for package query, and
// package exit has the exit codes.
package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/meant"
	"snap/cli/text"
	"snap/internal/hint"
	"snap/internal/quote"
)

// Run runs one command line, args[0] being the program, and returns its exit code. What went wrong is
// on env.Stderr by then. It prints nothing after the context is cancelled but the reason.
func Run(ctx context.Context, env Env, args []string) int {
	env.program = newProgram(cmdline.CalledBy(args))
	env.line = typedLine(env.program, args)
	env.terminal = env.Stderr
	if env.StderrTTY && env.StderrWidth != nil {
		env.Stderr = &text.Said{Writer: env.Stderr, Width: env.StderrWidth, Program: env.program.String()}
	}
	out := &output{w: env.Stdout, direct: env.StdoutTTY}
	err := dispatch(ctx, &env, out, args)
	return ended(ctx, &env, exit.WithOutput(err, out.Flush(), out.goesOn))
}

// dispatch finds the command in args and runs it.
func dispatch(ctx context.Context, env *Env, out *output, args []string) error {
	line, err := env.program.Parse(args)
	switch {
	case err != nil:
		return err
	case line.Help:
		return env.program.Help(out, line.Command)
	case line.Version:
		return printVersion(out)
	}
	opts, err := readOptions(line.Values)
	if err != nil {
		return err
	}
	out.goesOn = line.Command.Effect
	c := &call{Style: env.style(opts), ctx: ctx, env: env, out: out, command: line.Command.Name,
		flags: line.Values, opts: opts, args: line.Args, dashed: line.Dashed, plain: line.Implied}
	if err := line.Command.Run(c); err != nil || !c.lacks {
		return err
	}
	return exit.With(exit.Partial, nil)
}

// ended prints err with its hints, and returns its exit code.
func ended(ctx context.Context, env *Env, err error) int {
	code := exit.Code(ctx, err)
	if code == 0 || err.Error() == "" {
		return code
	}
	complain(env, causeOf(ctx, env, err))
	return code
}

// causeOf is what ended the context, where err is that it has ended, with the hints of err.
func causeOf(ctx context.Context, env *Env, err error) error {
	cause := context.Cause(ctx)
	if cause == nil || !errors.Is(err, context.Canceled) {
		return err
	}
	if lines := hint.Lines(err, env.program.Typed); len(lines) > 0 {
		return hint.With(cause, "%s", strings.Join(lines, "\n"))
	}
	return cause
}

// complain prints an error and its hints.
func complain(env *Env, err error) {
	for _, line := range complaint(env, err) {
		fmt.Fprintln(env.Stderr, line)
	}
}

// complaint is an error and its hints, a line each. Of errors that were joined each has its own line.
func complaint(env *Env, err error) (all []string) {
	for _, err := range hint.Parts(err) {
		all = append(all, "snap: "+quote.Clean(err.Error()))
	}
	for _, line := range hint.Lines(err, env.program.Typed) {
		all = append(all, "snap: "+quote.Clean(strings.ReplaceAll(line, exit.SameLine, env.line)))
	}
	return all
}

// typedLine is a command line as it can be typed again, or sameLine if it is too long to be read.
func typedLine(p *program, args []string) string {
	line := p.String()
	for _, arg := range args[min(1, len(args)):] {
		line += " " + quote.Word(arg)
	}
	if len(line) > 300 {
		return exit.SameLine
	}
	return line
}

// otherFlag says what an unknown flag is called here, what to do instead, or which commands have it; "" for nothing.
// cmd is nil for a flag of snap itself.
func otherFlag(cmd *command, name string) string {
	command := ""
	if cmd != nil {
		command = cmd.Name
		if (name == "dry-run" || name == "n") && cmd.Group == groupLook {
			return "snap " + command + " only reads: there is nothing to rehearse"
		}
	}
	if s := meant.Flag(command, name); s != "" {
		return s
	}
	var have []string
	for _, c := range commands() {
		if hasFlag(c.Flags, name) && !c.Hidden {
			have = append(have, "snap "+c.Name)
		}
	}
	if len(have) > 0 && len(name) > 1 {
		return "--" + name + " is a flag of " + strings.Join(have, ", ")
	}
	return ""
}

func hasFlag(all flags, name string) bool {
	for i := range all {
		if f := &all[i]; f.Name == name || slices.Contains(f.Aliases, name) {
			return true
		}
	}
	return false
}
