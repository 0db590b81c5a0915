package backup_test

import (
	"os"
	"slices"
	"testing"

	"snap/backup"
)

// TestAMountThatNobodyMayEnter: with --one-file-system a mount that does not even let root look at it is an empty folder, each time;
// without it, it is told.
func TestAMountThatNobodyMayEnter(t *testing.T) {
	p := newPlace(t)
	p.write("f", "f")
	p.do(os.Mkdir(p.path("my vault"), 0o755))
	must(t, "mount", "--bind", oddfs(t, t.TempDir(), "-sealed"), p.path("my vault"))
	defer must(t, "umount", p.path("my vault"))
	one := func(o *backup.Options) { o.Scan.OneFileSystem = true }
	first, _ := p.backup(one)
	if told := untold(first); len(told) > 0 || first.Header.Dirs != 2 {
		t.Errorf("told %q, %d folders", told, first.Header.Dirs)
	}
	if left, err := os.ReadDir(p.tree(first) + "/my vault"); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
	if again, _ := p.backup(one); !again.Skipped || len(again.Problems) > 0 {
		t.Errorf("skipped %v, %v", again.Skipped, again.Problems)
	}
	if all, _ := p.backup(force); !slices.Equal(untold(all), []string{"my vault"}) {
		t.Errorf("without: told %q", untold(all))
	}
}
