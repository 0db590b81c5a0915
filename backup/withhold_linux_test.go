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
)

// TestNamesThatTheDestinationCannotHold: they are told at once, with each run, and kept in the index; the rest is in the snapshot, and
// is linked by the next one. Where the destination can hold them, they are held.
func TestNamesThatTheDestinationCannotHold(t *testing.T) {
	real := t.TempDir()
	mnt := oddfs(t, real, "-maxname", "143", "-badchars", ":")
	p := newPlace(t)
	p.dest = filepath.Join(mnt, "d")
	p.do(os.Mkdir(p.dest, 0o755))
	long := strings.Repeat("n", 144)
	for _, name := range []string{"a", "b/c", "when:now", "dir:x/below", "dir:x/sub/deep", "b/" + long, "b/same"} {
		p.write(name, "content of "+name)
	}
	p.do(os.Symlink("a", p.path("link:to")))
	res, _ := p.backup()
	told := untold(res)
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
		if b, err := os.ReadFile(filepath.Join(p.tree(res), name)); err != nil || string(b) != "content of "+name {
			t.Errorf("%s: %q %v", name, b, err)
		}
	}
	if found := said(p.check(backup.CheckOptions{Read: backup.Subset{All: true}})); len(found) > 0 {
		t.Errorf("%q", found)
	}

	again, _ := p.backup() // nothing changed
	if !again.Skipped || !slices.Equal(untold(again), want) {
		t.Errorf("skipped %v, told %q", again.Skipped, untold(again))
	}
	p.write("new", "new")
	p.do(os.Chmod(p.path("when:now"), 0o600))
	second, _ := p.backup()
	if h := second.Header; !slices.Equal(untold(second), want) || h.Added != 1 || h.Metadata != 1 || h.Modified != 0 || h.Linked != 3 {
		t.Errorf("told %q, %+v", untold(second), h)
	}
	p.lose("index.db")
	p.reindex()
	if found := said(p.check(backup.CheckOptions{Read: backup.Subset{All: true}})); len(found) > 0 {
		t.Errorf("%q", found)
	}

	p.dest = filepath.Join(real, "d") // the same destination, on a disk that can
	p.write("new2", "new2")
	third, _ := p.backup()
	if len(untold(third)) > 0 || third.Header.Unheld != 0 {
		t.Errorf("told %q", untold(third))
	}
	p.wantSame(third)
	if found := said(p.check(backup.CheckOptions{Read: backup.Subset{All: true}})); len(found) > 0 {
		t.Errorf("%q", found)
	}
}

// TestAFileThatTheDestinationCannotHold: by its size.
func TestAFileThatTheDestinationCannotHold(t *testing.T) {
	mnt := oddfs(t, t.TempDir(), "-largest", "100000")
	p := newPlace(t)
	p.dest = filepath.Join(mnt, "d")
	p.do(os.Mkdir(p.dest, 0o755))
	p.write("a", "a")
	p.write("large", strings.Repeat("l", 200_000))
	for range 2 {
		res, _ := p.backup(force)
		if told := untold(res); !slices.Equal(told, []string{"large"}) {
			t.Errorf("told %q", told)
		}
		if left, _ := os.ReadDir(p.tree(res)); len(left) != 1 {
			t.Errorf("%v", left)
		}
	}
}

// TestADestinationThatTakesNothing: one name that is refused is told; where no other can be made either, the run ends.
func TestADestinationThatTakesNothing(t *testing.T) {
	p := newPlace(t)
	p.write("folder/a", "a")
	p.write("b", "b")
	args := []string{"backup", "--force", p.dest, p.src}
	var out string
	for range 2 { // the first run makes folders of its own, too
		_, out = p.at(t, 0, "mkdirat", []string{"-log", "/dev/stdout"}, args...)
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
	before := len(p.snapshots())
	for _, c := range []struct {
		fault []string
		told  string
		made  int
	}{
		{[]string{"-errno", "EINVAL"}, "folder: the destination cannot hold this name, nor what is in it: invalid argument", 1},
		{[]string{"-errno", "EINVAL", "-from", strconv.Itoa(call)}, "invalid argument", 0},
		{[]string{"-errno", "EIO"}, "input/output error", 0},
		{[]string{"-errno", "EINTR"}, "", 1},
	} {
		_, out := p.at(t, call, "mkdirat", c.fault, args...)
		if made := len(p.snapshots()) - before; made != c.made || !strings.Contains(out, c.told) {
			t.Errorf("%q: %d snapshots\n%s", c.fault, made, out)
		}
		before = len(p.snapshots())
	}
}
