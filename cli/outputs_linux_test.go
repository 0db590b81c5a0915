package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestOutputsHideNoVerdict runs every kind of command with its output in every state, and wants the exit code that it
// has when all is written. Only where there is nothing else to tell does the output count: a command that shows
// something has failed if it could not, and one that does something has done it in part.
func TestOutputsHideNoVerdict(t *testing.T) {
	base := t.TempDir()
	dest, src := filepath.Join(base, "dest"), filepath.Join(base, "src")
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	runTo := func(out, errs io.Writer, line string) int {
		env := testEnv(dest, out, errs)
		env.Dir, env.Now = base, func() time.Time { return at }
		return Run(context.Background(), env, append([]string{"snap"}, strings.Fields(line)...))
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{dest, filepath.Join(src, "docs")} {
		must(os.MkdirAll(dir, 0o700))
	}
	for _, name := range []string{"a", "b", "docs/c"} {
		must(os.WriteFile(filepath.Join(src, name), []byte(name), 0o600))
	}
	for _, name := range []string{"d", "e"} {
		var errs bytes.Buffer
		if code := runTo(io.Discard, &errs, "backup dest src"); code != 0 {
			t.Fatal(errs.String())
		}
		at = at.AddDate(0, 0, 1)
		must(os.WriteFile(filepath.Join(src, name), []byte(name), 0o600))
	}
	const first = "20261101-120000"

	type state struct {
		name     string
		out, err func() io.Writer
	}
	whole := func() io.Writer { return new(bytes.Buffer) }
	broken := func(after int, err error) func() io.Writer {
		return func() io.Writer { return &failing{after, err} }
	}
	full := broken(0, syscall.ENOSPC)
	closed := []state{{"head", broken(1, syscall.EPIPE), whole},
		{"nobody reads anything", broken(0, syscall.EPIPE), broken(0, syscall.EPIPE)}}
	fulls := []state{{"half a full disk", broken(1, syscall.ENOSPC), whole}, {"all on a full disk", full, full}}
	wholes := []state{{"whole", whole, whole}, {"errors on a full disk", whole, full}}
	check := func(ok, pipe, disk int, lines ...string) {
		t.Helper()
		for _, line := range lines {
			for i, states := range [][]state{wholes, closed, fulls} {
				for _, s := range states {
					errs := s.err()
					if code, want := runTo(s.out(), errs, line), []int{ok, pipe, disk}[i]; code != want {
						t.Errorf("snap %s, %s: exit code %d, want %d\n%v", line, s.name, code, want, errs)
					}
				}
			}
		}
	}
	// What shows something.
	check(0, 0, 1, "list -d dest", "list -d dest --json", "ls -d dest -R latest", "find -d dest *", "history -d dest a",
		"stats -d dest", "diff -d dest",
		"cat -d dest latest:docs/c", "explain -d dest src/a", "help backup", "help", "man", "version", "completion bash")
	check(2, 2, 2, "list -d dest --nonsense")
	check(1, 1, 1, "ls -d dest nonsense")
	check(10, 10, 10, "list -d src")
	// What does something, or tells by its exit code.
	check(0, 0, 3, "check -d dest", "backup -v --force dest src", "backup -n --force dest src",
		"backup --json --force dest src", "init dest",
		"restore -d dest latest --target out --overwrite always -v",
		"restore -d dest latest --target out --overwrite always -n", "tag -d dest latest --add x",
		"note -d dest latest y", "prune -d dest -n --keep-last 1", "prune -d dest --keep-last 100", "reindex -d dest --json",
		"delete -d dest -n oldest",
		"purge -d dest -n a", "purge -d dest --json -n a")
	check(0, 0, 0, "backup -q --force dest src", "check -q -d dest", "diff -d dest --exit-code latest latest")
	check(1, 1, 1, "diff -d dest --exit-code "+first+" latest", "diff -d dest --exit-code --json "+first+" latest",
		"diff -d dest --exit-code --stat "+first+" latest")
	check(4, 4, 4, "restore -d dest latest --target out")

	// Damage.
	name := filepath.Join(dest, first, "a")
	info, err := os.Stat(name)
	must(err)
	must(os.WriteFile(name, []byte("x"), 0o600))
	must(os.Chtimes(name, info.ModTime(), info.ModTime()))
	check(1, 1, 1, "check -d dest --read-data", "check -d dest --read-data --json", "check -d dest --read-data -q")
	check(3, 3, 3, "restore -d dest "+first+" --target out --overwrite always -v",
		"restore -d dest "+first+" --target out --overwrite always --json")
}
