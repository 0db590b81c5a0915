package backup_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/backup/source"
	"snap/internal/file"
	"snap/internal/filetest"
	"snap/record"
)

// TestChangedTwiceInOneTick writes a file twice within the two seconds that the source's clock counts in:
// no stamp differs, and the second content must be in the second snapshot.
func TestChangedTwiceInOneTick(t *testing.T) {
	p := backuptest.NewPlace(t)
	real := p.Src
	p.Src = filetest.Oddfs(t, real, "-coarse", "2")
	now := func(o *backup.Options) { o.Start = time.Now(); o.Rules.IgnoreCtime = true }
	for i := range 10 {
		p.Write("f", fmt.Sprintf("A%d", i))
		p.Backup(now, backuptest.Force)
		p.Write("f", fmt.Sprintf("B%d", i))
		res, _ := p.Backup(now, backuptest.Force)
		if b, err := os.ReadFile(filepath.Join(p.Tree(res), "f")); err != nil || string(b) != fmt.Sprintf("B%d", i) {
			t.Fatalf("round %d: the snapshot holds %q (%v)", i, b, err)
		}
	}
}

// TestAttributesInOneTick changes folders, links and special files, backs up, and sets an attribute within the tick
// of the source's clock: no stamp differs, and the attribute must be in the second snapshot, and the third run finds
// nothing.
func TestAttributesInOneTick(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Src = filetest.Oddfs(t, p.Src, "-coarse", "2")
	now := func(o *backup.Options) { o.Start = time.Now() }
	ctime := func(path string) int64 {
		var s syscall.Stat_t
		p.Do(syscall.Lstat(path, &s))
		return s.Ctim.Nano() / 1e9
	}
	tried := 0
	for i := range 5 {
		paths := []string{fmt.Sprint("folder", i), fmt.Sprint("link", i), fmt.Sprint("fifo", i)}
		p.Do(os.Mkdir(p.Path(paths[0]), 0o755))
		p.Do(os.Symlink("nowhere", p.Path(paths[1])))
		p.Do(syscall.Mkfifo(p.Path(paths[2]), 0o600))
		p.Backup(now)
		var same []string
		for _, path := range paths {
			before := ctime(p.Path(path))
			p.Do(unix.Lsetxattr(p.Path(path), "trusted.snap", []byte("x"), 0))
			if ctime(p.Path(path)) == before {
				same = append(same, path)
			}
		}
		_, rec := p.Backup(now, backuptest.Force)
		for _, path := range same {
			tried++
			if r := rec.Changes[path]; r.Change != record.Metadata || len(r.Xattrs) != 1 {
				t.Errorf("%s: %v, attributes %v", path, r.Change, r.Xattrs)
			}
		}
	}
	if tried == 0 {
		t.Error("the clock ticked each time")
	}
	p.Backup() // learns that nothing is in doubt any more
	if _, rec := p.Backup(backuptest.Force); len(rec.Changes) != 0 {
		t.Errorf("records of what did not change: %v", rec.Changes)
	}
}

// TestTimeInTheFuture: a file whose time was set to the future is read no more than others.
func TestTimeInTheFuture(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Write("d/b", "b")
	later := time.Now().Add(20 * 365 * 24 * time.Hour)
	p.Do(os.Chtimes(p.Path("a"), later, later))
	p.Do(os.Chtimes(p.Path("d"), later, later))
	p.Backup()
	_, all := p.Knows()
	for path, r := range all[0] {
		if r.Has(record.Racy) {
			t.Errorf("%q is in doubt", path)
		}
	}
	p.Rewrite("a", "b")
	res, rec := p.Backup()
	if p.WantSame(res); rec.Changes["a"].Change != record.Modified {
		t.Errorf("a: %v", rec.Changes["a"].Change)
	}
}

// TestFilesNumberedAnew backs up a card that numbers its files anew at each mount, as exFAT does: what was on it is
// linked, with and without equal times, sizes and contents, and only what is new is told.
func TestFilesNumberedAnew(t *testing.T) {
	for _, equal := range []bool{false, true} {
		for _, how := range [][]string{{"-fat"}, nil} {
			t.Run(fmt.Sprint(how, equal), func(t *testing.T) {
				p := backuptest.NewPlace(t)
				real := p.Src
				for i := range 20 {
					name := fmt.Sprintf("dcim/%02d.jpg", i)
					p.Write(name, fmt.Sprintf("photo %02d", i/2)) // two of each
					if when := backuptest.Fixed.Add(time.Duration(i) * time.Minute); !equal {
						p.Do(os.Chtimes(p.Path(name), when, when))
					} else {
						p.Do(os.Chtimes(p.Path(name), backuptest.Fixed, backuptest.Fixed))
					}
				}
				p.Do(os.MkdirAll(p.Path("a/b"), 0o755))
				mnt := filetest.Oddfs(t, real, how...)
				p.Src = mnt
				p.Backup()
				p.Src = real
				p.Write("dcim/99.jpg", "photo 07")
				p.Do(os.Chtimes(p.Path("dcim/99.jpg"), backuptest.Fixed, backuptest.Fixed))
				p.Do(os.Mkdir(p.Path("c"), 0o755))
				filetest.Must(t, "umount", mnt)
				p.Src = filetest.OddfsAt(t, mnt, real, append(how, "-ino", "1")...)
				res, rec := p.Backup()
				p.WantSame(res)
				if h := res.Header; h.Added != 2 || h.Modified+h.Metadata+h.Moved+h.Removed != 0 || h.CopiedBytes != 8 ||
					h.Linked != 20 {
					t.Errorf("%d added, %d modified, %d metadata, %d moved, %d removed, %d bytes copied, %d linked\n%v",
						h.Added, h.Modified, h.Metadata, h.Moved, h.Removed, h.CopiedBytes, h.Linked, rec.Changes)
				}
				if len(res.Problems) != 0 {
					t.Errorf("told: %v", res.Problems)
				}
			})
		}
	}
}

// TestInodeUsedAgain removes and makes folders, links and pipes on a file system without birth times: they get the
// inodes of those that went, and are not told as moved. What was renamed is.
func TestInodeUsedAgain(t *testing.T) {
	p := backuptest.NewPlace(t)
	real, _ := filetest.Image(t, "ext2", "16M") // without a journal: what is freed is used at once
	p.Src = filetest.Oddfs(t, real)
	inode := func(name string) uint64 {
		var s syscall.Stat_t
		p.Do(syscall.Lstat(p.Path(name), &s))
		return s.Ino
	}
	for _, d := range []string{"empty", "full", "edited"} {
		p.Do(os.Mkdir(p.Path(d), 0o755))
	}
	p.Write("full/f", "f")
	p.Write("edited/f", "g")
	p.Do(os.Symlink("a", p.Path("link")))
	p.Do(syscall.Mkfifo(p.Path("pipe"), 0o600))
	p.Do(os.Mkdir(p.Path("alpha"), 0o755))
	p.Write("alpha/f", "in alpha")
	was := map[uint64]bool{inode("link"): true, inode("pipe"): true, inode("alpha"): true}
	p.Backup()
	p.Do(os.Remove(p.Path("link")))
	p.Do(os.Symlink("b", p.Path("zlink")))
	p.Do(os.Remove(p.Path("pipe")))
	p.Do(syscall.Mkfifo(p.Path("zpipe"), 0o600))
	p.Do(os.RemoveAll(p.Path("alpha")))
	p.Do(os.Mkdir(p.Path("zeta"), 0o755))
	for _, d := range []string{"empty", "full", "edited"} {
		p.Do(os.Rename(p.Path(d), p.Path(d+"2")))
	}
	p.Write("edited2/new", "new")
	reused := 0
	for _, name := range []string{"zlink", "zpipe", "zeta"} {
		if was[inode(name)] {
			reused++
		}
	}
	res, rec := p.Backup()
	p.WantSame(res)
	if reused == 0 {
		t.Skip("no inode was used again")
	}
	for _, name := range []string{"zlink", "zpipe", "zeta"} {
		if r := rec.Changes[name]; r.Change != record.Added {
			t.Errorf("%s: %v from %q", name, r.Change, r.From)
		}
	}
	for _, name := range []string{"empty", "full", "edited"} {
		if r := rec.Changes[name+"2"]; r.Change != record.Moved || r.From != name {
			t.Errorf("%s: %v from %q", name+"2", r.Change, r.From)
		}
	}
}

// TestInodeNumbersMadeUp backs up a source that gives out new inode numbers at every look.
func TestInodeNumbersMadeUp(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i := range 20 {
		p.Write(fmt.Sprintf("d%d/f%d", i%3, i), fmt.Sprint("text ", i))
	}
	p.Src = filetest.Oddfs(t, p.Src, "-randino")
	p.Backup()
	res, rec := p.Backup(backuptest.Force)
	if res.Header.CopiedBytes != 0 || res.Header.Moved != 0 || res.Incomplete() {
		t.Errorf("copied %d bytes, %d moved, problems %v", res.Header.CopiedBytes, res.Header.Moved, res.Problems)
	}
	for path, r := range rec.Changes {
		if r.Change != record.Silent {
			t.Errorf("%s: %v", path, r.Change)
		}
	}
	if res, _ := p.Backup(); !res.Skipped {
		t.Error("a run on an unchanged source found changes")
	}
	p.Write("d0/f0", "another text")
	if res, rec := p.Backup(); res.Skipped || rec.Changes["d0/f0"].Change != record.Modified || res.Header.Modified != 1 {
		t.Errorf("one modified file: %v", rec.Changes)
	}
}

// TestReadError backs up a source in which one file cannot be read, though it can be opened.
func TestReadError(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("good", "good")
	p.Write("bad", "bad")
	real := p.Src
	p.Src = filetest.Oddfs(t, real, "-eio", "bad")
	res, rec := p.Backup()
	if !res.Incomplete() || len(res.Problems) != 1 || res.Problems[0].Path != "bad" || res.Header.Errors != 1 {
		t.Errorf("problems %v, errors %d", res.Problems, res.Header.Errors)
	}
	if r := rec.Changes["bad"]; !r.Has(record.Unreadable) || r.Stored != record.Absent {
		t.Errorf("bad: %+v", r)
	}
	if _, err := os.Lstat(filepath.Join(p.Tree(res), "bad")); err == nil {
		t.Error("a part of the file is in the tree")
	}
	if _, _, err := p.Try(backuptest.Force, func(o *backup.Options) { o.Errors = backup.FailOnErrors }); err == nil {
		t.Error("errors = Fail made a snapshot")
	}
	p.Src = real
	res, _ = p.Backup(backuptest.Moved)
	p.WantSame(res)
}

// TestNoHardLinks: a destination that cannot link is refused and left as it was.
func TestNoHardLinks(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Dest = filetest.Oddfs(t, p.Dest, "-nolink")
	_, _, err := p.Try()
	if err == nil || !strings.Contains(err.Error(), "no hard links") {
		t.Fatalf("got %v", err)
	}
	if all, _ := os.ReadDir(p.Dest); len(all) != 0 {
		t.Errorf("left behind: %v", all)
	}
}

// TestLinkLimit fills an inode of a snapshot up with names: the next backup copies the file once, and the
// one after links to that copy.
func TestLinkLimit(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Dest, _ = filetest.Image(t, "ext4", "64M", "-N", "2000")
	p.Write("a", "a")
	first, _ := p.Backup()
	dir := filepath.Join(p.Dest, "names")
	p.Do(os.Mkdir(dir, 0o700))
	n := 0
	for ; ; n++ {
		if err := os.Link(filepath.Join(p.Tree(first), "a"), filepath.Join(dir, fmt.Sprint(n))); err != nil {
			break
		}
	}
	if n < 60000 {
		t.Fatalf("only %d links", n)
	}
	res, rec := p.Backup(backuptest.Force)
	p.WantSame(res)
	if r := rec.Changes["a"]; r.Reason != record.LinkLimit || r.Stored != record.Copied || r.Change != record.Silent {
		t.Errorf("%v %v %v", r.Reason, r.Stored, r.Change)
	}
	res, rec = p.Backup(backuptest.Force)
	if _, changed := rec.Changes["a"]; changed || res.Header.CopiedBytes != 0 {
		t.Errorf("the copy is not linked: %v", rec.Changes)
	}
}

// TestRemountedSource: the same file system under another device number is the same; nothing is read.
func TestRemountedSource(t *testing.T) {
	for _, kind := range []string{"ext4", "xfs", "btrfs"} {
		t.Run(kind, func(t *testing.T) {
			p := backuptest.NewPlace(t)
			mnt, img := filetest.Image(t, kind, "400M")
			p.Src = mnt
			for i := range 20 {
				p.Write(fmt.Sprintf("d%d/f%d", i%3, i), fmt.Sprint("text ", i))
			}
			p.Backup()
			filetest.Must(t, "umount", mnt)
			other, _ := filetest.Image(t, kind, "400M") // takes the loop device that was free
			_ = other
			filetest.MountImage(t, img, mnt)
			res, rec := p.Backup(func(o *backup.Options) { o.Force = true })
			p.WantSame(res)
			if res.Header.CopiedBytes != 0 {
				t.Errorf("copied %d bytes", res.Header.CopiedBytes)
			}
			if kind != "btrfs" && len(rec.Kept) < 20 { // btrfs has no id that the kernel tells for sure
				t.Errorf("only %d entries were kept unread: %v", len(rec.Kept), rec.Changes)
			}
		})
	}
}

// TestStoreThroughMmap changes a file through a mapping, before and after a backup: pages that are dirty
// already do not show a second store in any stamp.
func TestStoreThroughMmap(t *testing.T) {
	p := backuptest.NewPlace(t)
	if out, err := exec.Command("stat", "-f", "-c", "%T", p.Src).Output(); err != nil ||
		strings.TrimSpace(string(out)) == "tmpfs" {
		t.Skip("tmpfs shows no stores through mappings at all")
	}
	p.Mapped("f")
}

// TestMetadataSharesBlocks: a change of mode or attributes makes a new inode and no second copy of the
// bytes where the file system can clone.
func TestMetadataSharesBlocks(t *testing.T) {
	for _, kind := range []string{"xfs", "btrfs"} {
		t.Run(kind, func(t *testing.T) {
			p := backuptest.NewPlace(t)
			p.Dest, _ = filetest.Image(t, kind, "600M")
			p.Write("big", strings.Repeat("0123456789abcdef", 4<<20)) // 64 MiB
			first, _ := p.Backup()
			before := backuptest.Listing(t, p.Tree(first))
			used := usedBytes(t, p.Dest)
			t.Cleanup(func() { backuptest.RemoveAll(p.Tree(first)) })
			p.Do(os.Chmod(p.Path("big"), 0o600))
			res, rec := p.Backup()
			t.Cleanup(func() { backuptest.RemoveAll(p.Tree(res)) })
			p.WantSame(res)
			if r := rec.Changes["big"]; r.Change != record.Metadata || r.Stored != record.Cloned {
				t.Errorf("%v %v", r.Change, r.Stored)
			}
			if grew := usedBytes(t, p.Dest) - used; grew > 8<<20 {
				t.Errorf("%d bytes more are used", grew)
			}
			if d := backuptest.Difference(before, backuptest.Listing(t, p.Tree(first))); d != "" {
				t.Errorf("the old snapshot changed:\n%s", d)
			}
			p.WantUsage("cloned")
		})
	}
}

func usedBytes(t *testing.T, dir string) int64 {
	filetest.Must(t, "sync", "-f", dir)
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		t.Fatal(err)
	}
	return int64(s.Blocks-s.Bfree) * int64(s.Bsize)
}

// TestManyFileSystems: a source that is another file system each time, with the same files, makes the headers no
// longer; what a run without a snapshot learns names it, too; and no two get the same number.
func TestManyFileSystems(t *testing.T) {
	filetest.NeedRoot(t)
	for _, changes := range []bool{false, true} {
		t.Run(fmt.Sprintf("changes %v", changes), func(t *testing.T) {
			p := backuptest.NewPlace(t)
			p.Do(os.Mkdir(p.Path("home"), 0o755))
			for i := range 5 {
				filetest.Must(t, "mount", "-t", "tmpfs", "-o", "mode=755", "none", p.Path("home"))
				t.Cleanup(func() { exec.Command("umount", p.Path("home")).Run() })
				p.Write("home/f", "text")
				if changes {
					p.Write("home/new", fmt.Sprint("text", i))
				}
				p.Do(os.Chtimes(p.Path("home/f"), backuptest.Fixed, backuptest.Fixed))
				p.Do(os.Chtimes(p.Path("home"), backuptest.Fixed, backuptest.Fixed))
				if res, _ := p.Backup(); res.Skipped != (i > 0 && !changes) {
					t.Fatalf("round %d: skipped is %v", i, res.Skipped)
				}
				heads, all := p.Knows()
				last := len(heads) - 1
				f := all[last]["home/f"].Volume
				if int(f) != i+2 {
					t.Errorf("round %d: home/f is on file system %d, not %d", i, f, i+2)
				}
				if known := heads[last].Volumes; len(known) != 2 || known[1] == "" || known[f] == "" {
					t.Errorf("round %d: the source and what is mounted there are not what is known: %v", i, known)
				}
				if top := all[last][""].Volume; top != 1 {
					t.Errorf("round %d: the source is on file system %d", i, top)
				}
			}
			filetest.Must(t, "umount", p.Path("home")) // four are still there, below
			filetest.Must(t, "umount", p.Path("home"))
			for i := range 2 { // the one of round 2 is new again, and stays known
				p.Backup()
				if _, all := p.Knows(); all[len(all)-1]["home/f"].Volume != 7 {
					t.Errorf("back in an older one, %d: home/f is on %d, not 7", i, all[len(all)-1]["home/f"].Volume)
				}
			}
		})
	}
}

// TestNumbersOfFileSystemsStay with those of a run's that are met again, though not in the run between; a number is
// not given again while a record may have it.
func TestNumbersOfFileSystemsStay(t *testing.T) {
	filetest.NeedRoot(t)
	p := backuptest.NewPlace(t)
	tmpfs := func(name string) {
		p.Do(os.MkdirAll(p.Path(name), 0o755))
		filetest.Must(t, "mount", "-t", "tmpfs", "none", p.Path(name))
		t.Cleanup(func() { exec.Command("umount", p.Path(name)).Run() })
		p.Write(name+"/f", name)
	}
	want := func(volumes map[string]uint32) {
		t.Helper()
		p.Backup()
		heads, all := p.Knows()
		for name, n := range volumes {
			if got := all[len(all)-1][name+"/f"].Volume; got != n {
				t.Errorf("%s is on %d, not %d; known are %v", name, got, n, heads[len(heads)-1].Volumes)
			}
		}
	}
	tmpfs("a")
	tmpfs("b")
	want(map[string]uint32{"a": 2, "b": 3})
	filetest.Must(t, "umount", p.Path("b"))
	p.Write("b/f", "on the source's own")
	want(map[string]uint32{"a": 2, "b": 1})
	tmpfs("c")
	want(map[string]uint32{"a": 2, "b": 1, "c": 4})
	tmpfs("0")
	want(map[string]uint32{"0": 5, "a": 2, "b": 1, "c": 4})
}

// TestNoInodeNumber: the root of some FUSE mounts, such as encrypted vaults, has the inode number 0. All that is in it
// is taken in, as the source itself and below it, also through links; and a destination there is known for what it is.
func TestNoInodeNumber(t *testing.T) {
	p := backuptest.NewPlace(t)
	vault := t.TempDir()
	for _, f := range []string{"a", "d/b"} {
		p.Do(os.MkdirAll(filepath.Join(vault, filepath.Dir(f)), 0o755))
		p.Do(os.WriteFile(filepath.Join(vault, f), []byte(f), 0o644))
	}
	mnt := filetest.Oddfs(t, vault, "-zeroroot")
	p.Write("here", "here")
	p.Do(os.Mkdir(p.Path("vault"), 0o755))
	filetest.Must(t, "mount", "--bind", mnt, p.Path("vault"))
	t.Cleanup(func() { exec.Command("umount", p.Path("vault")).Run() })
	for _, follow := range []bool{false, true} {
		o := func(o *backup.Options) { o.Scan.Follow = follow }
		res, _ := p.Backup(o, backuptest.Force)
		p.WantSame(res)
		if res.Incomplete() || res.Header.Files != 3 || res.Header.Dirs != 3 {
			t.Errorf("follow %v: %d files, %d folders: %v", follow, res.Header.Files, res.Header.Dirs, res.Problems)
		}
		if again, rec := p.Backup(o); !again.Skipped {
			t.Errorf("follow %v: a second run found changes: %v", follow, rec.Changes)
		}
		p.N--
	}
	p.Do(os.Mkdir(filepath.Join(mnt, "d/dest"), 0o755))
	whole := func(string) (bool, error) { return false, nil }
	for _, dest := range []string{mnt, filepath.Join(mnt, "d"), filepath.Join(mnt, "d/dest")} {
		if _, err := source.CheckLayout(mnt, nil, dest, whole); err == nil {
			t.Errorf("a destination %s in the source %s is let through", dest, mnt)
		}
	}
	never, err := source.CheckLayout(p.Src, nil, p.Path("vault"), func(string) (bool, error) { return true, nil })
	p.Do(err)
	res, _ := p.Backup(func(o *backup.Options) { o.Scan.Never = []file.Stat{never} }, backuptest.Force)
	if res.Header.Files != 1 {
		t.Errorf("%d files: the destination itself was backed up", res.Header.Files)
	}
}

// TestLengthUntrue backs up files that say that they are empty and are not: they are read to the end and told, an
// unchanged one makes no snapshot, and a changed one is another.
func TestLengthUntrue(t *testing.T) {
	p := backuptest.NewPlace(t)
	real := p.Src
	p.Write("sizeless/a", "some text")
	p.Write("sizeless/big", strings.Repeat("0123456789", 100_000))
	p.Write("sizeless/empty", "")
	p.Write("plain", "plain")
	p.Do(os.Link(p.Path("sizeless/a"), p.Path("sizeless/a2")))
	p.Src = filetest.Oddfs(t, real, "-nosize", "sizeless")
	same := func(res *backup.Result) {
		t.Helper()
		if d := backuptest.Difference(backuptest.Listing(t, real), backuptest.Listing(t, p.Tree(res))); d != "" {
			t.Fatalf("the snapshot is not the source:\n%s", d)
		}
	}
	res, rec := p.Backup()
	same(res)
	if r := rec.Changes["sizeless/big"]; r.Size != 1_000_000 || res.Incomplete() || len(res.Problems) != 2 ||
		!res.Problems[0].Note {
		t.Errorf("size %d; told %v", r.Size, res.Problems)
	}
	if res, rec := p.Backup(); !res.Skipped {
		t.Errorf("a second run found changes: %v", rec.Changes)
	}
	res, rec = p.Backup(backuptest.Force)
	if same(res); len(rec.Changes) != 0 || res.Header.CopiedBytes != 0 {
		t.Errorf("copied again: %v", rec.Changes)
	}
	p.Do(os.WriteFile(filepath.Join(real, "sizeless/big"), []byte("short"), 0o644))
	res, rec = p.Backup()
	if same(res); rec.Changes["sizeless/big"].Change != record.Modified || len(rec.Changes) != 1 {
		t.Errorf("records: %v", rec.Changes)
	}
}

// TestUnreadableAfterManyNotes: one file that cannot be read makes a backup incomplete, however much else there was
// to tell.
func TestUnreadableAfterManyNotes(t *testing.T) {
	p := backuptest.NewPlace(t)
	real := p.Src
	for i := range 1100 {
		p.Write(fmt.Sprintf("f%04d", i), "text")
	}
	p.Src = filetest.Oddfs(t, real, "-eio", "unreadable")
	first, _ := p.Backup()
	all, err := filepath.Glob(filepath.Join(p.Tree(first), "f*"))
	p.Do(err)
	for _, f := range all {
		p.Do(os.Truncate(f, 1))
	}
	p.Do(os.WriteFile(filepath.Join(real, "unreadable"), []byte("x"), 0o644))
	if res, _, err := p.Try(); err != nil || !res.Incomplete() || res.Errors != 1 {
		t.Errorf("incomplete %v, %d errors: %v", res.Incomplete(), res.Errors, err)
	}
	_, _, err = p.Try(backuptest.Force, func(o *backup.Options) { o.Errors = backup.FailOnErrors })
	if e := (*backup.SourceError)(nil); !errors.As(err, &e) || e.Count != 1 {
		t.Errorf("errors = Fail: %v", err)
	}
}
