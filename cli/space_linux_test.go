package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/internal/filetest"
)

// TestADestinationWithoutRoomIsRefused: exit code 4 whether the space is missing for the files or for the first
// note of them, and a dry run says so too, after what it would have done.
func TestADestinationWithoutRoomIsRefused(t *testing.T) {
	filetest.NeedRoot(t)
	dir := t.TempDir()
	dest, src := filepath.Join(dir, "dest"), filepath.Join(dir, "src")
	for _, err := range []error{os.Mkdir(dest, 0o700), os.Mkdir(src, 0o700)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	filetest.Mount(t, "tmpfs", dest, "size=8m,mode=700")
	write := func(path string, size int) {
		if err := os.WriteFile(path, []byte(strings.Repeat("x", size)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(t *testing.T, dest string, args ...string) (stdout, stderr string, code int) {
		t.Helper()
		var out, errs bytes.Buffer
		env := testEnv(dest, &out, &errs)
		lookup := env.LookupEnv
		env.LookupEnv = func(key string) (string, bool) {
			if key == "XDG_STATE_HOME" {
				return filepath.Join(dir, "state"), true
			}
			return lookup(key)
		}
		code = Run(t.Context(), env, append([]string{"snap"}, args...))
		return out.String(), errs.String(), code
	}
	refused := func(why string, args ...string) (stdout string) {
		t.Helper()
		stdout, stderr, code := run(t, dir, append(args, dest, src)...)
		if code != exit.Refused || !strings.Contains(stderr, why) || !strings.Contains(stderr, "free some space there") {
			t.Errorf("%s: exit code %d, %s%s", args, code, stdout, stderr)
		}
		return stdout
	}
	write(filepath.Join(src, "small"), 10)
	if _, stderr, code := run(t, dir, "backup", dest, src); code != 0 {
		t.Fatal(code, stderr)
	}
	write(filepath.Join(src, "large"), 16<<20)
	refused("not enough space: this backup needs about 17 MiB", "backup")
	if out := refused("not enough space: this backup needs about 17 MiB", "backup",
		"-n"); !strings.Contains(out, "+ large\n") || !strings.Contains(out, "would make a snapshot: 2 files") {
		t.Errorf("before it is refused a dry run says %q", out)
	}
	if _, stderr, code := run(t, dir, "diff", "--source", "-d", dest); code != 0 {
		t.Errorf("diff --source: exit code %d, %s", code, stderr)
	}
	if err := exec.Command("dd", "if=/dev/zero", "of="+filepath.Join(dest, "filler"), "bs=4k").Run(); err == nil {
		t.Fatal("the destination is not full")
	}
	refused("not enough space to begin: ", "backup")
	refused("not enough space: this backup needs about 17 MiB, 0 B are free", "backup", "-n")

	// That it failed could not be noted there, and is told even so when there is room again, until one goes well.
	for _, name := range []string{filepath.Join(dest, "filler"), filepath.Join(src, "large")} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []struct {
		line []string
		says string
	}{
		{[]string{"status"}, "the last backup failed: "}, {[]string{"status"}, "not enough space to begin: "},
		{[]string{"backup", dest, src}, "nothing changed"}, {[]string{"status", "--json"}, `"last_failure":null`},
		{[]string{"status"}, "well: "},
	} {
		if stdout, stderr, _ := run(t, dest, want.line...); !strings.Contains(stdout, want.says) {
			t.Errorf("%s: no %q in %s%s", want.line, want.says, stdout, stderr)
		}
	}
}

// TestWhatMakesRoom: a backup that does not fit names the command that makes room for it, and that does.
func TestWhatMakesRoom(t *testing.T) {
	filetest.NeedRoot(t)
	command := regexp.MustCompile(`(snap prune .*)`)
	for _, c := range []struct {
		what, rules string
		tag         string // of the first snapshot
		large       int    // MiB that are to be backed up
		says        string
		fits        bool // when the command that is named was run
	}{
		{"the oldest", "", "", 6, `deleting the oldest snapshot, 20261101-080000, frees 2.0 MiB, which is enough` +
			"\nsnap: to do it: snap prune -d DEST --min-free 8M", true},
		{"those of the last days too", "", "", 12,
			`deleting the 4 oldest snapshots that may go, up to 20261104-080000, frees 8.0 MiB, which is enough` +
				"\nsnap: to do it: snap prune -d DEST --min-free 14M --min-free-keep-daily 0", true},
		{"most of them", "", "", 16, `--min-free-keep-daily 0 --allow-most`, true},
		{"by the rules", "keep_last = 5", "", 12, `the rules of BackupOptions.txt would delete 4 snapshots now, and free ` +
			"8.0 MiB, which is enough\nsnap: to do it: snap prune -d DEST\n", true},
		{"rules that do not do", "keep_last = 7", "", 12, `--min-free 14M`, true},
		{"pinned", "", "pin", 6, `deleting the oldest snapshot, 20261102-080000, frees 2.0 MiB`, true},
		{"kept by its tag", "keep_last = 99\nkeep_tag = first", "first", 6,
			`but 20261101-080000 among them is tagged as keep_tag says`, false},
		{"a rule with a mistake", "keep_last = 4\nhello = 1", "", 12, `--min-free 14M`, true},
		{"nothing", "", "", 40, `deleting all snapshots that may go would free 16 MiB, which is not enough`, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := t.TempDir()
			dest, src := filepath.Join(dir, "dest"), filepath.Join(dir, "src")
			for _, err := range []error{os.Mkdir(dest, 0o700), os.Mkdir(src, 0o700)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			filetest.Mount(t, "tmpfs", dest, "size=25m,mode=700")
			write := func(path string, size int, with string) {
				if err := os.WriteFile(path, []byte(strings.Repeat(with, size)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for day := range 9 {
				write(filepath.Join(src, "file"), 2<<20, fmt.Sprint(day))
				args := []string{"backup", dest, src, "--time", fmt.Sprintf("2026-11-%02d 08:00", day+1)}
				if day == 0 && c.tag != "" {
					args = append(args, "--tag", c.tag)
				}
				if _, stderr, code := run(t, dir, args...); code != 0 {
					t.Fatal(code, stderr)
				}
			}
			write(filepath.Join(dest, settings.OptionsFile), 1, c.rules)
			write(filepath.Join(src, "large"), c.large<<20, "x")
			for _, args := range [][]string{{"backup", "-n", dest, src}, {"backup", dest, src}} {
				_, stderr, code := run(t, dir, args...)
				if code != exit.Refused || !strings.Contains(strings.ReplaceAll(stderr, dest, "DEST"), c.says) {
					t.Errorf("exit code %d, %s", code, stderr)
				}
				if line := command.FindString(stderr); c.fits && line != "" && args[1] == dest {
					if _, stderr, code := run(t, dir, strings.Fields(line)[1:]...); code != 0 {
						t.Errorf("%s: exit code %d, %s", line, code, stderr)
					}
				}
			}
			if _, stderr, code := run(t, dir, "backup", dest, src); c.fits != (code == 0 || code == exit.Partial) {
				t.Errorf("at last: exit code %d, %s", code, stderr)
			}
		})
	}
}

// TestFreeSpaceIsNotBoughtInVain: where all history would not do, because somebody else's file fills the disk, none
// of it goes; where some of it does, the oldest go, the newest of the last days never, and the backup names them.
func TestFreeSpaceIsNotBoughtInVain(t *testing.T) {
	filetest.NeedRoot(t)
	dir := t.TempDir()
	dest, src := filepath.Join(dir, "dest"), filepath.Join(dir, "src")
	for _, err := range []error{os.Mkdir(dest, 0o700), os.Mkdir(src, 0o700)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	filetest.Mount(t, "tmpfs", dest, "size=40m,mode=700")
	for day := range 9 {
		if err := os.WriteFile(filepath.Join(src, "file"), []byte(strings.Repeat(fmt.Sprint(day), 1<<20)),
			0o600); err != nil {
			t.Fatal(err)
		}
		if _, stderr, code := run(t, dir, "backup", dest, src, "--time",
			fmt.Sprintf("2026-11-%02d 08:00", day+1)); code != 0 {
			t.Fatal(code, stderr)
		}
	}
	filler := filepath.Join(dest, "filler")
	if err := os.WriteFile(filler, make([]byte, 16<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	snapshots := func() (n int) {
		all, err := filepath.Glob(filepath.Join(dest, "2026*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	backup := func(rule string, want int, left int, says string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dest, settings.OptionsFile), []byte(rule), 0o600); err != nil {
			t.Fatal(err)
		}
		stdout, stderr, code := run(t, dir, "backup", dest, src)
		if code != want || snapshots() != left || !strings.Contains(stdout+stderr, says) {
			t.Errorf("%q: exit code %d, %d snapshots left, %s%s", rule, code, snapshots(), stdout, stderr)
		}
	}
	backup("min_free = 80%", exit.Partial, 9, "no snapshot is deleted for min_free: ")
	var system syscall.Statfs_t
	if err := syscall.Statfs(dest, &system); err != nil {
		t.Fatal(err)
	}
	free := int(system.Bavail) * int(system.Bsize)
	backup(fmt.Sprintf("min_free = %dB", free+(5<<19)), exit.Partial, 9,
		"of the last 7 days the newest (min_free_keep_daily)") // of two days and a half
	backup(fmt.Sprintf("min_free = %dB", free+(3<<19)), 0, 7,
		"2 old snapshots deleted by the rules of BackupOptions.txt, 2.0 MiB freed: 20261101-080000, 20261102-080000")
	backup(fmt.Sprintf("min_free = %dB\nmin_free_keep_daily = 4", free+(9<<19)), 0, 4, "3 old snapshots deleted")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	backup("min_free = 20%", 0, 4, "nothing changed")
}

// TestWhatIsClonedIsCopiedWhereNothingCanBe: a file of which only the mode differs takes its size again.
func TestWhatIsClonedIsCopiedWhereNothingCanBe(t *testing.T) {
	filetest.NeedRoot(t)
	dir := t.TempDir()
	dest, src := filepath.Join(dir, "dest"), filepath.Join(dir, "src")
	large := filepath.Join(src, "large")
	for _, err := range []error{os.Mkdir(dest, 0o700), os.Mkdir(src, 0o700),
		os.WriteFile(large, []byte(strings.Repeat("x", 20<<20)), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	filetest.Mount(t, "tmpfs", dest, "size=60m,mode=700")
	if _, stderr, code := run(t, dir, "backup", dest, src); code != 0 {
		t.Fatal(code, stderr)
	}
	if err := os.Chmod(large, 0o640); err != nil {
		t.Fatal(err)
	}
	if out, _, code := run(t, dir, "backup", "-n", dest, src); code != 0 || !strings.Contains(out, "20 MiB copied") {
		t.Errorf("exit code %d, %s", code, out)
	}
	if err := os.WriteFile(filepath.Join(dest, "filler"), []byte(strings.Repeat("x", 20<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"backup", "-n", dest, src}, {"backup", dest, src}} {
		if _, stderr, code := run(t, dir, args...); code != exit.Refused ||
			!strings.Contains(stderr, "not enough space: this backup needs about 21 MiB") {
			t.Errorf("%q: exit code %d, %s", args, code, stderr)
		}
	}
}
