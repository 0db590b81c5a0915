package cmdline

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func helpOf(t *testing.T, p *Program[*state], name string) string {
	t.Helper()
	var cmd *Command[*state]
	if name != "" {
		var err error
		if cmd, err = p.Command(name); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	if err := p.Help(&out, cmd); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestHelpOfACommand(t *testing.T) {
	want := `lib shelf [FLAG…] [TITLE]

Lists the books.

Also called: books

Examples:
  lib shelf
  lib shelf -lR  # all

Exit codes:
    0  done
    1  failed
    2  wrong usage
    9  no such library

Flags:
  -l, --long       with their years
  -R, --recursive  of all rooms
      --sort BY    sort BY title or year (default title)
      --last N     only the newest N (default 5)

The flags that all commands take: lib --help
`
	if got := helpOf(t, library(), "books"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := helpOf(t, library(), "lend"); !strings.Contains(got, "\n    3  done in part\n") {
		t.Errorf("a command with an effect lacks its code:\n%s", got)
	}
}

func TestHelpOfTheProgram(t *testing.T) {
	p := library()
	p.Called = "books-lib"
	want := `lib lends books.

Usage: books-lib COMMAND [FLAG…] [ARGUMENT…]

Asking:
  shelf, books  the books

Lending:
  lend  lend a book

Flags, anywhere on the line (-- ends them):
  -d, --dir DIR      the library DIR
  -v, --verbose      say more
      --json         results as JSON
      --units UNITS  times in UNITS (default days)
  -h, --help         this text
      --version      the version

A book is named by its title.

Exit codes:
    0  done
    1  failed
    2  wrong usage
    3  done in part
    9  no such library

books-lib COMMAND --help says more.
`
	if got := helpOf(t, p, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestParagraphsFitWhateverTheProgramIsCalled(t *testing.T) {
	p := library()
	p.Called = strings.Repeat("long", 5)
	p.Commands[0].Long = strings.Repeat("As lib shelf does, ", 20) + "\nin one paragraph.\n\n  indented " + strings.Repeat("x", 90)
	for line := range strings.Lines(helpOf(t, p, "shelf")) {
		if line[0] != ' ' && len([]rune(strings.TrimSuffix(line, "\n"))) > Width {
			t.Errorf("too long: %s", line)
		}
	}
	if got := helpOf(t, p, "shelf"); !strings.Contains(got, "\n  indented "+strings.Repeat("x", 90)+"\n") {
		t.Error("an indented line was broken")
	}
}

func TestLinesAreBrokenByCharacters(t *testing.T) {
	if got := wrap("één twéé  drié", 8); !slices.Equal(got, []string{"één twéé", "drié"}) {
		t.Errorf("%q", got)
	}
}

func TestManPage(t *testing.T) {
	page := library().ManPage(Manual{
		Summary: "lends books", Version: "lib 1.0", Date: "2026-11-22", Description: "\nlib lends.\n\n  lib lend\n\nAnd more.\n",
		Sections:    []Section{{"NAMING", "By 'title', ~ and ^."}},
		Environment: []Item{{"LIB", "the library"}}, Files: []Item{{".lib", "settings"}},
	})
	for _, want := range []string{
		".TH LIB 1 \"2026-11-22\" \"lib 1.0\" \"User Commands\"\n.SH NAME\nlib \\- lends books\n",
		".SH DESCRIPTION\nlib lends.\n.PP\n.EX\n  lib lend\n.EE\n.PP\nAnd more.\n.SH NAMING\nBy \\(aqtitle\\(aq, \\(ti and \\(ha.\n",
		".SS lib lend [FLAG…] TITLE… [\\-\\- READER]\nLends books.\n", ".TP\n.B \\-\\-mark MARK\nwith MARK\n",
		".TP\n.B 9\nno such library\n", ".SH FILES\n.TP\n.B \\&.lib\nsettings\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks\n%s", want)
		}
	}
	if strings.Contains(page, "__complete") {
		t.Error("a hidden command is in the manual")
	}
	if _, err := exec.LookPath("mandoc"); err == nil {
		check := exec.Command("mandoc", "-T", "lint", "-W", "warning")
		check.Stdin = strings.NewReader(page)
		if out, _ := check.CombinedOutput(); len(out) > 0 {
			t.Errorf("mandoc: %s", out)
		}
	}
	if t.Failed() {
		t.Log(page)
	}
}
