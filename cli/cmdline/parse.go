package cmdline

import (
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"snap/internal/hint"
	"snap/internal/quote"
)

// Line is a command line that was read.
type Line[C any] struct {
	Command *Command[C] // what it names, or the default; nil where it asks for the help or the version of the program
	Implied bool        // no command was named, and so it is the default
	Help    bool        // it asks for the help of Command
	Version bool        // it asks for the version

	// What the line gives to its command; none of it where it asks for help or version.
	Values
	Args   []string
	Dashed []string // the arguments after "--" of a command that keeps them apart
}

// Parse reads a command line, argv[0] being the program. Its errors are usage errors; then there is no line.
func (p *Program[C]) Parse(argv []string) (*Line[C], error) {
	a, err := p.arrange(argv)
	if err != nil {
		return nil, err
	}
	line := &Line[C]{Command: a.command}
	switch {
	case a.times["help"] > 0 || a.command == nil && a.times["version"] == 0 && p.Default == "":
		line.Help = true
		return line, nil
	case a.times["version"] > 0:
		line.Version = true
		return line, nil
	case a.command == nil: // with flags of the program at most
		if a, err = p.arrange(append(slices.Clone(argv), p.Default)); err != nil {
			return nil, err
		}
		line.Command, line.Implied = a.command, true
	}
	if line.Values, err = p.values(&a); err != nil {
		return nil, err
	}
	line.Args = line.flags.Args().Slice()
	return line, line.check(p, a.dashed)
}

// values has urfave/cli read an arranged line. It only parses: help, errors and completion are our own, because its
// ones print to standard output, exit, or evaluate what was typed.
func (p *Program[C]) values(a *arranged[C]) (v Values, err error) {
	usage := func(_ *cli.Context, err error, _ bool) error { return valueError(err) }
	app := &cli.App{
		Name: p.String(), HideHelp: true, HideVersion: true,
		DisableSliceFlagSeparator: true, // paths hold commas
		Flags:                     parsers(p.Flags),
		Writer:                    io.Discard, ErrWriter: io.Discard,
		ExitErrHandler: func(*cli.Context, error) {}, // else it exits, and nothing deferred is done
		OnUsageError:   usage,
		Commands: []*cli.Command{{
			Name: a.command.Name, HideHelp: true, Flags: parsers(a.command.Flags), OnUsageError: usage,
			Action: func(u *cli.Context) error {
				v = Values{u, a.times}
				return nil
			},
		}},
	}
	err = app.Run(a.args)
	return v, err
}

// badValue is how the flag package says that a value is none of the flag's kind.
var badValue = regexp.MustCompile(`^invalid (boolean )?value (".*") for (?:flag )?-([a-z-]+): `)

// valueError says it as our other errors do.
func valueError(err error) error {
	m := badValue.FindStringSubmatch(err.Error())
	if m == nil {
		return hint.Usage(err)
	}
	value, _ := strconv.Unquote(m[2])
	if m[1] != "" {
		return hint.Usagef("--%s=%s: the flag takes no value", m[3], quote.Name(value))
	}
	if value == "" {
		return blank("--" + m[3] + ": the number")
	}
	return hint.Usagef("--%s %s: must be a whole number", m[3], quote.Name(value))
}

// check looks at what every line must hold to; dashed of the arguments stood after "--".
func (l *Line[C]) check(p *Program[C], dashed int) error {
	cmd := l.Command
	for _, flags := range [][]Flag[C]{p.Flags, cmd.Flags} {
		for i := range flags {
			if err := flags[i].check(l.Values); err != nil {
				return err
			}
		}
	}
	if i := slices.Index(l.Args, ""); i >= 0 && (cmd.Blank == 0 || i < cmd.Blank) {
		return hint.With(blank(cmd.Name+": "+cmd.argument(i)), "usage: %s", p.Typed(p.usage(cmd)))
	}
	if n := len(l.Args) - dashed; cmd.Dashed {
		l.Args, l.Dashed = l.Args[:n], l.Args[n:]
	}
	why := ""
	switch n := len(l.Args); {
	case n < cmd.Min:
		why = "an argument is missing"
	case cmd.Max >= 0 && n > cmd.Max:
		why = "too many arguments"
	default:
		return nil
	}
	return hint.With(hint.Usagef("%s: %s", cmd.Name, why), "usage: %s", p.Typed(p.usage(cmd)))
}

// argument is what the argument at position i is called in the usage line.
func (c *Command[C]) argument(i int) string {
	var names []string
	args, _, _ := strings.Cut(c.Args, "(") // behind it are flags
	for _, word := range strings.Fields(args) {
		name := strings.Trim(word[strings.LastIndexByte(word, '|')+1:], "[]…") // REF[:PATH]|PATH: most likely a path
		if name != "" && name[0] >= 'A' && name[0] <= 'Z' {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "an argument"
	}
	return names[min(i, len(names)-1)]
}
