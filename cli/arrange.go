package cli

import (
	"strings"

	"github.com/urfave/cli/v2"

	"snap/internal/hint"
	"snap/internal/quote"
)

// line is a command line put in the order that urfave/cli can read: the program, the global flags, the
// command, its flags, "--", its arguments. By itself it stops at the first argument and takes every
// flag after that for an argument, without an error.
type line struct {
	args    []string
	command *cli.Command // nil when none was named
	dashed  int          // how many of the arguments stood after the user's "--"
	verbose int          // how often -v was given
	plain   bool         // no command was named, and so it is status
	help    bool
	version bool
}

// arrange walks argv along the command tree. A flag belongs to the command that is named anywhere on
// the line if that has it, else to snap itself. "--" ends the flags; "-" alone is an argument. Short
// flags may be joined (-lR), the last one with its value (-d/mnt).
func arrange(app *cli.App, argv []string) (line, error) {
	a := arranger{app: app}
	var words []string // arguments before the user's "--"
	rest := argv[min(1, len(argv)):]
	for len(rest) > 0 {
		word := rest[0]
		rest = rest[1:]
		switch {
		case word == "--":
			a.line.dashed, words, rest = len(rest), append(words, rest...), nil
		case len(word) > 1 && word[0] == '-':
			var err error
			if rest, err = a.option(word, rest); err != nil {
				return line{}, err
			}
		case a.line.command == nil:
			if err := a.enter(word); err != nil {
				return line{}, err
			}
		default:
			words = append(words, word)
		}
	}
	if a.line.command == nil && a.line.dashed > 0 {
		return line{}, hint.Usagef("no command before \"--\"")
	}
	for _, o := range a.early { // flags of a command that was named later
		if a.line.command == nil || flagNamed(a.line.command.Flags, o.name) == nil {
			return line{}, a.unknown(o.typed, o.name)
		}
		a.own = append(a.own, o.text)
	}
	l := a.line
	l.args = append([]string{app.Name}, a.global...)
	if l.command != nil {
		l.args = append(append(append(append(l.args, l.command.Name), a.own...), "--"), words...)
	}
	return l, nil
}

type arranger struct {
	app    *cli.App
	line   line
	global []string
	own    []string // flags of the command
	early  []option // flags that are not global, before the command was named
}

// option is one flag, with its value in text.
type option struct{ name, typed, text string }

// otherWords are what other programs call our commands.
var otherWords = map[string]string{
	"remove": "delete", "rm": "delete", "del": "delete", "recover": "restore", "extract": "restore",
	"verify": "check", "fsck": "check", "save": "backup", "snapshot": "backup", "create": "backup", "dump": "cat",
	"grep": "find",
}

func (a *arranger) enter(word string) error {
	if a.line.command = a.app.Command(word); a.line.command != nil {
		return nil
	}
	var known []string
	for _, c := range a.app.Commands {
		if !c.Hidden {
			known = append(known, c.Names()...)
		}
	}
	err := hint.Usagef("unknown command %s", quote.Name(word))
	if n := otherWords[word]; n != "" {
		return hint.With(err, `did you mean "snap %s"?`, n)
	}
	if n := hint.Nearest(word, known); n != "" {
		return hint.With(err, `did you mean "snap %s"?`, n)
	}
	return hint.With(err, "for the commands: snap --help")
}

// option takes one word with flags, and the value of the last one from rest if it is there.
func (a *arranger) option(word string, rest []string) ([]string, error) {
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
		if takesValue(f) && i+1 < len(word) {
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
func (a *arranger) add(typed, name, value string, joined bool, rest []string) ([]string, error) {
	f := a.find(name)
	if f == nil {
		return rest, a.unknown(typed, name)
	}
	name = f.Names()[0]
	if takesValue(f) && !joined {
		if len(rest) == 0 {
			return rest, hint.Usage(&valueMissing{typed})
		}
		value, joined, rest = rest[0], true, rest[1:]
	}
	text := "--" + name
	if joined {
		text += "=" + value
	}
	isGlobal := flagNamed(a.app.Flags, name) != nil
	switch {
	case isGlobal && name == "help":
		a.line.help = true
	case isGlobal && name == "version":
		a.line.version = true
	case a.line.command != nil && flagNamed(a.line.command.Flags, name) != nil:
		a.own = append(a.own, text)
	case isGlobal:
		if name == "verbose" && value != "false" {
			a.line.verbose++
		}
		a.global = append(a.global, text)
	default:
		a.early = append(a.early, option{name, typed, text})
	}
	return rest, nil
}

// find is the flag of this name: the command's, a global one, or, while no command was named, that of
// any command. A test holds that flags of one name take values in all commands or in none.
func (a *arranger) find(name string) cli.Flag {
	if a.line.command != nil {
		if f := flagNamed(a.line.command.Flags, name); f != nil {
			return f
		}
		return flagNamed(a.app.Flags, name)
	}
	if f := flagNamed(a.app.Flags, name); f != nil {
		return f
	}
	for _, c := range a.app.Commands {
		if f := flagNamed(c.Flags, name); f != nil {
			return f
		}
	}
	return nil
}

func (a *arranger) unknown(typed, name string) error {
	if len(name) > 1 {
		typed = "--" + name
	}
	err := hint.Usagef("unknown flag %s", quote.Name(typed))
	where, flags := a.app.Name, a.app.Flags
	if c := a.line.command; c != nil {
		err = hint.Usagef("%s: unknown flag %s", c.Name, quote.Name(typed))
		where, flags = where+" "+c.Name, append(append([]cli.Flag{}, c.Flags...), flags...)
	}
	var known []string
	for _, f := range flags {
		known = append(known, f.Names()...)
	}
	if n := hint.Nearest(name, known); len(name) > 1 && len(n) > 1 {
		return hint.With(err, "did you mean %q?", "--"+n)
	}
	return hint.With(err, "for the flags: %s --help", where)
}

// valueMissing says that the line ends where a flag's value should be.
type valueMissing struct{ flag string }

func (e *valueMissing) Error() string { return "the flag " + e.flag + " needs a value" }

func flagNamed(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		for _, n := range f.Names() {
			if n == name {
				return f
			}
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}
