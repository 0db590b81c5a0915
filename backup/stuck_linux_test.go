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

	"snap/backup/backuptest"
	"snap/destination"
	"snap/destination/check"
	"snap/destination/retention"
	"snap/index"
	"snap/internal/filetest"
	"snap/internal/harness"
	"snap/internal/long"
	"snap/record"
)

// TestDeleteLeavesWhatIsMounted: something is mounted in a snapshot, as for a chroot into it. It is nobody's to
// empty, and when it is unmounted the next run removes the rest.
func TestDeleteLeavesWhatIsMounted(t *testing.T) {
	filetest.NeedRoot(t)
	p := backuptest.Three(t)
	victim := t.TempDir()
	p.Do(os.Mkdir(filepath.Join(victim, "sub"), 0o755))
	p.Do(os.WriteFile(filepath.Join(victim, "sub", "file"), []byte("precious"), 0o600))
	at := filepath.Join(p.Dest, "s0001", "mnt")
	p.Do(os.Mkdir(at, 0o755))
	filetest.Must(t, "mount", "--bind", victim, at)
	mounted := at
	t.Cleanup(func() { exec.Command("umount", "-l", mounted).Run() })
	err := p.Delete("s0001")
	mounted = filepath.Join(p.Dest, ".snap/trash/0000000001.stuck/mnt")
	if stuck := (*destination.StuckError)(nil); !errors.As(err, &stuck) || !strings.Contains(err.Error(), "mounted") {
		t.Errorf("got %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(victim, "sub", "file")); err != nil || string(b) != "precious" {
		t.Fatalf("%q %v", b, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(mounted)); len(left) != 1 {
		t.Errorf("left beside it: %v", left)
	}
	p.WantStuck(true)
	if err := p.Delete("s0002"); err != nil {
		t.Errorf("what was stuck before is told of another deletion: %v", err)
	}

	// A reindex of the trees alone gives no number away that the rest has, and what it makes is not forgotten.
	sets, err := filepath.Glob(p.Meta("changes", "*"))
	p.Do(err)
	p.Lose(sets...)
	res := p.Reindex()
	if len(res.Notes) != 1 || !errors.As(res.Notes[0], new(*destination.StuckError)) || res.Snapshots != 2 {
		t.Errorf("%d snapshots, %v", res.Snapshots, res.Notes)
	}
	p.WantStuck(true)
	filetest.Must(t, "umount", mounted)
	p.WantStuck(false)
}

// TestDeleteOfAnImmutableFile: one entry that cannot be removed keeps nobody from backing up, and its number is not
// given again.
func TestDeleteOfAnImmutableFile(t *testing.T) {
	filetest.NeedRoot(t)
	p := backuptest.Three(t)
	p.Dest, _ = filetest.Image(t, "ext4", "32M")
	p.Backup()
	p.Write("last", "last")
	newest, _ := p.Backup()
	file := filepath.Join(p.Tree(newest), "last")
	filetest.Must(t, "chattr", "+i", file)
	if err := p.Delete(newest.Header.Name); !errors.Is(err, syscall.EPERM) {
		t.Fatalf("got %v", err)
	}
	p.WantStuck(true)
	p.WantStuck(true)
	left, err := filepath.Glob(p.Meta("trash", "*", "last"))
	if err != nil || len(left) != 1 {
		t.Fatal(left, err)
	}
	filetest.Must(t, "chattr", "-i", left[0])
	p.WantStuck(false)
}

// TestDeleteOnAFullDisk: the change set of a deleted snapshot that has to be merged is larger than what its folders
// free, and the reserve is used up.
func TestDeleteOnAFullDisk(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Dest, _ = filetest.Image(t, "ext4", "64M", "-N", "35000")
	for i := range long.Of(8000, 20000) {
		if i%1000 == 0 {
			p.Do(os.Mkdir(p.Path(fmt.Sprint(i/1000)), 0o755))
		}
		p.Do(os.WriteFile(p.Path(fmt.Sprintf("%d/%d", i/1000, i)), nil, 0o644))
	}
	first, _ := p.Backup()
	p.Write("a", "a")
	p.Backup()
	p.Write("b", "b")
	p.Backup()
	p.Do(os.Remove(p.Meta("reserve")))
	backuptest.Fill(t, p.Dest)
	if err := p.Delete(first.Header.Name); err != nil {
		t.Fatal(err)
	}
	if err := p.Delete("s0002"); err != nil {
		t.Fatal(err)
	}
	p.Do(os.Remove(filepath.Join(p.Dest, "filler")))
	res, _ := p.Backup(backuptest.Force)
	p.WantSame(res)
}

// TestDeleteAfterADeathOnAFullDisk: a run died between the steps of publishing, and then the disk was filled.
func TestDeleteAfterADeathOnAFullDisk(t *testing.T) {
	mnt, _ := filetest.Image(t, "ext4", "64M")
	p := backuptest.NewPlace(t)
	hits := 0
	for n := 1; n < 12; n++ {
		p.Dest = filepath.Join(mnt, fmt.Sprint(n))
		p.Do(os.Mkdir(p.Dest, 0o755))
		p.Write("a", strings.Repeat("a", 100_000))
		p.Backup()
		p.Write("a", strings.Repeat("b", 100_000))
		p.Backup()
		p.Write("a", "c")
		hit, _ := p.At(t, n, "renameat,renameat2,fsync", []string{"-kill"}, "backup", p.Dest, p.Src)
		if !hit {
			break
		}
		hits++
		backuptest.Fill(t, mnt)
		name := fmt.Sprintf("s%04d", p.N-1)
		if err := p.Delete(name); err != nil {
			t.Errorf("call %d: %v", n, err)
		}
		p.Do(os.RemoveAll(filepath.Join(mnt, "filler")))
		p.Do(backuptest.RemoveAll(p.Dest))
	}
	if hits < 4 {
		t.Errorf("%d calls", hits)
	}
}

// TestPruneCountsFolders: something else has the newest snapshot's name. It is gone, which no rule forgets, and the one
// before is the newest that is whole.
func TestPruneCountsFolders(t *testing.T) {
	p := backuptest.Three(t)
	p.Do(backuptest.RemoveAll(filepath.Join(p.Dest, "s0003")))
	p.Do(os.Symlink("/nowhere", filepath.Join(p.Dest, "s0003")))
	d := p.Open()
	defer func() { p.Do(d.Close()) }()
	plan, err := retention.PlanFor(context.Background(), d, &retention.Policy{Last: 1, Asked: true, AllowMost: true})
	p.Do(err)
	for _, e := range plan.List {
		if e.Keep != (e.Header.Name != "s0001") {
			t.Errorf("%s: keep %v, %q", e.Header.Name, e.Keep, e.Reasons)
		}
	}
}

// TestATreeHasItsChangeSet: wherever a backup is killed, a tree without a change set beside it is one whose set has
// been published: what a reindex publishes is whole.
func TestATreeHasItsChangeSet(t *testing.T) {
	p := backuptest.Three(t)
	const calls = "openat,mkdirat,renameat,renameat2,unlinkat"
	args := []string{"backup", "--force", p.Dest, p.Src}
	found := 0
	for _, n := range p.Looks(t, calls, []string{"tree", "changes"}, args...) {
		for _, n := range []int{n, n + 1} {
			p.At(t, n, calls, []string{"-kill"}, args...)
			for _, w := range p.Works() {
				found++
				_, tree := os.Lstat(filepath.Join(w, "tree"))
				_, set := os.Lstat(filepath.Join(w, "changes"))
				if sets, _ := os.ReadDir(p.Meta("changes")); tree == nil && set != nil && len(sets) <= len(p.Snapshots()) {
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
	p := backuptest.Three(t)
	victim := filepath.Join(t.TempDir(), "victim")
	p.Do(os.WriteFile(victim, []byte("precious"), 0o600))
	p.Do(os.Remove(p.Meta("lock")))
	p.Do(os.Symlink(victim, p.Meta("lock")))
	if _, err := destination.Open(context.Background(), p.Dest, destination.Options{}); err == nil {
		t.Error("a link was taken for the lock")
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "precious" {
		t.Errorf("%q %v", b, err)
	}
}

// TestAnOlderIndex: the index of an earlier time is put back. Only what goes on from it is brought in.
func TestAnOlderIndex(t *testing.T) {
	p := backuptest.Three(t)
	earlier := filetest.Must(t, "cat", index.Path(p.Dest))
	p.Write("new1", "1")
	p.Backup()
	p.Write("new2", "2")
	p.Backup()
	back := func() { p.Do(os.WriteFile(index.Path(p.Dest), []byte(earlier), 0o600)) }
	before, all := p.Knows()

	back()
	p.Do(backuptest.RemoveAll(filepath.Join(p.Dest, "s0004"))) // what came after it shows that it was there
	d := p.Open()
	p.Do(d.Close())
	heads, now := p.Knows()
	if len(heads) != len(before) {
		t.Fatalf("%d snapshots of %d", len(heads), len(before))
	}
	backuptest.WantSeen(t, "the index that was put back", all, now)

	p.Remove("s0003")
	back()
	if d, err := destination.Open(context.Background(), p.Dest,
		destination.Options{}); !errors.Is(err, record.ErrDamaged) {
		t.Errorf("a change set was brought in that does not go on from the index: %v", err)
		d.Close()
	}
}

// TestASetThatIsNoFile: a FIFO in the place of a change set is damage, and nobody waits for it.
func TestASetThatIsNoFile(t *testing.T) {
	p := backuptest.Three(t)
	p.Do(os.Remove(p.Set(2)))
	p.Do(syscall.Mkfifo(p.Set(2), 0o600))
	if found := backuptest.Said(p.Check(check.Options{})); len(found) == 0 {
		t.Error("check finds nothing")
	}
}

// TestNoLatest: that the link cannot be made is told, and the snapshot is there.
func TestNoLatest(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Backup()
	told := 0
	for n := 1; n < 30; n++ {
		p.Write("a", fmt.Sprint(n))
		hit, out := p.At(t, n, "renameat,renameat2", []string{"-errno", "EIO"}, "backup", p.Dest, p.Src)
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
	filetest.NeedRoot(t)
	p := backuptest.NewPlace(t)
	for _, mode := range []os.FileMode{0, 0o400, 0o500, 0o600} {
		p.Write(fmt.Sprintf("%o/sub/f", mode), "f")
	}
	p.Backup()
	p.Write("new", "new")
	p.Backup()
	p.Do(filepath.WalkDir(filepath.Dir(p.Dest), func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, 65534, 65534))
	}))
	for _, mode := range []os.FileMode{0, 0o400, 0o500, 0o600} {
		p.Do(os.Chmod(filepath.Join(p.Dest, "s0001", fmt.Sprintf("%o", mode), "sub"), mode))
		p.Do(os.Chmod(filepath.Join(p.Dest, "s0001", fmt.Sprintf("%o", mode)), mode))
	}
	for dir := filepath.Dir(p.Dest); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		p.Do(os.Chmod(dir, 0o755))
	}
	snap := filepath.Join(filepath.Dir(p.Dest), "snap")
	filetest.Must(t, "cp", harness.Snap(t), snap)
	filetest.Must(t, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME="+filepath.Dir(p.Dest),
		snap, "delete", "-d", p.Dest, "s0001")
	if left, _ := os.ReadDir(p.Meta("trash")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestReindexOfADeletionThatWasMerged: a delete was stopped when the next change set held that of the deleted snapshot
// already, which was still there.
func TestReindexOfADeletionThatWasMerged(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i := range 3 {
		p.Write("f", fmt.Sprint(i))
		p.Backup()
	}
	set, err := os.ReadFile(p.Meta("changes", "0000000001"))
	p.Do(err)
	p.Do(p.Delete("s0001"))
	p.Do(os.WriteFile(p.Meta("changes", "0000000001"), set, 0o600))
	p.Do(os.Mkdir(p.Meta("trash", "0000000001"), 0o700))
	if res := p.Reindex(); res.Snapshots != 2 || len(res.Lost) != 0 {
		t.Errorf("%+v", res)
	}
	for _, dir := range []string{"trash", "changes"} {
		if left, _ := filepath.Glob(p.Meta(dir, "0000000001*")); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// TestDeleteOfANewerChangeSet: what a newer version has written is not merged without what this one does not know.
func TestDeleteOfANewerChangeSet(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i := range 3 {
		p.Write(fmt.Sprint("f", i), "x")
		p.Backup()
	}
	const magic = len("snapchg1")
	set := p.Set(3)
	b, err := os.ReadFile(set)
	p.Do(err)
	part := append([]byte{'Z', 1, 0, 0, 0}, 'x')
	part = binary.LittleEndian.AppendUint32(part, crc32.Checksum(part, crc32.MakeTable(crc32.Castagnoli)))
	after := magic + 5 + int(binary.LittleEndian.Uint32(b[magic+1:])) + 4 // the first part
	p.Do(os.WriteFile(set, slices.Concat(b[:after], part, b[after:]), 0o600))
	if err := p.Delete(filepath.Base(p.Snapshots()[1])); !errors.Is(err, record.ErrNewer) {
		t.Errorf("deleted: %v", err)
	}
	if now, err := os.ReadFile(set); err != nil || !bytes.Contains(now, part) {
		t.Errorf("what the newer version wrote is gone: %v", err)
	}
}

// TestDeleteOfAnUnreadableChangeSet: the index has what is in it.
func TestDeleteOfAnUnreadableChangeSet(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i := range 3 {
		p.Write(fmt.Sprint("f", i), "x")
		p.Backup()
	}
	p.Do(os.Rename(p.Set(3), p.Meta("set")))
	p.Do(os.Symlink("../set", p.Set(3)))
	p.Do(p.Delete(filepath.Base(p.Snapshots()[1])))
	p.Write("g", "x")
	p.Backup()
	p.Do(os.Remove(p.Meta("set")))
	p.Lose("index.db")
	p.Reindex()
	p.WantSaid(p.Check(check.Options{}))
}
