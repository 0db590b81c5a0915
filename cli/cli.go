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
// A command is a value of type command, made by a function that stands in commands. Only app.go,
// arrange.go and the flags of the commands know urfave/cli.
//
// [Run] is the one call, [Env] all that it takes from the process. Begin to read at command.go, what a command is, and
// list.go, a small one. destination.go finds out which destination is meant and opens it for package query, and
// package exit has the exit codes.
package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"snap/cli/exit"
	"snap/internal/hint"
	"snap/internal/quote"
)

// commands are all commands in the order of the help text. A new one is one line here.
func commands() []*command {
	return []*command{
		backupCommand(),
		initCommand(),
		statusCommand(),
		scheduleCommand(),
		listCommand(),
		lsCommand(),
		diffCommand(),
		findCommand(),
		historyCommand(),
		statsCommand(),
		catCommand(),
		restoreCommand(),
		undeleteCommand(),
		explainCommand(),
		checkCommand(),
		pruneCommand(),
		deleteCommand(),
		purgeCommand(),
		tagCommand(),
		noteCommand(),
		reindexCommand(),
		completionCommand(),
		completeCommand(),
		manCommand(),
		versionCommand(),
		helpCommand(),
	}
}

// Run runs one command line, args[0] being the program, and returns its exit code. What went wrong is
// on env.Stderr by then. It prints nothing after the context is cancelled but the reason.
func Run(ctx context.Context, env Env, args []string) int {
	env.program = calledBy(args)
	env.line = typedLine(env.program, args)
	out := &output{w: env.Stdout, direct: env.StdoutTTY}
	err := dispatch(ctx, &env, out, args)
	return report(ctx, &env, exit.WithOutput(err, out.Flush(), out.goesOn))
}

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
	for _, line := range hint.Lines(err, env.program.typed) {
		all = append(all, "snap: "+quote.Clean(strings.ReplaceAll(line, exit.SameLine, env.line)))
	}
	return all
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

// program is the name that snap was called by, "" for snap. Where another command is called snap it is
// installed as snap-backup, and what its texts tell people to type must not reach the other one.
type program string

// calledBy is the program of a command line.
func calledBy(argv []string) program {
	if len(argv) == 0 {
		return ""
	}
	name := strings.TrimSuffix(filepath.Base(argv[0]), ".exe")
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") != "" || name[0] == '-' ||
		name[0] == '.' {
		return "" // nothing that could be typed as it is
	}
	return program(name)
}

func (p program) String() string {
	if p == "" {
		return "snap"
	}
	return string(p)
}

// typed is text, or a format, with the program's name where it names a command line of snap.
func (p program) typed(text string) string {
	if p.String() == "snap" || !strings.Contains(text, "snap ") {
		return text
	}
	var names []string
	for _, cmd := range commands() {
		names = append(append(names, cmd.name), cmd.aliases...)
	}
	line := regexp.MustCompile(`\bsnap (COMMAND\b|--help\b|%s|(?:` + strings.Join(names, "|") + `)\b)`)
	return line.ReplaceAllString(text, p.String()+" $1")
}
