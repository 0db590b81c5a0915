package cli

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"github.com/urfave/cli/v2"

	"snap/internal/hint"
	"snap/internal/quote"
)

// dispatch finds the command in argv and runs it.
func dispatch(ctx context.Context, env *Env, out *output, argv []string) error {
	all := commands()
	line := new(line)
	app := newApp(all, env.program, func(cmd *command) cli.ActionFunc {
		return func(u *cli.Context) error { return invoke(cmd, u, env, out, line, all) }
	})
	var err error
	if *line, err = arrange(app, argv); err != nil {
		return err
	}
	switch {
	case line.help:
		return printHelp(out, app, all, line.command)
	case line.version:
		return printVersion(out)
	case line.command == nil:
		return printHelp(out, app, all, nil)
	}
	return app.RunContext(ctx, line.args)
}

// newApp is the command tree as urfave/cli wants it. It only parses and dispatches: help, errors and
// completion are our own, because its ones print to standard output, exit, or evaluate what was typed.
func newApp(all []*command, name program, action func(*command) cli.ActionFunc) *cli.App {
	usage := func(_ *cli.Context, err error, _ bool) error { return hint.Usagef("%s", valueError(err)) }
	app := &cli.App{
		Name: name.String(), HideHelp: true, HideVersion: true,
		DisableSliceFlagSeparator: true, // paths hold commas
		Flags:                     globalFlags(),
		Writer:                    io.Discard, ErrWriter: io.Discard,
		ExitErrHandler: func(*cli.Context, error) {}, // else it exits, and nothing deferred is done
		OnUsageError:   usage,
	}
	for _, cmd := range all {
		u := &cli.Command{
			Name: cmd.name, Aliases: cmd.aliases, Usage: cmd.short, UsageText: cmd.text(), Category: cmd.group,
			Hidden: cmd.hidden, HideHelp: true, Flags: cmd.flags, OnUsageError: usage,
		}
		if action != nil {
			u.Action = action(cmd)
		}
		app.Commands = append(app.Commands, u)
	}
	return app
}

// badValue is how the flag package says that a value is none of the flag's kind.
var badValue = regexp.MustCompile(`^invalid (boolean )?value (".*") for (?:flag )?-([a-z-]+): `)

// valueError says it as our other errors do.
func valueError(err error) string {
	m := badValue.FindStringSubmatch(err.Error())
	if m == nil {
		return err.Error()
	}
	value, _ := strconv.Unquote(m[2])
	if m[1] != "" {
		return fmt.Sprintf("--%s=%s: the flag takes no value", m[3], quote.Name(value))
	}
	return fmt.Sprintf("--%s %s: it is a whole number", m[3], quote.Name(value))
}

// invoke checks what every command line must hold to and runs the command.
func invoke(cmd *command, u *cli.Context, env *Env, out *output, line *line, all []*command) error {
	opts, err := readOptions(u)
	if err != nil {
		return err
	}
	opts.verbose = line.verbose
	c := &call{Style: env.style(opts), ctx: u.Context, env: env, out: out, flags: u, opts: opts, args: u.Args().Slice(),
		all: all}
	if n := len(c.args) - line.dashed; cmd.dashed {
		c.args, c.dashed = c.args[:n], c.args[n:]
	}
	if n := len(c.args); n < cmd.min || cmd.max >= 0 && n > cmd.max {
		return hint.With(hint.Usagef("%s: %s", cmd.name, countError(cmd, n)), "usage: %s", env.program.typed(cmd.usage()))
	}
	out.goesOn = cmd.does
	return cmd.run(c)
}

func countError(cmd *command, n int) string {
	if n < cmd.min {
		return "an argument is missing"
	}
	return "too many arguments"
}
