package settings

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"snap/filter"
)

var (
	fencedBlock = regexp.MustCompile("(?s)```(\\w*)\n(.*?)```\n")
	hereText    = regexp.MustCompile(`(?s)cat >>?\S*/(\w+\.txt) <<'EOF'\n(.*?)EOF\n`)
	inlineCode  = regexp.MustCompile("`([a-z_]+ = [^`]*)`")
)

// TestSnippetsOfTheDocuments: settings and lines of lists can be pasted from the documents into the files that snap
// makes:
// blocks of the kinds settings and list, what is written into the files by a shell, and settings within a line.
func TestSnippetsOfTheDocuments(t *testing.T) {
	names, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, k := range table() {
		keys = append(keys, k.key)
	}
	ran := 0
	settings := func(where, text string) {
		ran++
		if _, warnings, err := Parse(where, []byte(optionsText()+text)); err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v %q\n%s", where, err, warnings, text)
		}
	}
	list := func(where, text string) {
		ran++
		env := func(key string) (string, bool) { return "/home/me", key == "HOME" }
		c := filter.Context{Source: "/home/me", Home: "/home/me", Env: env}
		rules, err := filter.Parse(where, strings.NewReader(blacklistHead+text), c)
		if err != nil {
			t.Error(err)
		}
		for _, r := range rules { // a line with its explanation behind it would be a name with blanks
			if strings.Contains(r.Text, "  ") {
				t.Errorf("%s: %q: what stands behind a filter belongs to it", where, r.Text)
			}
		}
	}
	for _, name := range append(names, "../../README.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte("\n> "), []byte("\n")) // what goes on in the next line of a console
		for _, m := range fencedBlock.FindAllStringSubmatch(string(text), -1) {
			first, _, _ := strings.Cut(m[2], " ")
			switch {
			case m[1] == "settings":
				settings(name, m[2])
			case m[1] == "list":
				list(name, m[2])
			case m[1] == "" && slices.Contains(keys, first):
				t.Errorf("%s: a block that begins with %q is of no kind: write ```settings before it", name, first)
			}
		}
		for _, m := range hereText.FindAllStringSubmatch(string(text), -1) {
			switch m[1] {
			case OptionsFile:
				settings(name, m[2])
			case BlacklistFile, WhitelistFile:
				list(name, m[2])
			}
		}
		for _, m := range inlineCode.FindAllStringSubmatch(string(text), -1) {
			if key, _, _ := strings.Cut(m[1], " "); slices.Contains(keys, key) && !strings.Contains(m[1], "…") {
				settings(name, m[1])
			}
		}
	}
	if ran < 10 {
		t.Errorf("only %d snippets were found", ran)
	}
}
