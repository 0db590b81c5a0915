package cmdline

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestLinesAreTakenApartLikeAShellDoes(t *testing.T) {
	for _, c := range []struct {
		line string
		want string // words joined by bars, "!" where only a shell can know
	}{
		{"snap ls ", "snap|ls|"}, {"snap  ls la", "snap|ls|la"}, {"snap ls 'a b", "snap|ls|a b"},
		{`snap ls "a b":c`, "snap|ls|a b:c"},
		{`snap ls a\ b`, "snap|ls|a b"}, {`snap ls "a\"b\c`, `snap|ls|a"b\c`}, {`snap ls '$x`, "snap|ls|$x"},
		{`snap ls ''`, "snap|ls|"},
		{"snap ls $x", "!"}, {"snap ls `x`", "!"}, {`snap ls "$(x)"`, "!"}, {"ls | snap ", "!"}, {"snap; ls ", "!"}, {"", ""},
		{`snap \`, `snap|\`},
	} {
		words, _, ok := splitLine(c.line, "")
		got := strings.Join(words, "|")
		if !ok {
			got = "!"
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.line, got, c.want)
		}
	}
}

func FuzzSplitLine(f *testing.F) {
	for _, s := range []string{"snap ls ", `snap "a\`, "'", `\`, "snap ls 'a b' \"c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if words, _, ok := splitLine(line, ":="); ok && len(words) == 0 {
			t.Fatal("there is always a last word")
		}
	})
}

func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		line string
		bash bool
		want string // candidates joined by bars
	}{
		{"lib ", false, "shelf|lend"}, {"lib sh", false, "shelf"}, {"lib __", false, ""}, {"lib", false, ""},
		{"lib shelf --re", false, "--recursive"}, {"lib shelf --js", false, "--json"}, {"lib --js", false, "--json"},
		{"lib shelf --l", false, "--long|--last"}, {"lib lend --l", false, ""},
		{"lib shelf --sort ", false, "title|year"}, {"lib --sort y", false, "year"},
		{"lib shelf --sort=y", false, "--sort=year"}, {"lib shelf --sort=y", true, "year"},
		{"lib lend --mark ", false, "red"}, {"lib lend --mark=", false, "--mark=red"}, {"lib lend --mark=b", false, ""},
		{"lib -d there shelf ", false, "there:|it's"}, {"lib shelf -d there -d here ", false, ""},
		{"lib shelf -d here -d here ", false, "here:|it's"},
		{"lib shelf -ld ", false, ""}, {"lib shelf --dir ", false, ""}, {"lib shelf --last ", false, ""},
		{"lib shelf -- --l", false, ""}, {"lib shelf -- --dir=", false, ""}, {"lib lend ", false, ""},
		{"lib shelf --dir=a:b a:", true, "b:"}, {"lib -d a:b shelf a:", true, "b:"},
		{"lib shelf $(touch x) ", false, ""}, {"lib nonsense ", false, ""}, {"lib shelf --nonsense ", false, ""},
		{"lib shelf --nonsense=", false, ""},
	} {
		breaks := ""
		if c.bash {
			breaks = " \t\n\"'><=;|&(:"
		}
		var out strings.Builder
		err := library().Complete(&out, c.line, breaks, func(value func(string) string) *state {
			return &state{dir: value("dir")}
		})
		var got []string
		for line := range strings.Lines(out.String()) {
			word, _, _ := strings.Cut(line, "\t")
			got = append(got, word)
		}
		if strings.Join(got, "|") != c.want || err != nil {
			t.Errorf("%s: %s, want %s; %v", c.line, strings.Join(got, "|"), c.want, err)
		}
	}
}

func TestCompletionScriptsAreScripts(t *testing.T) {
	check := map[string][]string{"bash": {"-n"}, "zsh": {"-n"}, "fish": {"--no-execute"}}
	p := library()
	p.Called = "lib-2.0"
	for _, shell := range Shells {
		script, err := p.CompletionScript(shell)
		if err != nil || strings.Contains(script, "eval") || !strings.Contains(script, "command lib-2.0 "+CompleteCommand) ||
			strings.Contains(script, "_lib-2.0_") {
			t.Errorf("%s: %v\n%s", shell, err, script)
		}
		if _, err := exec.LookPath(shell); err != nil {
			t.Logf("no %s here: its script is not parsed", shell)
			continue
		}
		cmd := exec.Command(shell, slices.Concat(check[shell], []string{"/dev/stdin"})...)
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
	if _, err := p.CompletionScript("tcsh"); err == nil {
		t.Error("a script for a shell that has none")
	}
}
