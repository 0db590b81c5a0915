package backup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"snap/backup/backuptest"
	"snap/internal/filetest"
)

// TestFoldersCountOnce: a backup of many new folders fits where there are inodes for them, and is refused where not.
func TestFoldersCountOnce(t *testing.T) {
	filetest.NeedRoot(t)
	p := backuptest.NewPlace(t)
	const folders = 500
	for i := range folders {
		p.Do(os.Mkdir(p.Path(fmt.Sprint(i)), 0o755))
	}
	for free, fits := range map[int]bool{folders + 60: true, folders - 10: false} {
		mnt := t.TempDir()
		filetest.Mount(t, "tmpfs", mnt, fmt.Sprintf("nr_inodes=%d", free))
		p.Dest = filepath.Join(mnt, "d")
		p.Do(os.Mkdir(p.Dest, 0o755))
		if _, _, err := p.Try(); (err == nil) != fits {
			t.Errorf("%d inodes: %v", free, err)
		}
	}
}
