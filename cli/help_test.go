package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"snap/cli/cmdline"
	"snap/cli/exit"
)

// An option before the command is looked for in all commands: they must agree.
func TestFlagsOfOneNameAgreeOnValues(t *testing.T) {
	takes, global := map[string]bool{}, map[string]bool{}
	for _, f := range globalFlags() {
		for _, n := range append([]string{f.Name}, f.Aliases...) {
			global[n] = true
		}
	}
	for _, cmd := range commands() {
		for _, f := range cmd.Flags {
			value := f.Kind != cmdline.Bool
			for _, n := range append([]string{f.Name}, f.Aliases...) {
				if was, known := takes[n]; known && was != value {
					t.Errorf("--%s takes a value in some commands and none in others", n)
				}
				takes[n] = value
				if global[n] {
					t.Errorf("%s: --%s is a global flag too", cmd.Name, n)
				}
			}
		}
	}
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
	lines := [][]string{{"--help"}, {"help"}}
	for _, cmd := range commands() {
		lines = append(lines, []string{cmd.Name, "--help"}, []string{"help", cmd.Name})
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
			if len([]rune(strings.TrimSuffix(line, "\n"))) > cmdline.Width {
				t.Errorf("%q: too long: %s", args, line)
			}
		}
		var out bytes.Buffer // paragraphs fit under a longer name, too
		Run(context.Background(), testEnv("/nowhere", &out, io.Discard), append([]string{"snap-backup"}, args...))
		for line := range strings.Lines(out.String()) {
			if line[0] != ' ' && len([]rune(strings.TrimSuffix(line, "\n"))) > cmdline.Width {
				t.Errorf("%q as snap-backup: too long: %s", args, line)
			}
		}
	}
}

func TestEveryCommandSaysWhatItIs(t *testing.T) {
	for _, cmd := range commands() {
		if cmd.Short == "" || cmd.Long == "" || cmd.Run == nil || !cmd.Hidden && cmd.Group == "" ||
			cmd.Args != "" && cmd.Max == 0 {
			t.Errorf("%s: something is missing", cmd.Name)
		}
		if slices.Contains(cmd.Codes, 0) || slices.Contains(cmd.Codes, 1) || slices.Contains(cmd.Codes, 2) {
			t.Errorf("%s: every command has the codes 0, 1 and 2", cmd.Name)
		}
		for _, code := range cmd.Codes {
			if exit.Texts[code] == "" {
				t.Errorf("%s: no text for exit code %d", cmd.Name, code)
			}
		}
	}
}

// TestTheReadmeHasTheCommands: its list names each of them in the first column.
func TestTheReadmeHasTheCommands(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## Commands\n")
	table, _, _ = strings.Cut(table, "\n## ")
	named := map[string]bool{}
	for line := range strings.Lines(table) {
		if column, _, found := strings.Cut(strings.TrimPrefix(line, "| "), " | "); found {
			for _, quoted := range regexp.MustCompile("`(?:snap )?([a-z]+)").FindAllStringSubmatch(column, -1) {
				named[quoted[1]] = true
			}
		}
	}
	for _, cmd := range commands() {
		if !cmd.Hidden && !named[cmd.Name] {
			t.Errorf("README.md has no line for snap %s in its list of commands", cmd.Name)
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
