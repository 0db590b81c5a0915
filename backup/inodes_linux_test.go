package backup_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestFoldersCountOnce: a backup of many new folders fits where there are inodes for them, and is refused where not.
func TestFoldersCountOnce(t *testing.T) {
	needRoot(t)
	p := newPlace(t)
	const folders = 500
	for i := range folders {
		p.do(os.Mkdir(p.path(fmt.Sprint(i)), 0o755))
	}
	for free, fits := range map[int]bool{folders + 60: true, folders - 10: false} {
		mnt := t.TempDir()
		must(t, "mount", "-t", "tmpfs", "-o", fmt.Sprintf("nr_inodes=%d", free), "none", mnt)
		defer exec.Command("umount", mnt).Run()
		p.dest = filepath.Join(mnt, "d")
		p.do(os.Mkdir(p.dest, 0o755))
		if _, _, err := p.try(); (err == nil) != fits {
			t.Errorf("%d inodes: %v", free, err)
		}
	}
}
