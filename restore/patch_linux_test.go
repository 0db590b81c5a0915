package restore

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"snap/internal/filetest"
)

// TestPatchedInItsPlace: a large file that is overwritten takes only what differs, and another name of the file that it
// replaces keeps what it had.
func TestPatchedInItsPlace(t *testing.T) {
	for kind, size := range map[string]string{"xfs": "400M", "btrfs": "256M"} {
		t.Run(kind, func(t *testing.T) {
			target, _ := filetest.Image(t, kind, size)
			backedUp := make([]byte, 32<<20)
			rand.NewChaCha8([32]byte{}).Read(backedUp)
			d := snapshot(t, func(tree string) { put(t, filepath.Join(tree, "image"), string(backedUp)) })
			changed := append(bytes.Clone(backedUp), "and more"...)
			changed[20<<20]++
			put(t, filepath.Join(target, "image"), string(changed))
			must(t, os.Link(filepath.Join(target, "image"), filepath.Join(target, "other")))
			free := func() int64 {
				filetest.Must(t, "sync", "-f", target)
				var s unix.Statfs_t
				must(t, unix.Statfs(target, &s))
				return int64(s.Bfree) * int64(s.Bsize)
			}
			before := free()
			d.clean(target, Options{Overwrite: Always})
			if read(t, filepath.Join(target, "image")) != string(backedUp) {
				t.Error("the file is not what was backed up")
			}
			if read(t, filepath.Join(target, "other")) != string(changed) {
				t.Error("the other name has changed")
			}
			if took := before - free(); took > 3<<20 {
				t.Errorf("it takes %d bytes more", took)
			}
			noTemps(t, target)
		})
	}
}
