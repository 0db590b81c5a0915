package cli

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
)

// Nothing that snap-backup tells anybody to type reaches another program of the name snap.
func TestAnotherNameIsInAllTexts(t *testing.T) {
	w := mustWorld(t)
	w.put("a", "x")
	w.snapshot(t)
	lines := [][]string{{"--help"}, {"man"}, {"lst"}, {"ls", "--zzzz"}, {"cat"}, {"cat", "latest:b"}, {"history", "b"},
		{"ls", "nowhere"}, {"-d", "/nowhere", "list"}}
	for _, cmd := range commands() {
		lines = append(lines, []string{cmd.Name, "--help"})
	}
	var names []string
	for _, cmd := range commands() {
		names = append(append(names, cmd.Name), cmd.Aliases...)
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
