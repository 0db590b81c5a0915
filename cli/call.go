package cli

import (
	"context"
	"fmt"
	"time"

	"snap/cli/cmdline"
	"snap/cli/locate"
	"snap/cli/report"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/remote"
)

// call is one invocation of a command: what it was given, and where its answers go.
type call struct {
	text.Style

	ctx     context.Context
	env     *Env
	out     *output        // standard output
	command string         // its name
	flags   cmdline.Values // of the command
	opts    options        // the global ones
	args    []string
	dashed  []string      // the arguments after "--", for a command that keeps them apart
	found   locate.Found  // the destination, once find has looked for it
	which   bool          // the command itself tells which destination it is; false: find does, if there are several
	plain   bool          // snap was typed without a command
	reached *remote.Place // the remote that is asked; nil: none is
	lacks   bool          // snapshots of it are not answered for, and were named: exit 3 at least

	stdin   []byte // what standard input holds, if a flag asked for it
	stdinOf string // that flag
}

// printf prints on standard output. Its error is final.
func (c *call) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(c.out, format, args...)
	return err
}

// say prints a sentence, wrapped where the terminal is narrow.
func (c *call) say(format string, args ...any) error {
	return c.printf("%s\n", c.WrapTyped(fmt.Sprintf(format, args...), "  ", c.env.program.String()))
}

// note says something that -q silences, on standard error.
func (c *call) note(format string, args ...any) {
	if !c.opts.quiet {
		c.warn(format, args...)
	}
}

// warn says something on standard error. What was printed before it comes before it, also where both go to one
// file, as to the mail of cron.
func (c *call) warn(format string, args ...any) {
	c.out.Flush() // an error stays in out
	fmt.Fprintf(c.env.Stderr, "snap: %s\n", quote.Clean(fmt.Sprintf(c.env.program.Typed(format), args...)))
}

// progress is the line that shows how long work gets on, nil where standard error is no terminal or -q was given. The
// context of c takes its meter along from now on. What is printed while the line is there comes to stand above it.
func (c *call) progress() *text.Progress {
	if !c.env.StderrTTY || c.opts.quiet || c.opts.json {
		return nil
	}
	ctx, meter := progress.Watch(c.ctx)
	line := text.NewProgress(text.Terminal{Writer: c.env.terminal, Width: c.env.StderrWidth,
		Foreground: c.env.Foreground}, c.Style, meter)
	c.ctx, c.env.Stderr = ctx, line.Messages(c.env.Stderr)
	if c.env.StdoutTTY {
		c.out.w = line.Messages(c.out.w)
	}
	return line
}

// lineOf is the line of progress of work that is done with ctx.
func (c *call) lineOf(ctx context.Context) (on context.Context, show func(progress.State), end func()) {
	c.ctx = ctx
	line := c.progress()
	return c.ctx, line.Show, line.End
}

// now is the time, in the zone that times are shown and read in.
func (c *call) now() time.Time {
	if c.opts.utc {
		return c.env.Now().UTC()
	}
	return c.env.Now()
}

// raw reports whether -0 asks for bare names, each closed by a NUL.
func (c *call) raw() (bool, error) {
	if !c.flags.Bool("0") {
		return false, nil
	}
	if c.opts.json {
		return false, hint.Usagef("-0 and --json exclude each other")
	}
	return true, nil
}

// rawFlag is -0 of a command that lists names.
func rawFlag() cmdline.Flag[*call] {
	return cmdline.Flag[*call]{Name: "0", Aliases: []string{"null"},
		Usage: "print only the names, each followed by a NUL byte"}
}

// json prints v as one line. Characters that a terminal would obey are escaped: JSON may stand on one.
func (c *call) json(v any) error {
	b, err := wire.Encode(v)
	if err != nil {
		return err
	}
	_, err = c.out.Write(append(b, '\n'))
	return err
}

// print writes results as text for people.
func (c *call) print() *report.Printer {
	return &report.Printer{Style: c.Style, Out: c.out, Warn: c.warn, Note: c.note,
		Program: c.env.program.String(), Typed: c.env.program.Typed}
}
