package cli

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestCompletion(t *testing.T) {
	w := mustWorld(t)
	w.mkdir("docs")
	w.put("docs/a b.txt", "x")
	w.put("docs/e\x1bvil", "x")
	w.put("docs:x", "x")
	w.snapshot(t)
	name := w.heads[0].Name
	for _, c := range []struct {
		line string
		bash bool
		want string // candidates joined by bars
	}{
		{"snap hi", false, "history"},
		{"snap __", false, ""},
		{"snap ls --rec", false, "--recursive"},
		{"snap ls --col", false, "--color"},
		{"snap --col", false, "--color"},
		{"snap ls --sort ", false, "name|size|time"},
		{"snap ls --sort=s", false, "--sort=size"},
		{"snap ls --sort=s", true, "size"},
		{"snap ls --sort name --units=", true, "iec|si|raw"},
		{"snap ls ", false, "latest:|oldest:|" + name + ":"},
		{"snap cat latest:", false, "latest:docs/|latest:docs:x"},
		{"snap cat latest:", true, "docs/|docs:x"},
		{`snap cat "latest:`, true, "latest:docs/|latest:docs:x"}, // bash does not break words in quotes
		{"snap cat latest:docs/", false, "latest:docs/a b.txt"},
		{`snap cat latest:docs/a\ `, true, "docs/a b.txt"},
		{`snap cat latest:"doc`, true, "docs/|docs:x"},
		{`snap cat latest\:doc`, true, "latest:docs/|latest:docs:x"},
		{"snap diff lat", false, "latest"},
		{"snap diff latest -- --s", false, ""},
		{"snap history doc", false, "docs/|docs:x"},
		{"snap find x --in old", false, "oldest"},
		{"snap find x --in @last-y", false, ""},
		{"snap find x --in=@no", false, "--in=@now"},
		{"snap ls @n", false, "@now:"},
		{"snap ls @n", true, "@now:"}, // bash breaks words before an @, and not after it
		{"snap ls @now:do", true, "docs/|docs:x"},
		{"snap diff @now", false, "@now"},
		{"snap list --since yes", false, "yesterday"},
		{"snap cat --archive ", false, "tar|zip"},
		{"snap tag latest --add ", false, "pin"},
		{"snap -d /nowhere ls ", false, ""},
		{"snap ls $(touch x) ", false, ""},
		{"snap nonsense ", false, ""},
		{"snap ls --nonsense ", false, ""},
	} {
		args := []string{"__complete", "--", c.line}
		if c.bash {
			args = []string{"__complete", "--break= \t\n\"'@><=;|&(:", "--", c.line}
		}
		stdout, stderr, code := run(t, w.dest, args...)
		var got []string
		for line := range strings.Lines(stdout) {
			word, _, _ := strings.Cut(line, "\t")
			got = append(got, word)
		}
		if strings.Join(got, "|") != c.want || stderr != "" || code != 0 {
			t.Errorf("%s: %s, want %s; exit code %d, %s", c.line, strings.Join(got, "|"), c.want, code, stderr)
		}
	}
}

func TestCompletionScriptsAreScripts(t *testing.T) {
	for shell, check := range map[string][]string{"bash": {"-n"}, "zsh": {"-n"}, "fish": {"--no-execute"}} {
		script, _, code := run(t, "/nowhere", "completion", shell)
		if code != 0 || strings.Contains(script, "eval") || !strings.Contains(script, "__complete") {
			t.Errorf("%s: exit code %d\n%s", shell, code, script)
		}
		if _, err := exec.LookPath(shell); err != nil {
			t.Logf("no %s here: its script is not parsed", shell)
			continue
		}
		cmd := exec.Command(shell, slices.Concat(check, []string{"/dev/stdin"})...)
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
}
