package destination_test

import (
	"os"
	"slices"
	"testing"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/internal/filetest"
)

// TestAMountThatNobodyMayEnter: with --one-file-system a mount that does not even let root look at it is an empty
// folder, each time; without it, it is told.
func TestAMountThatNobodyMayEnter(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("f", "f")
	p.Do(os.Mkdir(p.Path("my vault"), 0o755))
	filetest.Must(t, "mount", "--bind", filetest.Oddfs(t, t.TempDir(), "-sealed"), p.Path("my vault"))
	defer filetest.Must(t, "umount", p.Path("my vault"))
	one := func(o *backup.Options) { o.Scan.OneFileSystem = true }
	first, _ := p.Backup(one)
	if told := backuptest.Untold(first); len(told) > 0 || first.Header.Dirs != 2 {
		t.Errorf("told %q, %d folders", told, first.Header.Dirs)
	}
	if left, err := os.ReadDir(p.Tree(first) + "/my vault"); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
	if again, _ := p.Backup(one); !again.Skipped || len(again.Problems) > 0 {
		t.Errorf("skipped %v, %v", again.Skipped, again.Problems)
	}
	if all, _ := p.Backup(backuptest.Force); !slices.Equal(backuptest.Untold(all), []string{"my vault"}) {
		t.Errorf("without: told %q", backuptest.Untold(all))
	}
}
