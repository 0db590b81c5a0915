package cmdline

import (
	"slices"
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
)

// arranged is a command line put in the order that urfave/cli can read: the program, its flags, the command, the
// command's flags, "--", its arguments. By itself urfave/cli stops at the first argument and takes every flag after
// that for an argument, without an error.
type arranged[C any] struct {
	args    []string
	command *Command[C]    // nil when none was named
	dashed  int            // how many of the arguments stood after the user's "--"
	times   map[string]int // how often each flag of the program that takes no value was given
}

// value is the last value of a flag on the line, "" where it has none.
func (l *arranged[C]) value(flag string) (last string) {
	for _, a := range l.args {
		if a == "--" {
			break
		}
		if v, ok := strings.CutPrefix(a, "--"+flag+"="); ok {
			last = v
		}
	}
	return last
}

// arrange walks argv along the commands. A flag belongs to the command that is named anywhere on the line if that has
// it, else to the program. "--" ends the flags; "-" alone is an argument. Short flags may be joined (-lR), the last
// one with its value (-d/mnt).
func (p *Program[C]) arrange(argv []string) (arranged[C], error) {
	a := arranger[C]{program: p, line: arranged[C]{times: map[string]int{}}, given: map[string]string{}}
	var words []string // arguments before the user's "--"
	rest := argv[min(1, len(argv)):]
	for len(rest) > 0 {
		word := rest[0]
		rest = rest[1:]
		var err error
		switch {
		case word == "--":
			a.line.dashed, words, rest = len(rest), append(words, rest...), nil
		case len(word) > 1 && word[0] == '-':
			rest, err = a.option(word, rest)
		case a.line.command == nil:
			a.line.command, err = p.Command(word)
		default:
			words = append(words, word)
		}
		if err != nil {
			return arranged[C]{}, err
		}
	}
	if a.line.command == nil && a.line.dashed > 0 {
		return arranged[C]{}, hint.Usagef("no command before \"--\"")
	}
	for _, o := range a.early { // flags of a command that was named later
		if a.line.command == nil || named(a.line.command.Flags, o.name) == nil {
			return arranged[C]{}, a.unknown(o.typed, o.name)
		}
		a.own = append(a.own, o.text)
	}
	l := a.line
	l.args = append([]string{p.String()}, a.global...)
	if l.command != nil {
		l.args = slices.Concat(l.args, []string{l.command.Name}, a.own, []string{"--"}, words)
	}
	return l, nil
}

type arranger[C any] struct {
	program *Program[C]
	line    arranged[C]
	global  []string
	own     []string          // flags of the command
	given   map[string]string // the values of flags so far
	early   []option          // flags that are not of the program, before the command was named
}

// option is one flag, with its value in text.
type option struct{ name, typed, text string }

// option takes one word with flags, and the value of the last one from rest if it is there.
func (a *arranger[C]) option(word string, rest []string) ([]string, error) {
	if strings.HasPrefix(word, "--") {
		name, value, joined := strings.Cut(word[2:], "=")
		return a.add(word, name, value, joined, rest)
	}
	for i := 1; i < len(word); i++ {
		name := word[i : i+1]
		f := a.find(name)
		if f == nil {
			return rest, a.unknown(word, name)
		}
		if f.takesValue() && i+1 < len(word) {
			return a.add(word, name, strings.TrimPrefix(word[i+1:], "="), true, rest)
		}
		var err error
		if rest, err = a.add("-"+name, name, "", false, rest); err != nil {
			return rest, err
		}
	}
	return rest, nil
}

// add files one flag where it belongs.
func (a *arranger[C]) add(typed, name, value string, joined bool, rest []string) ([]string, error) {
	f := a.find(name)
	if f == nil {
		return rest, a.unknown(typed, name)
	}
	if f.takesValue() && !joined {
		if len(rest) == 0 {
			return rest, hint.Usage(&valueMissing{typed})
		}
		value, joined, rest = rest[0], true, rest[1:]
	}
	if before, twice := a.given[f.Name]; twice && f.one() && before != value {
		flag, _, _ := strings.Cut(typed, "=")
		return rest, hint.Usagef("%s: given twice, as %s and as %s", flag, quote.Word(before), quote.Word(value))
	}
	a.given[f.Name] = value
	text := "--" + f.Name
	if joined {
		text += "=" + value
	}
	switch {
	case a.line.command != nil && named(a.line.command.Flags, f.Name) != nil:
		a.own = append(a.own, text)
	case named(a.program.Flags, f.Name) != nil:
		if !f.takesValue() && value != "false" {
			a.line.times[f.Name]++
		}
		a.global = append(a.global, text)
	default:
		a.early = append(a.early, option{f.Name, typed, text})
	}
	return rest, nil
}

// find is the flag of this name: the command's, the program's, or, while no command was named, that of any command.
// Flags of one name must take values in all commands or in none.
func (a *arranger[C]) find(name string) *Flag[C] {
	if a.line.command != nil {
		if f := named(a.line.command.Flags, name); f != nil {
			return f
		}
		return named(a.program.Flags, name)
	}
	if f := named(a.program.Flags, name); f != nil {
		return f
	}
	for _, c := range a.program.Commands {
		if f := named(c.Flags, name); f != nil {
			return f
		}
	}
	return nil
}

func (a *arranger[C]) unknown(typed, name string) error {
	if len(name) > 1 {
		typed = "--" + name
	}
	err := hint.Usagef("unknown flag %s", quote.Name(typed))
	where, flags := a.program.String(), a.program.Flags
	if c := a.line.command; c != nil {
		err = hint.Usagef("%s: unknown flag %s", c.Name, quote.Name(typed))
		where, flags = where+" "+c.Name, slices.Concat(c.Flags, flags)
	}
	if a.program.OtherFlag != nil {
		if s := a.program.OtherFlag(a.line.command, name); s != "" {
			return hint.With(err, "%s", hint.Text(s))
		}
	}
	var known []string
	for _, f := range flags {
		known = append(known, f.names()...)
	}
	if n := hint.Nearest(name, known); len(name) > 1 && len(n) > 1 {
		return hint.With(err, "did you mean %q?", "--"+n)
	}
	return hint.With(err, "for the flags: %s --help", where)
}

// valueMissing says that the line ends where a flag's value should be.
type valueMissing struct{ flag string }

func (e *valueMissing) Error() string { return "the flag " + e.flag + " needs a value" }
