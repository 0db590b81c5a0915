package destination

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"snap/internal/file"
)

// TestIsMine: a file system that shows one owner for everything is the owner's whose files this process makes there.
func TestIsMine(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount")
	}
	dir := t.TempDir()
	img, mnt := filepath.Join(dir, "img"), filepath.Join(dir, "mnt")
	if err := os.Mkdir(mnt, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{"truncate -s 4M " + img, "mkfs.vfat " + img, "mount -o loop,uid=4242 " + img + " " + mnt} {
		if out, err := exec.Command("sh", "-c", c).CombinedOutput(); err != nil {
			t.Skipf("%s: %s", c, out)
		}
	}
	defer exec.Command("umount", mnt).Run()
	for path, rest := range map[string][3]bool{ // of 0, 4242 and 4243
		mnt: {true, true, false},
		dir: {true, false, false},
	} {
		root, err := file.OpenRoot(path)
		if err != nil {
			t.Fatal(err)
		}
		d := &Destination{Path: path, Root: root}
		if err := root.Mkdir(MetaName); err != nil {
			t.Fatal(err)
		}
		for i, owner := range []uint32{0, 4242, 4243} {
			if mine, err := d.isMine(owner, false); mine != rest[i] || err != nil {
				t.Errorf("%s: %d: %v %v", path, owner, mine, err)
			}
		}
		if left, _ := os.ReadDir(filepath.Join(path, MetaName)); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		if path == mnt {
			if mine, _ := d.isMine(4243, true); !mine {
				t.Error("a rehearsal refuses what it cannot know")
			}
			if left, _ := os.ReadDir(filepath.Join(path, MetaName)); len(left) > 0 {
				t.Errorf("a rehearsal wrote: %v", left)
			}
		}
		root.Close()
	}
}
