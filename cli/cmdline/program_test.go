package cmdline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"snap/internal/hint"
)

// state is what the commands of the program of these tests get.
type state struct{ dir string }

// library is a program with a flag of each kind and commands of each form.
func library() *Program[*state] {
	none := func(*state) error { return nil }
	return &Program[*state]{
		Name: "lib", About: "lib lends books.",
		Flags: []Flag[*state]{
			{Name: "dir", Aliases: []string{"d"}, Kind: String, Usage: "the library `DIR`"},
			{Name: "verbose", Aliases: []string{"v"}, Usage: "say more"},
			{Name: "json", Usage: "results as JSON"},
			{Name: "units", Kind: String, Default: "days", OneOf: []string{"days", "weeks"}, Usage: "times in `UNITS`"},
			{Name: "help", Aliases: []string{"h"}, Usage: "this text"},
			{Name: "version", Usage: "the version"},
		},
		Default: "shelf",
		OtherCommand: func(name string) string {
			return map[string]string{"fetch": "lend", "buy": "a book is bought elsewhere; lib shelf shows what is here"}[name]
		},
		OtherFlag: func(cmd *Command[*state], name string) string {
			if cmd != nil && cmd.Name == "lend" && name == "qqq" {
				return "a book is lent for four weeks"
			}
			return ""
		},
		Topics: []string{"A book is named by its title.\n"},
		Codes:  map[int]string{0: "done", 1: "failed", 2: "wrong usage", 3: "done in part", 9: "no such library"},
		Always: []int{0, 1, 2}, WithEffect: []int{3},
		Commands: []*Command[*state]{
			{Name: "shelf", Aliases: []string{"books"}, Args: "[TITLE]", Max: 1, Group: "Asking", Short: "the books",
				Long: "Lists the books.", Examples: "lib shelf\nlib shelf -lR  # all", Codes: []int{9}, Run: none,
				Flags: []Flag[*state]{
					{Name: "long", Aliases: []string{"l"}, Usage: "with their years"},
					{Name: "recursive", Aliases: []string{"R"}, Usage: "of all rooms"},
					{Name: "sort", Kind: String, Default: "title", OneOf: []string{"title", "year"}, Usage: "sort `BY` title or year"},
					{Name: "last", Kind: Int, Default: "5", Usage: "only the newest `N`"},
				},
				Complete: func(s *state, _ string) []Candidate { return Words(s.dir+":", "it's", "b\x1b") }},
			{Name: "lend", Args: "TITLE… [-- READER]", Min: 1, Max: 2, Dashed: true, Effect: true, Group: "Lending",
				Short: "lend a book", Long: "Lends books.", Run: none,
				Flags: []Flag[*state]{
					{Name: "mark", Kind: Strings, Usage: "with `MARK`",
						Complete: func(s *state, _ string) []Candidate { return []Candidate{{"red", "a colour"}} }},
				}},
			{Name: "__complete", Hidden: true, Group: "Asking", Min: 1, Max: 1, Run: none},
		},
	}
}

func TestCommandsAreFoundByNameAndAlias(t *testing.T) {
	for _, c := range []struct{ name, want, hint string }{
		{"shelf", "shelf", ""}, {"books", "shelf", ""}, {"__complete", "__complete", ""},
		{"shelv", "", `did you mean "lib shelf"?`}, {"fetch", "", `did you mean "lib lend"?`},
		{"buy", "", "a book is bought elsewhere; lib shelf shows what is here"},
		{"zzzz", "", "for the commands: lib --help"}, {"__complet", "", "for the commands: lib --help"},
	} {
		cmd, err := library().Command(c.name)
		if err != nil {
			if got := strings.Join(hint.Lines(err, library().Typed), "\n"); got != c.hint || !hint.IsUsage(err) {
				t.Errorf("%s: hint %q, want %q; usage: %v", c.name, got, c.hint, hint.IsUsage(err))
			}
		} else if cmd.Name != c.want {
			t.Errorf("%s: %s", c.name, cmd.Name)
		}
	}
}

func TestNameThatAProgramWasCalledBy(t *testing.T) {
	for _, c := range []struct{ arg, want string }{
		{"snap", "snap"}, {"/usr/bin/snap-backup", "snap-backup"}, {`snap.exe`, "snap"}, {"./s2", "s2"},
		{"", ""}, {"-snap", ""}, {"a b", ""}, {"$(x)", ""}, {"a\x1bb", ""}, {"/", ""},
	} {
		if got := CalledBy([]string{c.arg}); got != c.want {
			t.Errorf("%q: %s, want %s", c.arg, got, c.want)
		}
	}
	if got := CalledBy(nil); got != "" {
		t.Errorf("no name: %s", got)
	}
}

func TestTextsNameCommandLinesByTheNameTheyAreCalledBy(t *testing.T) {
	called := library()
	called.Called = "l"
	for _, c := range []struct{ text, want string }{
		{"to see all: lib shelf", "to see all: l shelf"},
		{"lib %s %s, lib --help and lib COMMAND", "l %s %s, l --help and l COMMAND"},
		{"a lib destination; lib makes; mylib shelf; lib shelfs", "a lib destination; lib makes; mylib shelf; lib shelfs"},
	} {
		if got := called.Typed(c.text); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
		if got := library().Typed(c.text); got != c.text {
			t.Errorf("%s: %s", c.text, got)
		}
	}
}

func TestLinesAreRead(t *testing.T) {
	for _, c := range []struct {
		line string
		want string // what was read, or the error
	}{
		{"lib shelf", "shelf long=false sort=title last=5 dir= args=[] dashed=[]"},
		{"lib -vv", "shelf implied long=false sort=title last=5 dir= args=[] dashed=[] v=2"},
		{"lib books x -l -v --sort=year --last 0x10 -d a,b -v",
			"shelf long=true sort=year last=16 dir=a,b args=[x] dashed=[] v=2"},
		{"lib shelf -- -x", "shelf long=false sort=title last=5 dir= args=[-x] dashed=[]"},
		{"lib lend a --mark b,c --mark d b -- c", "lend dir= args=[a b] dashed=[c] marks=[b,c d]"},
		{"lib lend a b c", "lend: too many arguments"},
		{"lib lend -- c", "lend: an argument is missing"},
		{"lib shelf --sort x", "--sort x: must be title or year"},
		{"lib --units= shelf", "--units '': must be days or weeks"},
		{"lib shelf --last many", "--last many: must be a whole number"},
		{"lib shelf --long=maybe", "--long=maybe: the flag takes no value"},
		{"lib --help", "help of lib"}, {"lib lend -h", "help of lend"}, {"lib --version --help shelf", "help of shelf"},
		{"lib --version", "version"}, {"lib --help --nope", "unknown flag --nope"},
	} {
		line, err := library().Parse(strings.Fields(c.line))
		got := ""
		switch {
		case err != nil:
			if got = err.Error(); !hint.IsUsage(err) {
				t.Errorf("%s: not a usage error: %v", c.line, err)
			}
		case line.Help && line.Command == nil:
			got = "help of lib"
		case line.Help:
			got = "help of " + line.Command.Name
		case line.Version:
			got = "version"
		default:
			got = told(line)
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.line, got, c.want)
		}
	}
}

// told is what was read of a line.
func told(l *Line[*state]) string {
	s := l.Command.Name
	if l.Implied {
		s += " implied"
	}
	if l.Command.Name == "shelf" {
		s += fmt.Sprintf(" long=%t sort=%s last=%d", l.Bool("long"), l.String("sort"), l.Int("last"))
	}
	s += fmt.Sprintf(" dir=%s args=%v dashed=%v", l.String("dir"), l.Args, l.Dashed)
	if n := l.Times("verbose"); n > 0 {
		s += fmt.Sprintf(" v=%d", n)
	}
	if l.IsSet("mark") && slices.Contains(l.Given(), "mark") {
		s += fmt.Sprintf(" marks=%v", l.Strings("mark"))
	}
	return s
}

func TestAProgramWithoutADefaultShowsItsHelp(t *testing.T) {
	p := library()
	p.Default = ""
	line, err := p.Parse([]string{"lib", "-v"})
	if err != nil || !line.Help || line.Command != nil {
		t.Errorf("%+v, %v", line, err)
	}
}
