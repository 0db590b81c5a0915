package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"snap/cli/exit"
)

func TestFlagsMayStandAnywhere(t *testing.T) {
	for _, c := range []struct {
		line string
		want string // the arranged line after "snap", or the error
	}{
		{"ls latest -l", "ls --long -- latest"},
		{"ls -lR latest", "ls --long --recursive -- latest"},
		{"-l ls latest", "ls --long -- latest"},
		{"ls latest --sort size", "ls --sort=size -- latest"},
		{"--sort size ls latest", "ls --sort=size -- latest"},
		{"ls --sort=size latest", "ls --sort=size -- latest"},
		{"list -d/mnt/x", "--dest=/mnt/x list --"},
		{"list -d=/mnt/x", "--dest=/mnt/x list --"},
		{"--dest /mnt/x list --json", "--dest=/mnt/x --json list --"},
		{"list -vvq", "--verbose --verbose --quiet list --"},
		{"list -v --utc -v", "--verbose --utc --verbose list --"},
		{"find *.go --size -1K", "find --size=-1K -- *.go"},
		{"find -- --size -l", "find -- --size -l"},
		{"find - x", "find -- - x"},
		{"diff a b -- c -d", "diff -- a b c -d"},
		{"snapshots", "list --"},
		{"find a --in --json", "find --in=--json -- a"},
		{"ls -z", `ls: unknown flag -z`},
		{"ls -lz", `ls: unknown flag -lz`},
		{"ls --lnog", `ls: unknown flag --lnog`},
		{"--nonsense ls", `unknown flag --nonsense`},
		{"--regex ls", `ls: unknown flag --regex`},
		{"ls --sort", `the flag --sort needs a value`},
		{"lst", `unknown command lst`},
		{"-- ls", `no command before "--"`},
		{"", ""},
	} {
		app := newApp(commands(), "", nil)
		got, err := arrange(app, append([]string{"snap"}, strings.Fields(c.line)...))
		text := strings.Join(got.args[min(1, len(got.args)):], " ")
		if err != nil {
			text = err.Error()
			if exit.Code(context.Background(), err) != exit.Usage {
				t.Errorf("%q: not a usage error: %v", c.line, err)
			}
		}
		if text != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.line, text, c.want)
		}
	}
}

// An option before the command is looked for in all commands: they must agree.
func TestFlagsOfOneNameAgreeOnValues(t *testing.T) {
	takes := map[string]bool{}
	for _, cmd := range commands() {
		for _, f := range cmd.flags {
			for _, n := range f.Names() {
				if was, known := takes[n]; known && was != takesValue(f) {
					t.Errorf("--%s takes a value in some commands and none in others", n)
				}
				takes[n] = takesValue(f)
				if flagNamed(globalFlags(), n) != nil {
					t.Errorf("%s: --%s is a global flag too", cmd.name, n)
				}
			}
		}
	}
}

func FuzzArrange(f *testing.F) {
	f.Add("ls\x00-lR\x00latest")
	f.Add("--dest\x00x\x00--\x00-")
	f.Add("-d")
	f.Add("--=\x00-\x00--x=\x00-=")
	f.Fuzz(func(t *testing.T, joined string) {
		app := newApp(commands(), "", func(*command) cli.ActionFunc { return func(*cli.Context) error { return nil } })
		l, err := arrange(app, append([]string{"snap"}, strings.Split(joined, "\x00")...))
		if err != nil || l.command == nil {
			return
		}
		if err := app.RunContext(context.Background(), l.args); err != nil &&
			exit.Code(context.Background(), err) != exit.Usage {
			t.Fatalf("%q: %v", l.args, err)
		}
	})
}

// run is one command line in the environment of a test.
func run(t *testing.T, dest string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return runLine(dest, args)
}

func runLine(dest string, args []string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = Run(context.Background(), testEnv(dest, &out, &errs), append([]string{"snap"}, args...))
	return out.String(), errs.String(), code
}

func TestUsageErrorsLeaveStdoutEmpty(t *testing.T) {
	w := mustWorld(t)
	w.snapshot(t)
	for _, line := range []string{
		"lst", "ls --nope", "ls a b", "cat", "list --units x", "list --color x", "ls --sort x", "find", "find x --size 1Q",
		"find x --since tomorrow",
		"find --regex (", "diff --stat -0", "find x --type q", "find x -0 --json", "completion tcsh", "ls latest:../x",
		"ls @x", "list --lock-wait 5m", "--nope", "diff a b c",
	} {
		stdout, stderr, code := run(t, w.dest, strings.Fields(line)...)
		if code != exit.Usage || stdout != "" || !strings.HasPrefix(stderr, "snap: ") {
			t.Errorf("%s: exit code %d\nstdout: %s\nstderr: %s", line, code, stdout, stderr)
		}
	}
}

func TestHelpFitsATerminal(t *testing.T) {
	lines := [][]string{{}, {"--help"}, {"help"}}
	for _, cmd := range commands() {
		lines = append(lines, []string{cmd.name, "--help"}, []string{"help", cmd.name})
	}
	for _, args := range lines {
		stdout, stderr, code := run(t, "/nowhere", args...)
		if code != 0 || stderr != "" {
			t.Errorf("%q: exit code %d, stderr %s", args, code, stderr)
		}
		if !strings.Contains(stdout, "Exit codes:") {
			t.Errorf("%q: no exit codes", args)
		}
		for line := range strings.Lines(stdout) {
			if len([]rune(strings.TrimSuffix(line, "\n"))) > helpWidth {
				t.Errorf("%q: too long: %s", args, line)
			}
		}
		var out bytes.Buffer // paragraphs fit under a longer name, too
		Run(context.Background(), testEnv("/nowhere", &out, io.Discard), append([]string{"snap-backup"}, args...))
		for line := range strings.Lines(out.String()) {
			if line[0] != ' ' && len([]rune(strings.TrimSuffix(line, "\n"))) > helpWidth {
				t.Errorf("%q as snap-backup: too long: %s", args, line)
			}
		}
	}
}

func TestEveryCommandSaysWhatItIs(t *testing.T) {
	for _, cmd := range commands() {
		if cmd.short == "" || cmd.long == "" || cmd.run == nil || !cmd.hidden && cmd.group == "" ||
			cmd.args != "" && cmd.max == 0 {
			t.Errorf("%s: something is missing", cmd.name)
		}
		if slices.Contains(cmd.codes, 0) || slices.Contains(cmd.codes, 1) || slices.Contains(cmd.codes, 2) {
			t.Errorf("%s: every command has the codes 0, 1 and 2", cmd.name)
		}
		for _, code := range cmd.codes {
			if exit.Texts[code] == "" {
				t.Errorf("%s: no text for exit code %d", cmd.name, code)
			}
		}
	}
}

// TestTheReadmeHasTheExitCodes: its table is that of the program.
func TestTheReadmeHasTheExitCodes(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## Exit codes\n")
	table, _, _ = strings.Cut(table, "\n## ")
	var rows []string
	for line := range strings.Lines(table) {
		if code, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " "); strings.Trim(code, "0123456789") == "" &&
			code != "" {
			rows = append(rows, strings.ReplaceAll(strings.TrimSpace(line), "`", ""))
		}
	}
	for i, code := range exit.Codes {
		if want := fmt.Sprintf("| %d | %s |", code, exit.Texts[code]); i >= len(rows) || rows[i] != want {
			t.Errorf("README.md lacks, or has elsewhere: %s", want)
		}
	}
	if len(rows) != len(exit.Codes) {
		t.Errorf("%d rows, %d exit codes", len(rows), len(exit.Codes))
	}
}
