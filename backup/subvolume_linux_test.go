package backup_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/destination/check"
	"snap/destination/retention"
	"snap/internal/file"
	"snap/internal/filetest"
	"snap/internal/harness"
	"snap/internal/long"
	"snap/record"
)

// onBtrfs runs a test whose temporary folders are on a btrfs of its own.
func onBtrfs(t *testing.T, f func(t *testing.T)) {
	harness.Snap(t) // not built on what is gone with this test
	mnt, _ := filetest.Image(t, "btrfs", "2G")
	t.Setenv("TMPDIR", mnt)
	t.Run("btrfs", f)
}

// isSealed reports whether a tree is a subvolume, and read-only.
func isSealed(t *testing.T, tree string) (subvolume, sealed bool) {
	t.Helper()
	d, err := file.OpenRoot(tree)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if subvolume, err = d.IsSubvolume(); err == nil && subvolume {
		sealed, err = d.Sealed()
	}
	if err != nil {
		t.Fatal(err)
	}
	return subvolume, sealed
}

func wantSealed(t *testing.T, tree string) {
	t.Helper()
	if subvolume, sealed := isSealed(t, tree); !subvolume || !sealed {
		t.Errorf("%s: subvolume: %v, read-only: %v", filepath.Base(tree), subvolume, sealed)
	}
}

func kept(s destination.Store) func(*backup.Options) { return func(o *backup.Options) { o.Store = s } }

// TestLawsOfSubvolumes: TestLaws where snapshots are subvolumes.
func TestLawsOfSubvolumes(t *testing.T) { onBtrfs(t, func(t *testing.T) { laws(t, 25) }) }

// everyChange changes a source that Grow made, and says how often it was called.
func everyChange(p *backuptest.Place, n int) {
	p.Do(os.Chmod(p.Path("d0/f01"), os.FileMode(0o600+n)))
	p.Do(os.Rename(p.Path("d0/f02"), p.Path("d1/moved")))
	p.Do(os.Rename(p.Path("d0/f03"), p.Path("d0/aside")))
	p.Do(os.Rename(p.Path("d0/f04"), p.Path("d0/f03")))
	p.Do(os.Rename(p.Path("d0/aside"), p.Path("d0/f04")))
	for i := 8; i > 5; i-- {
		p.Do(os.Rename(p.Path(fmt.Sprintf("d0/f%02d", i-1)), p.Path(fmt.Sprintf("d0/f%02d", i))))
	}
	p.Write("d0/f05", "the newest of those that rotate")
	p.Do(os.Rename(p.Path("d2"), p.Path("e2")))
	p.Do(os.RemoveAll(p.Path("d5")))
	p.Write("d5", "a file where a folder was")
	p.Do(os.Remove(p.Path("d4/f01")))
	p.Do(os.Mkdir(p.Path("d4/f01"), 0o700))
	p.Write("d4/f01/inside", "a folder where a file was")
	p.Do(os.Link(p.Path("d4/f02"), p.Path("d4/f02-too")))
	p.Do(os.Remove(p.Path("d4/other"))) // a name of d0/f10
	p.Write("d4/other", "of its own")
	p.Do(os.Chmod(p.Path("d3"), 0o700))
	p.Write("d3/in a folder that is read-only", "x")
	p.Do(os.Chmod(p.Path("d3"), 0o500))
	p.Do(os.Chmod(p.Path("d1/large"), 0o640)) // it has another name
	p.Do(os.Truncate(p.Path("d4/large"), 3<<20))
}

// TestSubvolumes follows a destination through its life: each snapshot is the source, read-only, and shares what is
// unchanged; a check reads that once; what is deleted is gone, and the others stay what they are.
func TestSubvolumes(t *testing.T) {
	onBtrfs(t, func(t *testing.T) {
		p := backuptest.NewPlace(t)
		p.Grow()
		first, _ := p.Backup()
		p.WantSame(first)
		wantSealed(t, p.Tree(first))
		ino := filetest.Inode(t, p.In(first.Header.Name, "d0/f00"))
		everyChange(p, 1)
		second, rec := p.Backup()
		p.WantSame(second)
		wantSealed(t, p.Tree(second))
		for path, want := range map[string]record.Stored{"d0/f01": record.Cloned, "d1/moved": record.Linked,
			"d0/f03": record.Linked, "e2/f00": record.Linked, "d0/f08": record.Linked} {
			if got := rec.Changes[path].Stored; got != want {
				t.Errorf("%s: %v, want %v (%v)", path, got, want, rec.Changes[path].Reason)
			}
		}
		if now := filetest.Inode(t, p.In(second.Header.Name, "d0/f00")); now != ino {
			t.Errorf("an unchanged file has inode %d, had %d", now, ino)
		}
		third, _ := p.Backup(backuptest.Force)
		p.WantSame(third)
		for _, problem := range slices.Concat(second.Problems, third.Problems) {
			t.Errorf("%q: %v", problem.Path, problem.Err)
		}
		res := p.Check(check.Options{Read: backuptest.ReadAll})
		p.WantSaid(res)
		if files := int64(len(backuptest.Listing(t, p.Src))); res.InodesRead > 2*files {
			t.Errorf("%d files were read of three snapshots of about %d", res.InodesRead, files)
		}
		before := map[*backup.Result]map[string]backuptest.Entry{first: nil, third: nil}
		for res := range before {
			before[res] = backuptest.Listing(t, p.Tree(res))
		}
		p.Remove(second.Header.Name)
		for res, was := range before {
			if d := backuptest.Difference(was, backuptest.Listing(t, p.Tree(res))); d != "" {
				t.Errorf("%s is not as it was:\n%s", res.Header.Name, d)
			}
		}
		if left, err := os.ReadDir(p.Meta("trash")); err != nil || len(left) > 0 {
			t.Errorf("in the trash: %v, %v", left, err)
		}
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
	})
}

// TestStoreIsAsked: a destination changes from folders to subvolumes and back when it is asked, and no file is read for
// it.
func TestStoreIsAsked(t *testing.T) {
	onBtrfs(t, func(t *testing.T) {
		p := backuptest.NewPlace(t)
		p.Grow()
		wantFolder := func(res *backup.Result) {
			t.Helper()
			if is, _ := isSealed(t, p.Tree(res)); is {
				t.Errorf("%s is a subvolume", res.Header.Name)
			}
		}
		first, _ := p.Backup(kept(destination.HardLinks))
		wantFolder(first)
		stays, _ := p.Backup(backuptest.Force)
		wantFolder(stays)
		p.Do(os.Rename(p.Path("d0/f02"), p.Path("d1/moved")))
		for _, store := range []destination.Store{destination.Subvolumes, destination.AutoStore, destination.HardLinks,
			destination.Subvolumes} {
			p.Do(os.Chmod(p.Path("d0/f01"), os.FileMode(0o600+int(store))))
			res, _ := p.Backup(kept(store), backuptest.Force)
			p.WantSame(res)
			if is, _ := isSealed(t, p.Tree(res)); is != (store != destination.HardLinks) {
				t.Errorf("%s, asked for %v, is a subvolume: %v", res.Header.Name, store, is)
			}
			if res.Header.CopiedBytes > 64 || len(res.Problems) > 0 {
				t.Errorf("%v: %d bytes were copied; %v", store, res.Header.CopiedBytes, res.Problems)
			}
			p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
		}
		p.Remove(stays.Header.Name)
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
	})
}

// TestNoSubvolumes: where they do not work, snapshots are folders; that is told where they were asked for.
func TestNoSubvolumes(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "content")
	p.WantSame(first(p.Backup(kept(destination.Subvolumes))))
	res, _ := p.Backup(kept(destination.Subvolumes), backuptest.Force)
	p.WantSame(res)
	if e := (*backup.NoSubvolumesError)(nil); len(res.Problems) != 1 || !errors.As(res.Problems[0].Err, &e) ||
		!errors.Is(e, errors.ErrUnsupported) {
		t.Errorf("%v", res.Problems)
	}
	if res, _ = p.Backup(backuptest.Force); len(res.Problems) > 0 || res.Header.CopiedBytes > 0 {
		t.Errorf("%v", res.Problems)
	}
}

func first(res *backup.Result, _ *backuptest.Recorder) *backup.Result { return res }

// TestSealIsRecovered: a snapshot that is not read-only is found by a check and made so by the next run, which trusts
// nothing in it that it shares.
func TestSealIsRecovered(t *testing.T) {
	onBtrfs(t, func(t *testing.T) {
		p := backuptest.NewPlace(t)
		p.Grow()
		one := first(p.Backup())
		backuptest.Unseal(p.Tree(one))
		p.WantSaid(p.Check(check.Options{}), "writable  "+one.Header.Name)
		p.WantSaid(p.Check(check.Options{Repair: true}), "mended writable  "+one.Header.Name)
		wantSealed(t, p.Tree(one))
		backuptest.Unseal(p.Tree(one))
		p.Do(os.WriteFile(p.In(one.Header.Name, "d0/f01"), []byte("forged"), 0o644))
		p.Do(os.RemoveAll(p.In(one.Header.Name, "d5")))
		p.Do(os.Mkdir(p.In(one.Header.Name, ".snap-mending"), 0o700)) // as a repair leaves it that was killed
		two := first(p.Backup(backuptest.Force))
		p.WantSame(two)
		told := slices.ContainsFunc(two.Problems, func(q backup.Problem) bool {
			return errors.As(q.Err, new(*destination.UnsealedError))
		})
		if !told {
			t.Errorf("not told: %v", two.Problems)
		}
		wantSealed(t, p.Tree(one))
		p.Check(check.Options{Repair: true, Read: backuptest.ReadAll})
		wantSealed(t, p.Tree(one))
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
	})
}

// TestSubvolumesOfAUser: an ordinary user backs up and deletes, whether or not users may remove subvolumes there.
func TestSubvolumesOfAUser(t *testing.T) {
	harness.Snap(t) // not built on what is gone with this test
	mnt, _ := filetest.Image(t, "btrfs", "256M")
	t.Setenv("TMPDIR", mnt)
	for _, dir := range []string{mnt, filepath.Dir(mnt)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, may := range []string{"no", "yes"} {
		if may == "yes" {
			filetest.Must(t, "mount", "-o", "remount,user_subvol_rm_allowed", mnt)
		}
		t.Run(may, func(t *testing.T) {
			u := backuptest.NewUsers(t)
			t.Cleanup(func() { backuptest.RemoveAll(u.Path("d")) })
			for i := range 40 {
				u.Do(os.WriteFile(u.Path(fmt.Sprint("s/f", i)), []byte(strings.Repeat("x", i)), 0o400))
			}
			u.Do(os.Mkdir(u.Path("s/closed"), 0o500))
			u.Do(os.WriteFile(u.Path("s/closed/in"), []byte("it"), 0o400))
			filetest.Must(t, "chown", "-R", "65534:65534", u.Path("s"))
			u.Run(false, 0, "backup", "d", "s")
			u.Do(os.Rename(u.Path("s/f1"), u.Path("s/closed/f1")))
			u.Do(os.WriteFile(u.Path("s/closed/in"), []byte("another"), 0o400))
			u.Do(os.Chmod(u.Path("s/f2"), 0o444))
			filetest.Must(t, "chown", "-R", "65534:65534", u.Path("s"))
			u.Run(false, 0, "backup", "--force", "d", "s")
			trees, err := filepath.Glob(u.Path("d/2*"))
			if err != nil || len(trees) != 2 {
				t.Fatal(trees, err)
			}
			for _, tree := range trees {
				wantSealed(t, tree)
			}
			filetest.Must(t, "diff", "-r", u.Path("s"), trees[1])
			u.Run(false, 0, "check", "--read-data")
			u.Run(false, 0, "delete", filepath.Base(trees[0]))
			if _, err := os.Stat(trees[0]); err == nil {
				t.Error("it is there still")
			}
			if left, err := os.ReadDir(u.Path("d/.snap/trash")); err != nil || len(left) > 0 {
				t.Errorf("in the trash: %v, %v", left, err)
			}
			u.Run(false, 0, "check", "--read-data")
		})
	}
}

// TestSubvolumesOfNested: a destination that is a subvolume, one in a subvolume, and one on a compressing mount.
func TestSubvolumesOfNested(t *testing.T) {
	onBtrfs(t, func(t *testing.T) {
		for _, how := range []string{"subvolume", "below", "compressed"} {
			p := backuptest.NewPlace(t)
			p.Grow()
			p.Do(os.Remove(p.Dest))
			if out, err := exec.Command("btrfs", "subvolume", "create", p.Dest).CombinedOutput(); err != nil {
				t.Skipf("btrfs: %v: %s", err, out)
			}
			switch how {
			case "below":
				p.Dest = filepath.Join(p.Dest, "in", "it")
				p.Do(os.MkdirAll(p.Dest, 0o755))
			case "compressed":
				filetest.Must(t, "btrfs", "property", "set", p.Dest, "compression", "zstd")
			}
			p.WantSame(first(p.Backup()))
			everyChange(p, 1)
			res := first(p.Backup())
			p.WantSame(res)
			wantSealed(t, p.Tree(res))
			p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
			p.Remove(res.Header.Name)
			p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
		}
	})
}

// TestSubvolumesOnAFullDisk: nothing is lost, and snapshots can be deleted.
func TestSubvolumesOnAFullDisk(t *testing.T) {
	mnt, _ := filetest.Image(t, "btrfs", "128M")
	t.Setenv("TMPDIR", mnt)
	t.Run("btrfs", func(t *testing.T) {
		p := backuptest.NewPlace(t)
		p.Src = t.TempDir()
		for i := range 300 {
			p.Write(fmt.Sprint("f", i), strings.Repeat("content ", 400))
		}
		one := first(p.Backup())
		two := first(p.Backup(backuptest.Force))
		backuptest.Fill(t, mnt)
		for i := range 300 {
			p.Do(os.Chmod(p.Path(fmt.Sprint("f", i)), 0o600))
		}
		_, _, err := p.Try(backuptest.Force)
		t.Logf("%v", err)
		if err != nil && !errors.Is(err, syscall.ENOSPC) && !errors.As(err, new(*destination.GuardError)) {
			t.Error(err)
		}
		p.Do(p.Delete(one.Header.Name))
		p.Do(os.Remove(filepath.Join(mnt, "filler")))
		p.WantSame(first(p.Backup(backuptest.Force)))
		wantSealed(t, p.Tree(two))
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
	})
}

// TestMinFreeWaits: rules that make room wait for the space of what is deleted, and take nothing more for it.
func TestMinFreeWaits(t *testing.T) {
	if !long.Form() {
		t.Skip("the cleaner of btrfs takes half a minute")
	}
	onBtrfs(t, func(t *testing.T) {
		p := backuptest.NewPlace(t)
		for n := range 4 {
			large := make([]byte, 24<<20)
			for i := range large {
				large[i] = byte(i*(i>>8) + n)
			}
			p.Do(os.WriteFile(p.Path("large"), large, 0o600))
			p.Backup()
		}
		ctx := t.Context()
		d := p.Open()
		defer d.Close()
		p.Do(d.Root.SyncSystem())
		info, err := d.Root.System()
		p.Do(err)
		rules := retention.Policy{MinFree: retention.MinFree{Bytes: int64(info.FreeBytes) + 16<<20}, Asked: true,
			AllowMost: true, Now: time.Now().Add(2 * time.Hour)}
		plan, err := retention.PlanFor(ctx, d, &rules)
		p.Do(err)
		if going := plan.Going(); len(going) != 1 {
			t.Fatalf("%d snapshots go, want one; %+v", len(going), plan.Stops)
		}
		p.Do(retention.Apply(ctx, d, plan, 2, nil))
		plan, err = retention.PlanFor(ctx, d, &rules)
		p.Do(err)
		if going := plan.Going(); len(going) != 0 || len(plan.Stops) > 0 {
			t.Errorf("%d more go, %v", len(going), plan.Stops)
		}
	})
}

// sealedAgain does f with the tree, and makes it read-only again.
func sealedAgain(t *testing.T, tree string, f func()) {
	t.Helper()
	backuptest.Unseal(tree)
	f()
	d, err := file.OpenRoot(tree)
	if err == nil {
		err = errors.Join(d.Seal(true), d.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestRepairOfSubvolumes: what was changed in one snapshot is found there alone, and repaired.
func TestRepairOfSubvolumes(t *testing.T) {
	onBtrfs(t, func(t *testing.T) {
		p := backuptest.NewPlace(t)
		p.Grow()
		p.Backup()
		everyChange(p, 1)
		p.Backup()
		res := first(p.Backup(backuptest.Force))
		was := backuptest.Listing(t, p.Tree(res))
		sealedAgain(t, p.Tree(res), func() {
			p.Do(os.WriteFile(p.In(res.Header.Name, "d0/f09"), []byte("forged"), 0o644))
			p.Do(os.Remove(p.In(res.Header.Name, "d0/f11")))
			p.Do(os.Remove(p.In(res.Header.Name, "d0/link")))
			p.Do(os.RemoveAll(p.In(res.Header.Name, "d4")))
			p.Do(os.Remove(p.In(res.Header.Name, "d1/large"))) // it has another name
			p.Do(os.Remove(p.In(res.Header.Name, "d3/another")))
		})
		found := backuptest.Said(p.Check(check.Options{Read: backuptest.ReadAll}))
		for _, line := range found {
			if !strings.Contains(line, res.Header.Name) || strings.Contains(line, "s0001") || strings.Contains(line, "s0002") {
				t.Errorf("%q", line)
			}
		}
		if len(found) < 6 {
			t.Errorf("%q", found)
		}
		if fixed := p.Check(check.Options{Read: backuptest.ReadAll, Repair: true}); fixed.Errors > 0 {
			t.Errorf("%q", backuptest.Said(fixed))
		}
		if d := backuptest.Difference(was, backuptest.Listing(t, p.Tree(res))); d != "" {
			t.Errorf("after the repair: %s", d)
		}
		wantSealed(t, p.Tree(res))
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
	})
}

// TestPurgeOfSubvolumes: purged files are gone from every snapshot, and these are read-only again.
func TestPurgeOfSubvolumes(t *testing.T) {
	onBtrfs(t, func(t *testing.T) {
		p := backuptest.NewPlace(t)
		p.Grow()
		p.Backup()
		everyChange(p, 1)
		p.Backup()
		p.Purge([]string{"d0", "d3/f01"}, []string{"s0001", "s0002"})
		for _, tree := range p.Snapshots() {
			wantSealed(t, tree)
			for _, gone := range []string{"d0", "d3/f01"} {
				if _, err := os.Lstat(filepath.Join(tree, gone)); err == nil {
					t.Errorf("%s is in %s", gone, filepath.Base(tree))
				}
			}
		}
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
	})
}

// TestReindexOfSubvolumes: without index and change sets the trees tell what is unchanged and what has moved, so that
// only what was copied since has no hash.
func TestReindexOfSubvolumes(t *testing.T) {
	onBtrfs(t, func(t *testing.T) {
		p := backuptest.NewPlace(t)
		p.Grow()
		p.Dated()
		everyChange(p, 1)
		p.Dated()
		p.Dated(backuptest.Force)
		heads, before := p.Knows()
		p.Lose(p.Set(2), p.Set(3))
		if res := p.Reindex(); res.Snapshots != 3 || len(res.FromTrees) != 2 {
			t.Fatalf("%+v", res)
		}
		_, after := p.Knows()
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
		for path, want := range map[string]record.Change{"d1/moved": record.Moved, "e2/f00": record.Moved, "e2": record.Moved,
			"d0/f01": record.Metadata, "d4/f02-too": record.Added, "d0/f03": record.Moved} {
			got := after[1][path]
			if got.Change != want || got.Kind == file.Regular && !got.Has(record.Hashed) {
				t.Errorf("%s: %v (%v), want %v; with a hash: %v", path, got.Change, got.Reason, want, got.Has(record.Hashed))
			}
		}
		for path, was := range before[2] {
			if got, ok := after[2][path]; !ok || got.Kind != was.Kind || got.Size != was.Size {
				t.Errorf("%s in %s: %+v, was %+v", path, heads[2].Name, got, was)
			}
		}
		weak := 0
		for _, r := range after[2] {
			if r.Weak() {
				weak++
			}
		}
		if weak > 8 { // what is new or was rewritten
			t.Errorf("%d files have no hash", weak)
		}
		res := first(p.Backup(backuptest.Force))
		p.WantSame(res)
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
	})
}

// TestFoldersOfACopyTakeNoRoom: a snapshot that is a copy of the one before is not refused for the folders that both
// have.
func TestFoldersOfACopyTakeNoRoom(t *testing.T) {
	mnt, _ := filetest.Image(t, "btrfs", "256M")
	t.Setenv("TMPDIR", mnt)
	t.Run("btrfs", func(t *testing.T) {
		p := backuptest.NewPlace(t)
		p.Src = filepath.Join("/dev/shm", filepath.Base(t.TempDir())+"-folders")
		t.Cleanup(func() { os.RemoveAll(p.Src) })
		for i := range 10_000 {
			p.Do(os.MkdirAll(p.Path(fmt.Sprint(i%100, "/", i)), 0o755))
		}
		p.Backup()
		d := p.Open()
		info, err := d.Root.System()
		p.Do(errors.Join(err, d.Close()))
		filler, err := os.Create(filepath.Join(mnt, "filler"))
		p.Do(err)
		_, err = filler.Write(make([]byte, info.FreeBytes-24<<20))
		p.Do(errors.Join(err, filler.Sync(), filler.Close()))
		p.Write("1/new", "new")
		p.WantSame(first(p.Backup()))
	})
}
