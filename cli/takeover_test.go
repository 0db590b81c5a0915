package cli

import (
	"testing"

	"snap/cli/cmdline"
	"snap/cli/exit"
)

// TestTypedLine: a command line in a hint can be pasted, whatever is in it.
func TestTypedLine(t *testing.T) {
	for want, args := range map[string][]string{
		"snap backup /mnt/d '/home/my files' --exclude 'it'\\''s *'": {"/usr/bin/snap", "backup", "/mnt/d", "/home/my files",
			"--exclude", "it's *"},
		"snap-backup list": {"snap-backup", "list"},
		"snap":             {},
		exit.SameLine:      {"snap", "restore", string(make([]byte, 400))},
	} {
		if got := typedLine(newProgram(cmdline.CalledBy(args)), args); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
