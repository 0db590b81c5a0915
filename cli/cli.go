// Package cli is the command line of snap: a function of a context, an environment and arguments to an
// exit code. Flags, environment variables and printing stop here.
//
// Invariants:
//
//   - Results go to standard output, all else to standard error as `snap: …`.
//   - No name, and no message that holds one, reaches an output but through package quote.
//   - Nothing here exits, reads the clock or looks at the environment but through Env.
//   - One function, exitCode, says which error ends in which code.
//
// A command is a value of type command, made by a function that stands in commands. Only app.go,
// arrange.go and the flags of the commands know urfave/cli.
//
// [Run] is the one call, [Env] all that it takes from the process. Begin to read at command.go, what a command is, and
// list.go, a small one. destination.go finds out which destination is meant and opens it for package query, and
// errors.go has the exit codes.
package cli

import (
	"context"
)

// commands are all commands in the order of the help text. A new one is one line here.
func commands() []*command {
	return []*command{
		backupCommand(),
		initCommand(),
		scheduleCommand(),
		listCommand(),
		lsCommand(),
		diffCommand(),
		findCommand(),
		historyCommand(),
		statsCommand(),
		catCommand(),
		restoreCommand(),
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
	return report(ctx, &env, withOutput(err, out.Flush(), out.goesOn))
}
