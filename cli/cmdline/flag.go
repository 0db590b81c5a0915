package cmdline

import (
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"snap/internal/hint"
	"snap/internal/quote"
)

// Flag is a flag of a command, or of the program.
type Flag[C any] struct {
	Name     string // without dashes; one letter stands after one dash
	Aliases  []string
	Kind     Kind
	Usage    string       // what it does, with the name of its value in backquotes
	Default  string       // its value where it is not given
	OneOf    []string     // the values that a String flag may be given; nil for any
	Blank    bool         // its value may be empty; false: that is an error, for most likely a variable is not set
	Complete Completer[C] // of its value; nil for those in OneOf, and without these what the shell knows
	// Last: of several values the last one counts, so that an alias can have one. Default: it is an error to give two,
	// of which one would be lost, but for Strings.
	Last bool
}

// Kind is what the value of a flag is.
type Kind int

const (
	Bool    Kind = iota // no value: it is given or not
	String              // any text
	Int                 // a whole number
	Strings             // any text, and it may be given several times
)

// names are all names of the flag, without dashes.
func (f *Flag[C]) names() []string { return append([]string{f.Name}, f.Aliases...) }

func (f *Flag[C]) takesValue() bool { return f.Kind != Bool }

// one reports whether two different values contradict each other.
func (f *Flag[C]) one() bool { return f.takesValue() && f.Kind != Strings && !f.Last }

// named is the flag of this name or alias, nil if there is none.
func named[C any](flags []Flag[C], name string) *Flag[C] {
	for i := range flags {
		for _, n := range flags[i].names() {
			if n == name {
				return &flags[i]
			}
		}
	}
	return nil
}

// parser is the flag as urfave/cli wants it.
func (f *Flag[C]) parser() cli.Flag {
	switch f.Kind {
	case Int:
		n, _ := strconv.Atoi(f.Default)
		return &cli.IntFlag{Name: f.Name, Aliases: f.Aliases, Value: n}
	case String:
		return &cli.StringFlag{Name: f.Name, Aliases: f.Aliases, Value: f.Default}
	case Strings:
		return &cli.StringSliceFlag{Name: f.Name, Aliases: f.Aliases}
	}
	return &cli.BoolFlag{Name: f.Name, Aliases: f.Aliases}
}

func parsers[C any](flags []Flag[C]) (all []cli.Flag) {
	for i := range flags {
		all = append(all, flags[i].parser())
	}
	return all
}

// check is a usage error unless the value that was given is one that the flag may have.
func (f *Flag[C]) check(v Values) error {
	if !v.IsSet(f.Name) {
		return nil
	}
	if len(f.OneOf) == 0 {
		if empty := f.Kind == String && v.String(f.Name) == "" || slices.Contains(v.Strings(f.Name), ""); empty && !f.Blank {
			_, value, _ := f.parts()
			return blank("--" + f.Name + ": " + value)
		}
		return nil
	}
	value, list := v.String(f.Name), ""
	for i, allowed := range f.OneOf {
		switch {
		case allowed == value:
			return nil
		case i == len(f.OneOf)-1:
			list += " or " + allowed
		case i > 0:
			list += ", " + allowed
		default:
			list = allowed
		}
	}
	return hint.Usagef("--%s %s: must be %s", f.Name, quote.Word(value), list)
}

// blank says that something on the line is empty. It would be taken for "all", or for nothing at all.
func blank(what string) error {
	return hint.With(hint.Usagef("%s is empty", what), "is a variable not set?")
}

// parts are the names of a flag, "-l, --long", its value's name and what it does with its default.
func (f *Flag[C]) parts() (names, value, text string) {
	var short, long []string
	for _, n := range f.names() {
		if len(n) == 1 {
			short = append(short, "-"+n)
		} else {
			long = append(long, "--"+n)
		}
	}
	names = strings.Join(append(short, long...), ", ")
	if len(short) == 0 {
		names = "    " + names
	}
	text = f.Usage
	if before, rest, ok := strings.Cut(text, "`"); ok {
		if name, after, ok := strings.Cut(rest, "`"); ok {
			value, text = name, before+name+after
		}
	}
	if f.takesValue() && value == "" {
		value = "VALUE"
	}
	if f.Default != "" {
		text += " (default " + f.Default + ")"
	}
	return names, value, text
}

// Values are the values of the flags on a line, those of the command and those of the program. Each is asked for by
// its name, not by an alias.
type Values struct {
	flags *cli.Context
	times map[string]int
}

// Bool reports whether the flag is given.
func (v Values) Bool(name string) bool { return v.flags.Bool(name) }

// Times is how often a Bool flag of the program is given.
func (v Values) Times(name string) int { return v.times[name] }

// String is the value of a String flag.
func (v Values) String(name string) string { return v.flags.String(name) }

// Int is the value of an Int flag.
func (v Values) Int(name string) int { return v.flags.Int(name) }

// Strings are the values of a Strings flag, in their order.
func (v Values) Strings(name string) []string { return v.flags.StringSlice(name) }

// IsSet reports whether the flag is given, whatever its value.
func (v Values) IsSet(name string) bool { return v.flags.IsSet(name) }

// Given are the names of the flags of the command that are given, sorted. Aliases are among them.
func (v Values) Given() []string { return v.flags.LocalFlagNames() }
