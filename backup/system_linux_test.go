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
	"snap/index"
	"snap/internal/file"
)

// TestChangedTwiceInOneTick writes a file twice within the two seconds that the source's clock counts in:
// no stamp differs, and the second content must be in the second snapshot.
func TestChangedTwiceInOneTick(t *testing.T) {
	p := newPlace(t)
	real := p.src
	p.src = oddfs(t, real, "-coarse", "2")
	now := func(o *backup.Options) { o.Start = time.Now(); o.Rules.IgnoreCtime = true }
	for i := range 10 {
		p.write("f", fmt.Sprintf("A%d", i))
		p.backup(now, force)
		p.write("f", fmt.Sprintf("B%d", i))
		res, _ := p.backup(now, force)
		if b, err := os.ReadFile(filepath.Join(p.tree(res), "f")); err != nil || string(b) != fmt.Sprintf("B%d", i) {
			t.Fatalf("round %d: the snapshot holds %q (%v)", i, b, err)
		}
	}
}

// TestAttributesInOneTick changes folders, links and special files, backs up, and sets an attribute within the tick of the
// source's clock: no stamp differs, and the attribute must be in the second snapshot, and the third run finds nothing.
func TestAttributesInOneTick(t *testing.T) {
	p := newPlace(t)
	p.src = oddfs(t, p.src, "-coarse", "2")
	now := func(o *backup.Options) { o.Start = time.Now() }
	ctime := func(path string) int64 {
		var s syscall.Stat_t
		p.do(syscall.Lstat(path, &s))
		return s.Ctim.Nano() / 1e9
	}
	tried := 0
	for i := range 5 {
		paths := []string{fmt.Sprint("folder", i), fmt.Sprint("link", i), fmt.Sprint("fifo", i)}
		p.do(os.Mkdir(p.path(paths[0]), 0o755))
		p.do(os.Symlink("nowhere", p.path(paths[1])))
		p.do(syscall.Mkfifo(p.path(paths[2]), 0o600))
		p.backup(now)
		var same []string
		for _, path := range paths {
			before := ctime(p.path(path))
			p.do(unix.Lsetxattr(p.path(path), "trusted.snap", []byte("x"), 0))
			if ctime(p.path(path)) == before {
				same = append(same, path)
			}
		}
		_, rec := p.backup(now, force)
		for _, path := range same {
			tried++
			if r := rec.changes[path]; r.Change != index.Metadata || len(r.Xattrs) != 1 {
				t.Errorf("%s: %v, attributes %v", path, r.Change, r.Xattrs)
			}
		}
	}
	if tried == 0 {
		t.Error("the clock ticked each time")
	}
	p.backup() // learns that nothing is in doubt any more
	if _, rec := p.backup(force); len(rec.changes) != 0 {
		t.Errorf("records of what did not change: %v", rec.changes)
	}
}

// TestTimeInTheFuture: a file whose time was set to the future is read no more than others.
func TestTimeInTheFuture(t *testing.T) {
	p := newPlace(t)
	p.write("a", "a")
	p.write("d/b", "b")
	later := time.Now().Add(20 * 365 * 24 * time.Hour)
	p.do(os.Chtimes(p.path("a"), later, later))
	p.do(os.Chtimes(p.path("d"), later, later))
	p.backup()
	_, all := p.knows()
	for path, r := range all[0] {
		if r.Has(index.Racy) {
			t.Errorf("%q is in doubt", path)
		}
	}
	p.rewrite("a", "b")
	res, rec := p.backup()
	if p.wantSame(res); rec.changes["a"].Change != index.Modified {
		t.Errorf("a: %v", rec.changes["a"].Change)
	}
}

// TestFilesNumberedAnew backs up a card that numbers its files anew at each mount, as exFAT does: what was on it is linked,
// with and without equal times, sizes and contents, and only what is new is told.
func TestFilesNumberedAnew(t *testing.T) {
	for _, equal := range []bool{false, true} {
		for _, how := range [][]string{{"-fat"}, nil} {
			t.Run(fmt.Sprint(how, equal), func(t *testing.T) {
				p := newPlace(t)
				real := p.src
				for i := range 20 {
					name := fmt.Sprintf("dcim/%02d.jpg", i)
					p.write(name, fmt.Sprintf("photo %02d", i/2)) // two of each
					if when := fixed.Add(time.Duration(i) * time.Minute); !equal {
						p.do(os.Chtimes(p.path(name), when, when))
					} else {
						p.do(os.Chtimes(p.path(name), fixed, fixed))
					}
				}
				p.do(os.MkdirAll(p.path("a/b"), 0o755))
				mnt := oddfs(t, real, how...)
				p.src = mnt
				p.backup()
				p.src = real
				p.write("dcim/99.jpg", "photo 07")
				p.do(os.Chtimes(p.path("dcim/99.jpg"), fixed, fixed))
				p.do(os.Mkdir(p.path("c"), 0o755))
				must(t, "umount", mnt)
				p.src = oddfsAt(t, mnt, real, append(how, "-ino", "1")...)
				res, rec := p.backup()
				p.wantSame(res)
				if h := res.Header; h.Added != 2 || h.Modified+h.Metadata+h.Moved+h.Removed != 0 || h.CopiedBytes != 8 || h.Linked != 20 {
					t.Errorf("%d added, %d modified, %d metadata, %d moved, %d removed, %d bytes copied, %d linked\n%v",
						h.Added, h.Modified, h.Metadata, h.Moved, h.Removed, h.CopiedBytes, h.Linked, rec.changes)
				}
				if len(res.Problems) != 0 {
					t.Errorf("told: %v", res.Problems)
				}
			})
		}
	}
}

// TestInodeUsedAgain removes and makes folders, links and pipes on a file system without birth times: they get the inodes
// of those that went, and are not told as moved. What was renamed is.
func TestInodeUsedAgain(t *testing.T) {
	p := newPlace(t)
	real, _ := image(t, "ext2", "16M") // without a journal: what is freed is used at once
	p.src = oddfs(t, real)
	inode := func(name string) uint64 {
		var s syscall.Stat_t
		p.do(syscall.Lstat(p.path(name), &s))
		return s.Ino
	}
	for _, d := range []string{"empty", "full", "edited"} {
		p.do(os.Mkdir(p.path(d), 0o755))
	}
	p.write("full/f", "f")
	p.write("edited/f", "g")
	p.do(os.Symlink("a", p.path("link")))
	p.do(syscall.Mkfifo(p.path("pipe"), 0o600))
	p.do(os.Mkdir(p.path("alpha"), 0o755))
	p.write("alpha/f", "in alpha")
	was := map[uint64]bool{inode("link"): true, inode("pipe"): true, inode("alpha"): true}
	p.backup()
	p.do(os.Remove(p.path("link")))
	p.do(os.Symlink("b", p.path("zlink")))
	p.do(os.Remove(p.path("pipe")))
	p.do(syscall.Mkfifo(p.path("zpipe"), 0o600))
	p.do(os.RemoveAll(p.path("alpha")))
	p.do(os.Mkdir(p.path("zeta"), 0o755))
	for _, d := range []string{"empty", "full", "edited"} {
		p.do(os.Rename(p.path(d), p.path(d+"2")))
	}
	p.write("edited2/new", "new")
	reused := 0
	for _, name := range []string{"zlink", "zpipe", "zeta"} {
		if was[inode(name)] {
			reused++
		}
	}
	res, rec := p.backup()
	p.wantSame(res)
	if reused == 0 {
		t.Skip("no inode was used again")
	}
	for _, name := range []string{"zlink", "zpipe", "zeta"} {
		if r := rec.changes[name]; r.Change != index.Added {
			t.Errorf("%s: %v from %q", name, r.Change, r.From)
		}
	}
	for _, name := range []string{"empty", "full", "edited"} {
		if r := rec.changes[name+"2"]; r.Change != index.Moved || r.From != name {
			t.Errorf("%s: %v from %q", name+"2", r.Change, r.From)
		}
	}
}

// TestInodeNumbersMadeUp backs up a source that gives out new inode numbers at every look.
func TestInodeNumbersMadeUp(t *testing.T) {
	p := newPlace(t)
	for i := range 20 {
		p.write(fmt.Sprintf("d%d/f%d", i%3, i), fmt.Sprint("text ", i))
	}
	p.src = oddfs(t, p.src, "-randino")
	p.backup()
	res, rec := p.backup(force)
	if res.Header.CopiedBytes != 0 || res.Header.Moved != 0 || res.Incomplete() {
		t.Errorf("copied %d bytes, %d moved, problems %v", res.Header.CopiedBytes, res.Header.Moved, res.Problems)
	}
	for path, r := range rec.changes {
		if r.Change != index.Silent {
			t.Errorf("%s: %v", path, r.Change)
		}
	}
	if res, _ := p.backup(); !res.Skipped {
		t.Error("a run on an unchanged source found changes")
	}
	p.write("d0/f0", "another text")
	if res, rec := p.backup(); res.Skipped || rec.changes["d0/f0"].Change != index.Modified || res.Header.Modified != 1 {
		t.Errorf("one modified file: %v", rec.changes)
	}
}

// TestReadError backs up a source in which one file cannot be read, though it can be opened.
func TestReadError(t *testing.T) {
	p := newPlace(t)
	p.write("good", "good")
	p.write("bad", "bad")
	real := p.src
	p.src = oddfs(t, real, "-eio", "bad")
	res, rec := p.backup()
	if !res.Incomplete() || len(res.Problems) != 1 || res.Problems[0].Path != "bad" || res.Header.Errors != 1 {
		t.Errorf("problems %v, errors %d", res.Problems, res.Header.Errors)
	}
	if r := rec.changes["bad"]; !r.Has(index.Unreadable) || r.Stored != index.Absent {
		t.Errorf("bad: %+v", r)
	}
	if _, err := os.Lstat(filepath.Join(p.tree(res), "bad")); err == nil {
		t.Error("a part of the file is in the tree")
	}
	if _, _, err := p.try(force, func(o *backup.Options) { o.Errors = backup.FailOnErrors }); err == nil {
		t.Error("errors = Fail made a snapshot")
	}
	p.src = real
	res, _ = p.backup(moved)
	p.wantSame(res)
}

// TestNoHardLinks: a destination that cannot link is refused and left as it was.
func TestNoHardLinks(t *testing.T) {
	p := newPlace(t)
	p.write("a", "a")
	p.dest = oddfs(t, p.dest, "-nolink")
	_, _, err := p.try()
	if err == nil || !strings.Contains(err.Error(), "no hard links") {
		t.Fatalf("got %v", err)
	}
	if all, _ := os.ReadDir(p.dest); len(all) != 0 {
		t.Errorf("left behind: %v", all)
	}
}

// TestLinkLimit fills an inode of a snapshot up with names: the next backup copies the file once, and the
// one after links to that copy.
func TestLinkLimit(t *testing.T) {
	p := newPlace(t)
	p.dest, _ = image(t, "ext4", "64M", "-N", "2000")
	p.write("a", "a")
	first, _ := p.backup()
	dir := filepath.Join(p.dest, "names")
	p.do(os.Mkdir(dir, 0o700))
	n := 0
	for ; ; n++ {
		if err := os.Link(filepath.Join(p.tree(first), "a"), filepath.Join(dir, fmt.Sprint(n))); err != nil {
			break
		}
	}
	if n < 60000 {
		t.Fatalf("only %d links", n)
	}
	res, rec := p.backup(force)
	p.wantSame(res)
	if r := rec.changes["a"]; r.Reason != index.LinkLimit || r.Stored != index.Copied || r.Change != index.Silent {
		t.Errorf("%v %v %v", r.Reason, r.Stored, r.Change)
	}
	res, rec = p.backup(force)
	if _, changed := rec.changes["a"]; changed || res.Header.CopiedBytes != 0 {
		t.Errorf("the copy is not linked: %v", rec.changes)
	}
}

// TestRemountedSource: the same file system under another device number is the same; nothing is read.
func TestRemountedSource(t *testing.T) {
	for _, kind := range []string{"ext4", "xfs", "btrfs"} {
		t.Run(kind, func(t *testing.T) {
			p := newPlace(t)
			mnt, img := image(t, kind, "400M")
			p.src = mnt
			for i := range 20 {
				p.write(fmt.Sprintf("d%d/f%d", i%3, i), fmt.Sprint("text ", i))
			}
			p.backup()
			must(t, "umount", mnt)
			other, _ := image(t, kind, "400M") // takes the loop device that was free
			_ = other
			mount(t, img, mnt)
			res, rec := p.backup(func(o *backup.Options) { o.Force = true })
			p.wantSame(res)
			if res.Header.CopiedBytes != 0 {
				t.Errorf("copied %d bytes", res.Header.CopiedBytes)
			}
			if kind != "btrfs" && len(rec.kept) < 20 { // btrfs has no id that the kernel tells for sure
				t.Errorf("only %d entries were kept unread: %v", len(rec.kept), rec.changes)
			}
		})
	}
}

// TestStoreThroughMmap changes a file through a mapping, before and after a backup: pages that are dirty
// already do not show a second store in any stamp.
func TestStoreThroughMmap(t *testing.T) {
	p := newPlace(t)
	if out, err := exec.Command("stat", "-f", "-c", "%T", p.src).Output(); err != nil || strings.TrimSpace(string(out)) == "tmpfs" {
		t.Skip("tmpfs shows no stores through mappings at all")
	}
	p.mapped("f")
}

// TestMetadataSharesBlocks: a change of mode or attributes makes a new inode and no second copy of the
// bytes where the file system can clone.
func TestMetadataSharesBlocks(t *testing.T) {
	for _, kind := range []string{"xfs", "btrfs"} {
		t.Run(kind, func(t *testing.T) {
			p := newPlace(t)
			p.dest, _ = image(t, kind, "600M")
			p.write("big", strings.Repeat("0123456789abcdef", 4<<20)) // 64 MiB
			first, _ := p.backup()
			before := listing(t, p.tree(first))
			used := usedBytes(t, p.dest)
			p.do(os.Chmod(p.path("big"), 0o600))
			res, rec := p.backup()
			p.wantSame(res)
			if r := rec.changes["big"]; r.Change != index.Metadata || r.Stored != index.Cloned {
				t.Errorf("%v %v", r.Change, r.Stored)
			}
			if grew := usedBytes(t, p.dest) - used; grew > 8<<20 {
				t.Errorf("%d bytes more are used", grew)
			}
			if d := difference(before, listing(t, p.tree(first))); d != "" {
				t.Errorf("the old snapshot changed:\n%s", d)
			}
			p.wantUsage("cloned")
		})
	}
}

func usedBytes(t *testing.T, dir string) int64 {
	must(t, "sync", "-f", dir)
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		t.Fatal(err)
	}
	return int64(s.Blocks-s.Bfree) * int64(s.Bsize)
}

// TestManyFileSystems: a source that is another file system each time, with the same files, makes the headers no
// longer; what a run without a snapshot learns names it, too; and no two get the same number.
func TestManyFileSystems(t *testing.T) {
	needRoot(t)
	for _, changes := range []bool{false, true} {
		t.Run(fmt.Sprintf("changes %v", changes), func(t *testing.T) {
			p := newPlace(t)
			p.do(os.Mkdir(p.path("home"), 0o755))
			for i := range 5 {
				must(t, "mount", "-t", "tmpfs", "-o", "mode=755", "none", p.path("home"))
				t.Cleanup(func() { exec.Command("umount", p.path("home")).Run() })
				p.write("home/f", "text")
				if changes {
					p.write("home/new", fmt.Sprint("text", i))
				}
				p.do(os.Chtimes(p.path("home/f"), fixed, fixed))
				p.do(os.Chtimes(p.path("home"), fixed, fixed))
				if res, _ := p.backup(); res.Skipped != (i > 0 && !changes) {
					t.Fatalf("round %d: skipped is %v", i, res.Skipped)
				}
				heads, all := p.knows()
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
			must(t, "umount", p.path("home")) // four are still there, below
			must(t, "umount", p.path("home"))
			for i := range 2 { // the one of round 2 is new again, and stays known
				p.backup()
				if _, all := p.knows(); all[len(all)-1]["home/f"].Volume != 7 {
					t.Errorf("back in an older one, %d: home/f is on %d, not 7", i, all[len(all)-1]["home/f"].Volume)
				}
			}
		})
	}
}

// TestNumbersOfFileSystemsStay with those of a run's that are met again, though not in the run between; a number is
// not given again while a record may have it.
func TestNumbersOfFileSystemsStay(t *testing.T) {
	needRoot(t)
	p := newPlace(t)
	tmpfs := func(name string) {
		p.do(os.MkdirAll(p.path(name), 0o755))
		must(t, "mount", "-t", "tmpfs", "none", p.path(name))
		t.Cleanup(func() { exec.Command("umount", p.path(name)).Run() })
		p.write(name+"/f", name)
	}
	want := func(volumes map[string]uint32) {
		t.Helper()
		p.backup()
		heads, all := p.knows()
		for name, n := range volumes {
			if got := all[len(all)-1][name+"/f"].Volume; got != n {
				t.Errorf("%s is on %d, not %d; known are %v", name, got, n, heads[len(heads)-1].Volumes)
			}
		}
	}
	tmpfs("a")
	tmpfs("b")
	want(map[string]uint32{"a": 2, "b": 3})
	must(t, "umount", p.path("b"))
	p.write("b/f", "on the source's own")
	want(map[string]uint32{"a": 2, "b": 1})
	tmpfs("c")
	want(map[string]uint32{"a": 2, "b": 1, "c": 4})
	tmpfs("0")
	want(map[string]uint32{"0": 5, "a": 2, "b": 1, "c": 4})
}

// TestNoInodeNumber: the root of some FUSE mounts, such as encrypted vaults, has the inode number 0. All that is in it
// is taken in, as the source itself and below it, also through links; and a destination there is known for what it is.
func TestNoInodeNumber(t *testing.T) {
	p := newPlace(t)
	vault := t.TempDir()
	for _, f := range []string{"a", "d/b"} {
		p.do(os.MkdirAll(filepath.Join(vault, filepath.Dir(f)), 0o755))
		p.do(os.WriteFile(filepath.Join(vault, f), []byte(f), 0o644))
	}
	mnt := oddfs(t, vault, "-zeroroot")
	p.write("here", "here")
	p.do(os.Mkdir(p.path("vault"), 0o755))
	must(t, "mount", "--bind", mnt, p.path("vault"))
	t.Cleanup(func() { exec.Command("umount", p.path("vault")).Run() })
	for _, follow := range []bool{false, true} {
		o := func(o *backup.Options) { o.Scan.Follow = follow }
		res, _ := p.backup(o, force)
		p.wantSame(res)
		if res.Incomplete() || res.Header.Files != 3 || res.Header.Dirs != 3 {
			t.Errorf("follow %v: %d files, %d folders: %v", follow, res.Header.Files, res.Header.Dirs, res.Problems)
		}
		if again, rec := p.backup(o); !again.Skipped {
			t.Errorf("follow %v: a second run found changes: %v", follow, rec.changes)
		}
		p.n--
	}
	p.do(os.Mkdir(filepath.Join(mnt, "d/dest"), 0o755))
	whole := func(string) (bool, error) { return false, nil }
	for _, dest := range []string{mnt, filepath.Join(mnt, "d"), filepath.Join(mnt, "d/dest")} {
		if _, err := backup.CheckLayout(mnt, nil, dest, whole); err == nil {
			t.Errorf("a destination %s in the source %s is let through", dest, mnt)
		}
	}
	never, err := backup.CheckLayout(p.src, nil, p.path("vault"), func(string) (bool, error) { return true, nil })
	p.do(err)
	res, _ := p.backup(func(o *backup.Options) { o.Scan.Never = []file.Stat{never} }, force)
	if res.Header.Files != 1 {
		t.Errorf("%d files: the destination itself was backed up", res.Header.Files)
	}
}

// TestLengthUntrue backs up files that say that they are empty and are not: they are read to the end and told, an
// unchanged one makes no snapshot, and a changed one is another.
func TestLengthUntrue(t *testing.T) {
	p := newPlace(t)
	real := p.src
	p.write("sizeless/a", "some text")
	p.write("sizeless/big", strings.Repeat("0123456789", 100_000))
	p.write("sizeless/empty", "")
	p.write("plain", "plain")
	p.do(os.Link(p.path("sizeless/a"), p.path("sizeless/a2")))
	p.src = oddfs(t, real, "-nosize", "sizeless")
	same := func(res *backup.Result) {
		t.Helper()
		if d := difference(listing(t, real), listing(t, p.tree(res))); d != "" {
			t.Fatalf("the snapshot is not the source:\n%s", d)
		}
	}
	res, rec := p.backup()
	same(res)
	if r := rec.changes["sizeless/big"]; r.Size != 1_000_000 || res.Incomplete() || len(res.Problems) != 2 || !res.Problems[0].Note {
		t.Errorf("size %d; told %v", r.Size, res.Problems)
	}
	if res, rec := p.backup(); !res.Skipped {
		t.Errorf("a second run found changes: %v", rec.changes)
	}
	res, rec = p.backup(force)
	if same(res); len(rec.changes) != 0 || res.Header.CopiedBytes != 0 {
		t.Errorf("copied again: %v", rec.changes)
	}
	p.do(os.WriteFile(filepath.Join(real, "sizeless/big"), []byte("short"), 0o644))
	res, rec = p.backup()
	if same(res); rec.changes["sizeless/big"].Change != index.Modified || len(rec.changes) != 1 {
		t.Errorf("records: %v", rec.changes)
	}
}

// TestUnreadableAfterManyNotes: one file that cannot be read makes a backup incomplete, however much else there was to tell.
func TestUnreadableAfterManyNotes(t *testing.T) {
	p := newPlace(t)
	real := p.src
	for i := range 1100 {
		p.write(fmt.Sprintf("f%04d", i), "text")
	}
	p.src = oddfs(t, real, "-eio", "unreadable")
	first, _ := p.backup()
	all, err := filepath.Glob(filepath.Join(p.tree(first), "f*"))
	p.do(err)
	for _, f := range all {
		p.do(os.Truncate(f, 1))
	}
	p.do(os.WriteFile(filepath.Join(real, "unreadable"), []byte("x"), 0o644))
	if res, _, err := p.try(); err != nil || !res.Incomplete() || res.Errors != 1 {
		t.Errorf("incomplete %v, %d errors: %v", res.Incomplete(), res.Errors, err)
	}
	_, _, err = p.try(force, func(o *backup.Options) { o.Errors = backup.FailOnErrors })
	if e := (*backup.SourceError)(nil); !errors.As(err, &e) || e.Count != 1 {
		t.Errorf("errors = Fail: %v", err)
	}
}
