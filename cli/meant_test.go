package cli

import (
	"regexp"
	"strings"
	"testing"

	"snap/cli/meant"
)

// TestWhatIsOfferedExists: each word leads to a command and to flags that there are, and no flag of the table is one.
func TestWhatIsOfferedExists(t *testing.T) {
	program := newProgram("")
	known := func(name string) *command {
		cmd, _ := program.Command(name)
		return cmd
	}
	has := func(c *command, flag string) bool {
		return hasFlag(program.Flags, flag) || c != nil && hasFlag(c.Flags, flag)
	}
	flag := regexp.MustCompile(`(?:^|[ (])--?([A-Za-z][a-z-]*)`)
	line := regexp.MustCompile(`\bsnap ([a-z]+)`)
	exists := func(word, text string) {
		t.Helper()
		for _, m := range line.FindAllStringSubmatch(text, -1) {
			if known(m[1]) == nil {
				t.Errorf("%s: there is no command %s", word, m[1])
			}
		}
		for _, m := range flag.FindAllStringSubmatch(text, -1) {
			found := has(nil, m[1])
			for _, c := range program.Commands {
				found = found || has(c, m[1])
			}
			if !found {
				t.Errorf("%s: no command has the flag %s", word, m[0])
			}
		}
	}
	for word, text := range meant.Commands {
		if !strings.Contains(text, " ") {
			text = "snap " + text
		}
		exists(word, text)
	}
	for key, text := range meant.Flags {
		command, name, ok := strings.Cut(key, " ")
		if !ok {
			command, name = "", key
		} else if known(command) == nil {
			t.Errorf("%s: there is no such command", key)
		}
		if has(known(command), name) {
			t.Errorf("%s is a flag", key)
		}
		exists(key, text)
	}
	exists("rules", meant.Rules)
}

func TestWhatWasMeant(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"verify", `did you mean "snap check"?`}, {"Verify", `did you mean "snap check"?`},
		{"mount", "snapshots are folders: open DEST/latest"}, {"du", `did you mean "snap stats"?`},
		{"rm x", "snap delete REF"}, {"cron", `did you mean "snap schedule"?`}, {"exclude x", "DEST/Blacklist.txt"},
		{"repair-index", `did you mean "snap reindex"?`}, {"cp a b", "snap restore REF:PATH --target DIR"},
		{"bakcup", `did you mean "snap backup"?`}, {"qqq", "for the commands: snap --help"},
		{"backup a b --delete", "what is deleted there is in older snapshots only"},
		{"--delete backup a b", "what is deleted there is in older snapshots only"},
		{"backup a b --progress", "by itself"}, {"backup a b -aH", "kept without a flag"}, {"-r x list", "-d DIR"},
		{"backup --keep-daily 7", "keep_daily = 7"}, {"list --dry-run", "only reads"},
		{"ls --exclude x", "--exclude is a flag of snap backup, snap "}, {"restore x --to y", "--target DIR"},
		{"ls --recursiv", `did you mean "--recursive"?`}, {"ls --qqq", "for the flags: snap ls --help"},
		{"ls -Q", "for the flags: snap ls --help"}, {"--qqq", "for the flags: snap --help"},
	} {
		_, stderr, code := runLine("/nowhere", strings.Fields(c.line))
		if code != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit code %d, %s", c.line, code, stderr)
		}
	}
}
