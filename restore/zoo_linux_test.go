package restore

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"snap/internal/filetest"
	"snap/internal/harness"
)

// sameTree asks the harness whether b is a.
func sameTree(t *testing.T, a, b string) {
	t.Helper()
	out, err := harness.Python(t, "argparse, hashlib, stat", harness.Script(t, "sametree.py"), a, b, "--holes",
		"--ignore-root").CombinedOutput()
	if err != nil {
		t.Errorf("sametree: %v\n%s", err, out)
	}
}

func TestEveryKindOfEntryComesBack(t *testing.T) {
	filetest.NeedRoot(t)
	zoo := harness.Script(t, "zoo.sh")
	d := snapshot(t, func(tree string) {
		if out, err := exec.Command("bash", zoo, tree, "300").CombinedOutput(); err != nil {
			t.Skipf("zoo.sh: %v\n%s", err, out)
		}
	})
	target := filepath.Join(work(t), "new")
	t.Cleanup(func() { exec.Command("rm", "-rf", d.dir, target).Run() }) // too deep for os.RemoveAll
	res := d.clean(target, Options{Jobs: 3})
	sameTree(t, d.tree(), target)
	if res.Lost != (Lost{}) {
		t.Errorf("lost: %+v", res.Lost)
	}
	for _, how := range []Overwrite{IfChanged, IfNewer, Always} {
		again := d.clean(target, Options{Overwrite: how, Delete: true})
		if how == Always && again.FilesRestored != res.FilesRestored || how != Always && again.FilesRestored != 0 {
			t.Errorf("overwrite %d restored %d of %d files again", how, again.FilesRestored, res.FilesRestored)
		}
		if again.FilesDeleted != 0 {
			t.Errorf("overwrite %d deleted %d files", how, again.FilesDeleted)
		}
	}
	sameTree(t, d.tree(), target)
}

func TestBytesAreSharedAndVerifiedWhereTheFileSystemCan(t *testing.T) {
	filetest.NeedRoot(t)
	dir := work(t)
	img, mnt := filepath.Join(dir, "img"), filepath.Join(dir, "mnt")
	must(t, os.Mkdir(mnt, 0o755))
	must(t, os.WriteFile(img, nil, 0o600))
	must(t, os.Truncate(img, 400<<20))
	for _, cmd := range [][]string{{"mkfs.xfs", "-q", img}, {"mount", "-o", "loop", img, mnt}} {
		if out, err := exec.Command(cmd[0], cmd[1:]...).CombinedOutput(); err != nil {
			t.Skipf("%v: %v\n%s", cmd, err, out)
		}
	}
	t.Cleanup(func() { exec.Command("umount", mnt).Run() })
	big := string(make([]byte, 8<<20)) + "tail"
	d := snapshot(t, func(tree string) {
		put(t, filepath.Join(tree, "big"), big)
		put(t, filepath.Join(tree, "bad"), big)
		put(t, filepath.Join(tree, "none"), "")
	})
	moved := &dest{t: t, dir: filepath.Join(mnt, "dest"), db: d.db, header: d.header}
	if out, err := exec.Command("cp", "-a", d.dir, moved.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	put(t, filepath.Join(moved.tree(), "bad"), "X"+big[1:])
	target := filepath.Join(mnt, "out")
	var before, after syscall.Statfs_t
	syscall.Sync()
	must(t, syscall.Statfs(mnt, &before))
	res, err := moved.restore(target, Options{Jobs: 1})
	must(t, err)
	wantProblems(t, res, map[string]error{"bad": ErrDamagedFile})
	if read(t, filepath.Join(target, "big")) != big || read(t, filepath.Join(target, "none")) != "" {
		t.Error("other bytes than in the snapshot")
	}
	must(t, syscall.Statfs(mnt, &after))
	if used := (before.Bfree - after.Bfree) * uint64(before.Bsize); before.Bfree > after.Bfree && used > 4<<20 {
		t.Errorf("%d bytes were copied", used)
	}
	disjoint(t, moved.tree(), target)
}
