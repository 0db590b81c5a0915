package backup_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"snap/backup"
	"snap/index"
	"snap/internal/harness"
	"snap/internal/long"
)

// TestDeleteLeavesWhatIsMounted: something is mounted in a snapshot, as for a chroot into it. It is nobody's to empty, and
// when it is unmounted the next run removes the rest.
func TestDeleteLeavesWhatIsMounted(t *testing.T) {
	needRoot(t)
	p := three(t)
	victim := t.TempDir()
	p.do(os.Mkdir(filepath.Join(victim, "sub"), 0o755))
	p.do(os.WriteFile(filepath.Join(victim, "sub", "file"), []byte("precious"), 0o600))
	at := filepath.Join(p.dest, "s0001", "mnt")
	p.do(os.Mkdir(at, 0o755))
	must(t, "mount", "--bind", victim, at)
	mounted := at
	t.Cleanup(func() { exec.Command("umount", "-l", mounted).Run() })
	err := p.delete("s0001")
	mounted = filepath.Join(p.dest, ".snap/trash/0000000001.stuck/mnt")
	if stuck := (*backup.StuckError)(nil); !errors.As(err, &stuck) || !strings.Contains(err.Error(), "mounted") {
		t.Errorf("got %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(victim, "sub", "file")); err != nil || string(b) != "precious" {
		t.Fatalf("%q %v", b, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(mounted)); len(left) != 1 {
		t.Errorf("left beside it: %v", left)
	}
	p.wantStuck(true)
	if err := p.delete("s0002"); err != nil {
		t.Errorf("what was stuck before is told of another deletion: %v", err)
	}

	// A reindex of the trees alone gives no number away that the rest has, and what it makes is not forgotten.
	sets, err := filepath.Glob(p.meta("changes", "*"))
	p.do(err)
	p.lose(sets...)
	res := p.reindex()
	if len(res.Notes) != 1 || !errors.As(res.Notes[0], new(*backup.StuckError)) || res.Snapshots != 2 {
		t.Errorf("%d snapshots, %v", res.Snapshots, res.Notes)
	}
	p.wantStuck(true)
	must(t, "umount", mounted)
	p.wantStuck(false)
}

// TestDeleteOfAnImmutableFile: one entry that cannot be removed keeps nobody from backing up, and its number is not given again.
func TestDeleteOfAnImmutableFile(t *testing.T) {
	needRoot(t)
	p := three(t)
	p.dest, _ = image(t, "ext4", "32M")
	p.backup()
	p.write("last", "last")
	newest, _ := p.backup()
	file := filepath.Join(p.tree(newest), "last")
	must(t, "chattr", "+i", file)
	if err := p.delete(newest.Header.Name); !errors.Is(err, syscall.EPERM) {
		t.Fatalf("got %v", err)
	}
	p.wantStuck(true)
	p.wantStuck(true)
	left, err := filepath.Glob(p.meta("trash", "*", "last"))
	if err != nil || len(left) != 1 {
		t.Fatal(left, err)
	}
	must(t, "chattr", "-i", left[0])
	p.wantStuck(false)
}

// TestDeleteOnAFullDisk: the change set of a deleted snapshot that has to be merged is larger than what its folders free,
// and the reserve is used up.
func TestDeleteOnAFullDisk(t *testing.T) {
	p := newPlace(t)
	p.dest, _ = image(t, "ext4", "64M", "-N", "35000")
	for i := range long.Of(8000, 20000) {
		if i%1000 == 0 {
			p.do(os.Mkdir(p.path(fmt.Sprint(i/1000)), 0o755))
		}
		p.do(os.WriteFile(p.path(fmt.Sprintf("%d/%d", i/1000, i)), nil, 0o644))
	}
	first, _ := p.backup()
	p.write("a", "a")
	p.backup()
	p.write("b", "b")
	p.backup()
	p.do(os.Remove(p.meta("reserve")))
	fill(t, p.dest)
	if err := p.delete(first.Header.Name); err != nil {
		t.Fatal(err)
	}
	if err := p.delete("s0002"); err != nil {
		t.Fatal(err)
	}
	p.do(os.Remove(filepath.Join(p.dest, "filler")))
	res, _ := p.backup(force)
	p.wantSame(res)
}

// TestDeleteAfterADeathOnAFullDisk: a run died between the steps of publishing, and then the disk was filled.
func TestDeleteAfterADeathOnAFullDisk(t *testing.T) {
	mnt, _ := image(t, "ext4", "64M")
	p := newPlace(t)
	hits := 0
	for n := 1; n < 12; n++ {
		p.dest = filepath.Join(mnt, fmt.Sprint(n))
		p.do(os.Mkdir(p.dest, 0o755))
		p.write("a", strings.Repeat("a", 100_000))
		p.backup()
		p.write("a", strings.Repeat("b", 100_000))
		p.backup()
		p.write("a", "c")
		hit, _ := p.at(t, n, "renameat,renameat2,fsync", []string{"-kill"}, "backup", p.dest, p.src)
		if !hit {
			break
		}
		hits++
		fill(t, mnt)
		name := fmt.Sprintf("s%04d", p.n-1)
		if err := p.delete(name); err != nil {
			t.Errorf("call %d: %v", n, err)
		}
		p.do(os.RemoveAll(filepath.Join(mnt, "filler")))
		p.do(os.RemoveAll(p.dest))
	}
	if hits < 4 {
		t.Errorf("%d calls", hits)
	}
}

// TestPruneCountsFolders: something else has the newest snapshot's name. It is gone, and the one before is the newest that is
// whole.
func TestPruneCountsFolders(t *testing.T) {
	p := three(t)
	p.do(os.RemoveAll(filepath.Join(p.dest, "s0003")))
	p.do(os.Symlink("/nowhere", filepath.Join(p.dest, "s0003")))
	d := p.open()
	defer func() { p.do(d.Close()) }()
	plan, err := backup.PlanFor(context.Background(), d, &backup.Retention{Last: 1, Asked: true, AllowMost: true})
	p.do(err)
	for _, e := range plan.List {
		if e.Keep != (e.Header.Name == "s0002") {
			t.Errorf("%s: keep %v, %q", e.Header.Name, e.Keep, e.Reasons)
		}
	}
}

// TestATreeHasItsChangeSet: wherever a backup is killed, a tree without a change set beside it is one whose set has been
// published: what a reindex publishes is whole.
func TestATreeHasItsChangeSet(t *testing.T) {
	p := three(t)
	const calls = "openat,mkdirat,renameat,renameat2,unlinkat"
	args := []string{"backup", "--force", p.dest, p.src}
	found := 0
	for _, n := range p.looks(t, calls, []string{"tree", "changes"}, args...) {
		for _, n := range []int{n, n + 1} {
			p.at(t, n, calls, []string{"-kill"}, args...)
			for _, w := range p.works() {
				found++
				_, tree := os.Lstat(filepath.Join(w, "tree"))
				_, set := os.Lstat(filepath.Join(w, "changes"))
				if sets, _ := os.ReadDir(p.meta("changes")); tree == nil && set != nil && len(sets) <= len(p.snapshots()) {
					t.Fatalf("call %d: a tree and no set", n)
				}
			}
		}
	}
	if found < 4 {
		t.Errorf("%d work folders", found)
	}
}

// TestLockLeadsNowhere: a link in the place of the lock is not written through.
func TestLockLeadsNowhere(t *testing.T) {
	p := three(t)
	victim := filepath.Join(t.TempDir(), "victim")
	p.do(os.WriteFile(victim, []byte("precious"), 0o600))
	p.do(os.Remove(p.meta("lock")))
	p.do(os.Symlink(victim, p.meta("lock")))
	if _, err := backup.Open(context.Background(), p.dest, backup.OpenOptions{}); err == nil {
		t.Error("a link was taken for the lock")
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "precious" {
		t.Errorf("%q %v", b, err)
	}
}

// TestAnOlderIndex: the index of an earlier time is put back. Only what goes on from it is brought in.
func TestAnOlderIndex(t *testing.T) {
	p := three(t)
	earlier := must(t, "cat", index.Path(p.dest))
	p.write("new1", "1")
	p.backup()
	p.write("new2", "2")
	p.backup()
	back := func() { p.do(os.WriteFile(index.Path(p.dest), []byte(earlier), 0o600)) }
	before, all := p.knows()

	back()
	p.do(os.RemoveAll(filepath.Join(p.dest, "s0004"))) // what came after it shows that it was there
	d := p.open()
	p.do(d.Close())
	heads, now := p.knows()
	if len(heads) != len(before) {
		t.Fatalf("%d snapshots of %d", len(heads), len(before))
	}
	wantSeen(t, "the index that was put back", all, now)

	p.remove("s0003")
	back()
	if d, err := backup.Open(context.Background(), p.dest, backup.OpenOptions{}); !errors.Is(err, index.ErrDamaged) {
		t.Errorf("a change set was brought in that does not go on from the index: %v", err)
		d.Close()
	}
}

// TestASetThatIsNoFile: a FIFO in the place of a change set is damage, and nobody waits for it.
func TestASetThatIsNoFile(t *testing.T) {
	p := three(t)
	p.do(os.Remove(p.set(2)))
	p.do(syscall.Mkfifo(p.set(2), 0o600))
	if found := said(p.check(backup.CheckOptions{})); len(found) == 0 {
		t.Error("check finds nothing")
	}
}

// TestNoLatest: that the link cannot be made is told, and the snapshot is there.
func TestNoLatest(t *testing.T) {
	p := newPlace(t)
	p.write("a", "a")
	p.backup()
	told := 0
	for n := 1; n < 30; n++ {
		p.write("a", fmt.Sprint(n))
		hit, out := p.at(t, n, "renameat,renameat2", []string{"-errno", "EIO"}, "backup", p.dest, p.src)
		if !hit {
			break
		}
		if strings.Contains(out, "latest could not be made") {
			told++
			if !strings.Contains(out, "status=exit status 3") {
				t.Errorf("call %d:\n%s", n, out)
			}
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

// TestDeleteOfClosedFolders: an ordinary user removes folders that he may not enter or write to.
func TestDeleteOfClosedFolders(t *testing.T) {
	needRoot(t)
	p := newPlace(t)
	for _, mode := range []os.FileMode{0, 0o400, 0o500, 0o600} {
		p.write(fmt.Sprintf("%o/sub/f", mode), "f")
	}
	p.backup()
	p.write("new", "new")
	p.backup()
	p.do(filepath.WalkDir(filepath.Dir(p.dest), func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, 65534, 65534))
	}))
	for _, mode := range []os.FileMode{0, 0o400, 0o500, 0o600} {
		p.do(os.Chmod(filepath.Join(p.dest, "s0001", fmt.Sprintf("%o", mode), "sub"), mode))
		p.do(os.Chmod(filepath.Join(p.dest, "s0001", fmt.Sprintf("%o", mode)), mode))
	}
	for dir := filepath.Dir(p.dest); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		p.do(os.Chmod(dir, 0o755))
	}
	snap := filepath.Join(filepath.Dir(p.dest), "snap")
	must(t, "cp", harness.Snap(t), snap)
	must(t, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME="+filepath.Dir(p.dest), snap, "delete", "-d", p.dest, "s0001")
	if left, _ := os.ReadDir(p.meta("trash")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestReindexOfADeletionThatWasMerged: a delete was stopped when the next change set held that of the deleted snapshot
// already, which was still there.
func TestReindexOfADeletionThatWasMerged(t *testing.T) {
	p := newPlace(t)
	for i := range 3 {
		p.write("f", fmt.Sprint(i))
		p.backup()
	}
	set, err := os.ReadFile(p.meta("changes", "0000000001"))
	p.do(err)
	p.do(p.delete("s0001"))
	p.do(os.WriteFile(p.meta("changes", "0000000001"), set, 0o600))
	p.do(os.Mkdir(p.meta("trash", "0000000001"), 0o700))
	if res := p.reindex(); res.Snapshots != 2 || len(res.Lost) != 0 {
		t.Errorf("%+v", res)
	}
	for _, dir := range []string{"trash", "changes"} {
		if left, _ := filepath.Glob(p.meta(dir, "0000000001*")); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// TestDeleteOfANewerChangeSet: what a newer version has written is not merged without what this one does not know.
func TestDeleteOfANewerChangeSet(t *testing.T) {
	p := newPlace(t)
	for i := range 3 {
		p.write(fmt.Sprint("f", i), "x")
		p.backup()
	}
	const magic = len("snapchg1")
	set := p.set(3)
	b, err := os.ReadFile(set)
	p.do(err)
	part := append([]byte{'Z', 1, 0, 0, 0}, 'x')
	part = binary.LittleEndian.AppendUint32(part, crc32.Checksum(part, crc32.MakeTable(crc32.Castagnoli)))
	after := magic + 5 + int(binary.LittleEndian.Uint32(b[magic+1:])) + 4 // the first part
	p.do(os.WriteFile(set, slices.Concat(b[:after], part, b[after:]), 0o600))
	if err := p.delete(filepath.Base(p.snapshots()[1])); !errors.Is(err, index.ErrNewer) {
		t.Errorf("deleted: %v", err)
	}
	if now, err := os.ReadFile(set); err != nil || !bytes.Contains(now, part) {
		t.Errorf("what the newer version wrote is gone: %v", err)
	}
}

// TestDeleteOfAnUnreadableChangeSet: the index has what is in it.
func TestDeleteOfAnUnreadableChangeSet(t *testing.T) {
	p := newPlace(t)
	for i := range 3 {
		p.write(fmt.Sprint("f", i), "x")
		p.backup()
	}
	p.do(os.Rename(p.set(3), p.meta("set")))
	p.do(os.Symlink("../set", p.set(3)))
	p.do(p.delete(filepath.Base(p.snapshots()[1])))
	p.write("g", "x")
	p.backup()
	p.do(os.Remove(p.meta("set")))
	p.lose("index.db")
	p.reindex()
	p.wantSaid(p.check(backup.CheckOptions{}))
}
