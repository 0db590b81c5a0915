package cli

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
)

func TestNameThatSnapWasCalledBy(t *testing.T) {
	for _, c := range []struct{ arg, want string }{
		{"snap", "snap"}, {"/usr/bin/snap-backup", "snap-backup"}, {`snap.exe`, "snap"}, {"./s2", "s2"},
		{"", "snap"}, {"-snap", "snap"}, {"a b", "snap"}, {"$(x)", "snap"}, {"a\x1bb", "snap"}, {"/", "snap"},
	} {
		if got := calledBy([]string{c.arg}).String(); got != c.want {
			t.Errorf("%q: %s, want %s", c.arg, got, c.want)
		}
	}
	if got := calledBy(nil).String(); got != "snap" {
		t.Errorf("no name: %s", got)
	}
}

func TestTextsNameCommandLinesByTheNameTheyAreCalledBy(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"to see all: snap list", "to see all: s list"},
		{"snap %s %s, snap --help and snap COMMAND", "s %s %s, s --help and s COMMAND"},
		{"a snap destination; snap makes; mysnap list; snap lists",
			"a snap destination; snap makes; mysnap list; snap lists"},
	} {
		if got := program("s").typed(c.text); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
		if got := program("").typed(c.text); got != c.text {
			t.Errorf("%s: %s", c.text, got)
		}
	}
}

// Nothing that snap-backup tells anybody to type reaches another program of the name snap.
func TestAnotherNameIsInAllTexts(t *testing.T) {
	w := mustWorld(t)
	w.put("a", "x")
	w.snapshot(t)
	lines := [][]string{{"--help"}, {"man"}, {"lst"}, {"ls", "--zzzz"}, {"cat"}, {"cat", "latest:b"}, {"history", "b"},
		{"ls", "nowhere"}, {"-d", "/nowhere", "list"}}
	for _, cmd := range commands() {
		lines = append(lines, []string{cmd.name, "--help"})
	}
	var names []string
	for _, cmd := range commands() {
		names = append(append(names, cmd.name), cmd.aliases...)
	}
	other := regexp.MustCompile(`(?m)(^|[^-\w])snap (` + strings.Join(names, "|") + `|COMMAND|(--|\\-\\-)help)\b.*`)
	for _, line := range lines {
		var out, errs bytes.Buffer
		Run(context.Background(), testEnv(w.dest, &out, &errs), append([]string{"/usr/bin/snap-backup"}, line...))
		text := out.String() + errs.String()
		if wrong := other.FindString(text); wrong != "" || !strings.Contains(text, "snap-backup ") {
			t.Errorf("%q: %q in\n%s", line, wrong, text)
		}
	}
}
