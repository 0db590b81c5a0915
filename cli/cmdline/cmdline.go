// Package cmdline is what any program of several commands has: it reads command lines, and writes the help, the manual
// page and the shells' completion, all from one description of the commands and their flags.
//
// A [Program] is a value: its texts, a [Flag] for each of its flags, a [Command] for each of its commands.
// [Program.Parse] finds out which command a line names, with which flags and arguments; the caller then calls the Run
// of that command. [Program.Help], [Program.ManPage], [Program.CompletionScript] and [Program.Complete] are for the
// commands that print these. C is what a program gives to its commands: its state, and where its output goes. Nothing
// here looks into it.
//
// Invariants:
//
//   - Flags may stand anywhere on a line until "--".
//   - What is wrong with a line is a usage error of package hint, with a hint that says what would be right.
//   - Nothing here prints but to the writer that it was given, exits, or looks at the environment.
//   - A line that is being typed is completed without evaluating any of it.
//
// Only this package knows urfave/cli, which reads the flags that arrange.go has put in order.
package cmdline

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
)

// Program is a program of several commands. Its texts call it by its Name; where it was called by another one, they
// are shown with that.
type Program[C any] struct {
	Name     string // "snap"
	Called   string // the name that it was called by, see CalledBy; "" for Name
	About    string // the first line of the help: what the program does
	Commands []*Command[C]

	// Flags are the flags of all commands. Those named help and version, which take no value, ask for these.
	Flags []Flag[C]

	Default string   // the command of a line that names none; "" for the help
	Topics  []string // what the help explains besides commands and flags, each a paragraph or several

	// OtherCommand and OtherFlag say what an unknown word means to people who know other programs: the name of a command
	// here, or else a text that says what to do; "" for nothing. cmd is nil for a flag of the program. Without them, and
	// after them, the nearest of our own names is taken for a slip of the hand. Both may be nil.
	OtherCommand func(name string) string
	OtherFlag    func(cmd *Command[C], name string) string

	// Besides is what stands behind the name of a command in the lines that texts tell people to type, such as a flag
	// without which it would do something else; rest is what follows in the text. It may become a part of a format. May
	// be nil.
	Besides func(command, rest string) string

	Codes      map[int]string // what each exit code means
	Always     []int          // the codes that each command can end in
	WithEffect []int          // those that each command with an effect can end in, too
}

// Candidate is one way to go on with a word that is being typed, and a short text about it.
type Candidate struct{ Word, About string }

// Completer lists candidates for a word. It may list others too, and fails by listing none: then the shell, which
// knows files, completes the word.
type Completer[C any] func(c C, word string) []Candidate

// Command is one command of a program.
type Command[C any] struct {
	Name     string
	Aliases  []string
	Args     string // what stands after it: "FILE…"
	Short    string // one line for the list of commands
	Long     string // what it does, lines of at most 78 columns
	Examples string // a command line with a comment each
	Codes    []int  // the exit codes that it can end in, besides those of all commands
	Group    string // the heading in the list of commands
	Hidden   bool   // it is not for people: no help, no manual page and no completion names it
	Effect   bool   // it does something: its exit code says more than that its output was written
	Flags    []Flag[C]

	Min, Max int  // how many arguments it takes; any number if Max is negative
	Dashed   bool // arguments after "--" are apart: in Line.Dashed, not counted by Min and Max
	Blank    int  // the arguments behind so many may be empty; 0: none may, for most likely a variable is not set

	Complete Completer[C] // of its arguments; nil leaves them to the shell
	Run      func(c C) error
}

// Command is the command of this name or alias. If there is none, the error says which was meant.
func (p *Program[C]) Command(name string) (*Command[C], error) {
	var known []string
	for _, cmd := range p.Commands {
		names := append([]string{cmd.Name}, cmd.Aliases...)
		if slices.Contains(names, name) {
			return cmd, nil
		}
		if !cmd.Hidden {
			known = append(known, names...)
		}
	}
	if name == "" {
		return nil, blank("the command")
	}
	err := hint.Usagef("unknown command %s", quote.Name(name))
	meant := ""
	if p.OtherCommand != nil {
		meant = p.OtherCommand(name)
	}
	if meant == "" {
		meant = hint.Nearest(name, known)
	}
	switch {
	case meant == "":
		meant = "for the commands: " + p.Name + " --help"
	case !strings.Contains(meant, " "):
		meant = `did you mean "` + p.Name + " " + meant + `"?`
	}
	return nil, hint.With(err, "%s", hint.Text(meant))
}

// String is the name that the program was called by.
func (p *Program[C]) String() string {
	if p.Called == "" {
		return p.Name
	}
	return p.Called
}

// Typed is text, or a format, with its command lines as they have to be typed: with the name that the program was
// called by, since where another program has its name it is installed under another one, and what its texts tell people
// to type must not reach the other program; and with what Besides says.
func (p *Program[C]) Typed(text string) string {
	if !strings.Contains(text, p.Name+" ") {
		return text
	}
	var names []string
	for _, cmd := range p.Commands {
		names = append(append(names, cmd.Name), cmd.Aliases...)
	}
	line := regexp.MustCompile(`\b` + p.Name + ` (COMMAND\b|--help\b|%s|(?:` + strings.Join(names, "|") + `)\b)`)
	var b strings.Builder
	end := 0
	for _, m := range line.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[end:m[0]])
		end = m[1]
		word := text[m[2]:m[3]]
		b.WriteString(p.String() + " " + word)
		if p.Besides != nil {
			rest, _, _ := strings.Cut(text[end:], "\n")
			b.WriteString(p.Besides(word, rest))
		}
	}
	return b.String() + text[end:]
}

// CalledBy is the name of the program that a command line calls; "" if it could not be typed as it is.
func CalledBy(argv []string) string {
	if len(argv) == 0 {
		return ""
	}
	name := strings.TrimSuffix(filepath.Base(argv[0]), ".exe")
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") != "" || name[0] == '-' ||
		name[0] == '.' {
		return ""
	}
	return name
}
