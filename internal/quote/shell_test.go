package quote

import (
	"os/exec"
	"strings"
	"testing"
)

// A word is its name again in every shell that is here, and harmless on a terminal.
func TestWordsMeanTheirNames(t *testing.T) {
	names := []string{"", "plain", "with space", "it's", "esc\x1b[31m", "new\nline", "bad\xff\xfe", "50%", "50%\x1b",
		`back\slash`, "back\\\x1b", "-dash", "-dash\x1b", "=word", "$HOME `id` \"x\"", "!x", "tab\t",
		"bidi\u202e", "~", "*", "ünï", "'\x1b'", "\x1b7"}
	found := 0
	for _, shell := range []string{"sh", "bash", "dash", "zsh"} {
		if _, err := exec.LookPath(shell); err != nil {
			continue
		}
		found++
		for _, name := range names {
			for _, word := range []string{Word(name), WordInFormat(name)} {
				if !Harmless(word) {
					t.Errorf("%q: %q is not harmless", name, word)
				}
				out, err := exec.Command(shell, "-c", "printf %s. "+word).Output()
				if got := strings.TrimSuffix(string(out), "."); err != nil || got != name {
					t.Errorf("%s: %q as %s is %q (%v)", shell, name, word, got, err)
				}
			}
		}
	}
	if found == 0 {
		t.Skip("no shell is here")
	}
	out, err := exec.Command("bash", "-c", "printf %s. "+Word("a'\x1b%\n")).Output()
	if err == nil && string(out) != "a'\x1b%\n." {
		t.Errorf("an end of a line at the end: %q", out)
	}
	for _, name := range names {
		if strings.Contains(WordInFormat(name), "%") {
			t.Errorf("%s has a percent sign", WordInFormat(name))
		}
	}
	if Arg("-x y") != "-- '-x y'" || Arg("x") != "x" {
		t.Errorf("%s, %s", Arg("-x y"), Arg("x"))
	}
}
