package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/internal/filetest"
)

// TestNamesThatTheDestinationCannotHold: they are told at once, with each run, and kept in the index; the rest is in
// the snapshot, and is linked by the next one. Where the destination can hold them, they are held.
func TestNamesThatTheDestinationCannotHold(t *testing.T) {
	real := t.TempDir()
	mnt := filetest.Oddfs(t, real, "-maxname", "143", "-badchars", ":")
	p := backuptest.NewPlace(t)
	p.Dest = filepath.Join(mnt, "d")
	p.Do(os.Mkdir(p.Dest, 0o755))
	long := strings.Repeat("n", 144)
	for _, name := range []string{"a", "b/c", "when:now", "dir:x/below", "dir:x/sub/deep", "b/" + long, "b/same"} {
		p.Write(name, "content of "+name)
	}
	p.Do(os.Symlink("a", p.Path("link:to")))
	res, _ := p.Backup()
	told := backuptest.Untold(res)
	want := []string{"b/" + long, "dir:x", "when:now"}
	slices.Sort(want)
	if !slices.Equal(told, want) || !res.Incomplete() || res.Header.Unheld != 6 {
		t.Fatalf("told %q, not held %d, %v", told, res.Header.Unheld, res.Problems)
	}
	for _, pr := range res.Problems {
		if !errors.As(pr.Err, new(*backup.UnheldError)) {
			t.Errorf("%s: %v", pr.Path, pr.Err)
		}
	}
	for _, name := range []string{"a", "b/c"} {
		if b, err := os.ReadFile(filepath.Join(p.Tree(res), name)); err != nil || string(b) != "content of "+name {
			t.Errorf("%s: %q %v", name, b, err)
		}
	}
	if found := backuptest.Said(p.Check(check.Options{Read: check.Subset{All: true}})); len(found) > 0 {
		t.Errorf("%q", found)
	}

	again, _ := p.Backup() // nothing changed
	if !again.Skipped || !slices.Equal(backuptest.Untold(again), want) {
		t.Errorf("skipped %v, told %q", again.Skipped, backuptest.Untold(again))
	}
	p.Write("new", "new")
	p.Do(os.Chmod(p.Path("when:now"), 0o600))
	second, _ := p.Backup()
	if h := second.Header; !slices.Equal(backuptest.Untold(second), want) || h.Added != 1 || h.Metadata != 1 ||
		h.Modified != 0 || h.Linked != 3 {
		t.Errorf("told %q, %+v", backuptest.Untold(second), h)
	}
	p.Lose("index.db")
	p.Reindex()
	if found := backuptest.Said(p.Check(check.Options{Read: check.Subset{All: true}})); len(found) > 0 {
		t.Errorf("%q", found)
	}

	p.Dest = filepath.Join(real, "d") // the same destination, on a disk that can
	p.Write("new2", "new2")
	third, _ := p.Backup()
	if len(backuptest.Untold(third)) > 0 || third.Header.Unheld != 0 {
		t.Errorf("told %q", backuptest.Untold(third))
	}
	p.WantSame(third)
	if found := backuptest.Said(p.Check(check.Options{Read: check.Subset{All: true}})); len(found) > 0 {
		t.Errorf("%q", found)
	}
}

// TestAFileThatTheDestinationCannotHold: by its size.
func TestAFileThatTheDestinationCannotHold(t *testing.T) {
	mnt := filetest.Oddfs(t, t.TempDir(), "-largest", "100000")
	p := backuptest.NewPlace(t)
	p.Dest = filepath.Join(mnt, "d")
	p.Do(os.Mkdir(p.Dest, 0o755))
	p.Write("a", "a")
	p.Write("large", strings.Repeat("l", 200_000))
	for range 2 {
		res, _ := p.Backup(backuptest.Force)
		if told := backuptest.Untold(res); !slices.Equal(told, []string{"large"}) {
			t.Errorf("told %q", told)
		}
		if left, _ := os.ReadDir(p.Tree(res)); len(left) != 1 {
			t.Errorf("%v", left)
		}
	}
}

// TestADestinationThatTakesNothing: one name that is refused is told; where no other can be made either, the run ends.
func TestADestinationThatTakesNothing(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("folder/a", "a")
	p.Write("b", "b")
	args := []string{"backup", "--force", p.Dest, p.Src}
	var out string
	for range 2 { // the first run makes folders of its own, too
		_, out = p.At(t, 0, "mkdirat", []string{"-log", "/dev/stdout"}, args...)
	}
	call := 0
	for line := range strings.Lines(out) {
		if strings.HasSuffix(line, "\"folder\"\n") {
			call, _ = strconv.Atoi(strings.Fields(line)[0])
		}
	}
	if call == 0 {
		t.Fatal(out)
	}
	before := len(p.Snapshots())
	for _, c := range []struct {
		fault []string
		told  string
		made  int
	}{
		{[]string{"-errno", "EINVAL"},
			"folder: the destination cannot hold this name, nor what is in it: invalid argument", 1},
		{[]string{"-errno", "EINVAL", "-from", strconv.Itoa(call)}, "invalid argument", 0},
		{[]string{"-errno", "EIO"}, "input/output error", 0},
		{[]string{"-errno", "EINTR"}, "", 1},
	} {
		_, out := p.At(t, call, "mkdirat", c.fault, args...)
		if made := len(p.Snapshots()) - before; made != c.made || !strings.Contains(out, c.told) {
			t.Errorf("%q: %d snapshots\n%s", c.fault, made, out)
		}
		before = len(p.Snapshots())
	}
}
