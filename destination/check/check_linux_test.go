package check_test

import (
	"bytes"
	"context"
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

	"snap/backup/backuptest"
	"snap/destination"
	"snap/destination/check"
	"snap/destination/reindex"
	"snap/index"
	"snap/internal/filetest"
	"snap/internal/progress"
	"snap/record"
)

// keepTimes does f to a file and sets its time back.
func keepTimes(path string, f func() error) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	return errors.Join(f(), os.Chtimes(path, time.Time{}, info.ModTime()))
}

func flipByte(path string) error {
	return keepTimes(path, func() error {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		b := make([]byte, 1)
		_, err1 := f.ReadAt(b, 3)
		b[0] ^= 1
		_, err2 := f.WriteAt(b, 3)
		return errors.Join(err1, err2, f.Close())
	})
}

func replace(path string, f func(string) error) error {
	return errors.Join(os.RemoveAll(path), f(path))
}

func TestCheckFindsNothing(t *testing.T) {
	p := backuptest.Three(t)
	for _, o := range []check.Options{{}, {Read: backuptest.ReadAll}, {Read: backuptest.ReadAll, Repair: true}} {
		res := p.Check(o)
		p.WantSaid(res)
		inodes := map[uint64]bool{}
		files, bytes := int64(0), int64(0)
		for _, name := range []string{"s0001", "s0002", "s0003"} {
			all := backuptest.Listing(t, filepath.Join(p.Dest, name))
			files += int64(len(all)) + 1
			for _, e := range all {
				if e.Mode.IsRegular() && !inodes[e.Ino] {
					inodes[e.Ino] = true
					bytes += e.Size
				}
			}
		}
		if res.Snapshots != 3 || res.Files != files || res.Errors != 0 {
			t.Fatalf("%+v, want %d files", res, files)
		}
		if o.Read.All && (res.InodesRead != int64(len(inodes)) || res.BytesRead != bytes) {
			t.Fatalf("read %d inodes, %d bytes; want each once: %d, %d", res.InodesRead, res.BytesRead, len(inodes), bytes)
		}
	}
}

// damages are what can happen to a file of a snapshot, and what a check with and without reading says of it.
var damages = []struct {
	name    string
	do      func(path string) error
	what    check.Fault // "": only reading shows it
	content bool        // reading says that the content differs
	name1   bool        // the name is damaged, not the inode
	folder  bool        // the folder's time is told too
}{
	{"flip", flipByte, "", true, false, false},
	{"truncate", func(p string) error { return os.Truncate(p, 2) }, check.FaultSize, false, false, false},
	{"append", func(p string) error {
		f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteString("more")
		return errors.Join(err, f.Close())
	}, check.FaultSize, false, false, false},
	{"overwrite", func(p string) error { return os.WriteFile(p, []byte("OTHERTXT"), 0) }, check.FaultTime, true,
		false, false},
	{"touch", func(p string) error { return os.Chtimes(p, time.Time{}, time.Unix(1000000000, 0)) }, check.FaultTime, false,
		false, false},
	{"chmod", func(p string) error { return os.Chmod(p, 0o600) }, check.FaultMode, false, false, false},
	{"setfattr", func(p string) error { return syscall.Setxattr(p, "user.a", []byte("b"), 0) }, check.FaultAttributes,
		false, false, false},
	{"delete", os.Remove, check.FaultMissing, false, true, false},
	{"symlink", func(p string) error {
		return replace(p, func(p string) error { return os.Symlink("/etc/passwd", p) })
	}, check.FaultType, false, true, false},
	{"folder", func(p string) error { return replace(p, func(p string) error { return os.Mkdir(p, 0o755) }) },
		check.FaultType, false, true, false},
	{"fifo", func(p string) error {
		return replace(p, func(p string) error { return syscall.Mkfifo(p, 0o644) })
	}, check.FaultType, false, true, false},
	{"another file", func(p string) error {
		return replace(p, func(p string) error { return os.WriteFile(p, []byte("another file"), 0o644) })
	}, check.FaultSize, false, true, true},
}

func TestCheckFindsDamage(t *testing.T) {
	for _, d := range damages {
		for _, shared := range []bool{true, false} {
			name, snaps := "each.txt", "s0002"
			if shared {
				name = "same.txt"
				if !d.name1 {
					snaps = "s0001 s0002 s0003"
				}
			}
			t.Run(d.name+" "+name, func(t *testing.T) {
				p := backuptest.Three(t)
				before := p.Trees()
				p.Do(d.do(filepath.Join(p.Dest, "s0002", name)))
				var want []string
				if d.what != "" {
					want = []string{fmt.Sprintf("%s %s %s", d.what, name, snaps)}
				}
				p.WantSaid(p.Check(check.Options{}), want...)
				if d.content {
					want = []string{fmt.Sprintf("content %s %s", name, snaps)}
				}
				res := p.Check(check.Options{Read: backuptest.ReadAll})
				p.WantSaid(res, want...)
				if res.Damaged != 1 || res.Errors != 1 || res.Repaired != 0 {
					t.Fatalf("%+v", res)
				}
				p.Repairs(before, want, name)
				inode := func(snap string) uint64 { return p.Trees()[snap][name].Ino }
				if shared && (inode("s0001") != inode("s0002") || inode("s0002") != inode("s0003")) {
					t.Fatal("what shared an inode does not any more")
				}
				if shared && d.name1 && inode("s0002") != before["s0001"][name].Ino {
					t.Fatal("a name was lost, and not just given back")
				}
				if shared && !d.name1 && inode("s0002") == before["s0001"][name].Ino {
					t.Fatal("a damaged inode was written to")
				}
			})
		}
	}
}

func TestCheckFolders(t *testing.T) {
	in2 := func(path string) func(*backuptest.Place) string {
		return func(p *backuptest.Place) string { return filepath.Join(p.Dest, "s0002", path) }
	}
	for _, c := range []struct {
		name string
		do   func(string) error
		at   func(*backuptest.Place) string
		want []string
		new  []string // what is made again
	}{
		{"removed", os.RemoveAll, in2("docs"), []string{"missing docs s0002 +6"}, []string{"docs", "docs/deep"}},
		{"replaced by a link", func(p string) error {
			return replace(p, func(p string) error { return os.Symlink("/etc", p) })
		}, in2("docs"), []string{"type docs s0002 +6"}, []string{"docs", "docs/deep"}},
		{"replaced by a file", func(p string) error {
			return replace(p, func(p string) error { return os.WriteFile(p, nil, 0o644) })
		}, in2("docs/deep"), []string{"type docs/deep s0002 +2"}, []string{"docs/deep"}},
		{"touched", func(p string) error { return os.Chtimes(p, time.Time{}, time.Unix(1e9, 0)) }, in2("docs"),
			[]string{"mtime docs s0002"}, nil},
		{"opened up", func(p string) error { return os.Chmod(p, 0o777) }, in2("docs/deep"),
			[]string{"mode docs/deep s0002"}, nil},
		{"link exchanged", func(p string) error {
			return replace(p, func(p string) error { return os.Symlink("each.txt", p) })
		}, in2("link"), []string{"target link s0002"}, []string{"link"}},
		{"fifo gone", os.Remove, in2("fifo"), []string{"missing fifo s0002"}, []string{"fifo"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := backuptest.Three(t)
			before := p.Trees()
			p.Do(c.do(c.at(p)))
			p.WantSaid(p.Check(check.Options{}), c.want...)
			p.Repairs(before, c.want, c.new...)
		})
	}
}

func TestCheckExtra(t *testing.T) {
	p := backuptest.Three(t)
	p.Write("../dest/s0002/docs/.DS_Store", "finder")
	p.Write("../dest/s0001/more/a/b", "mine")
	want := []string{"extra docs/.DS_Store s0002", "extra more s0001 +2"}
	p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}), want...)
	p.WantSaid(p.Check(check.Options{Repair: true}), want...)
	if b, err := os.ReadFile(filepath.Join(p.Dest, "s0001/more/a/b")); err != nil || string(b) != "mine" {
		t.Fatalf("what was not in the backup was touched: %q %v", b, err)
	}
}

// TestCheckAbsent: what could not be backed up must not be in the tree.
func TestCheckAbsent(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Write("bad", "b")
	p.Src = filetest.Oddfs(t, p.Src, "-eio", "bad")
	p.Backup()
	p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
	if err := os.WriteFile(filepath.Join(p.Dest, "s0001/bad"), []byte("not from here"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.WantSaid(p.Check(check.Options{}), "extra bad s0001")
}

func TestCheckChangeSets(t *testing.T) {
	set := func(p *backuptest.Place, n int) string {
		return filepath.Join(p.Dest, ".snap/changes", fmt.Sprintf("%010d", n))
	}
	for _, c := range []struct {
		name string
		do   func(p *backuptest.Place) error
		want []string
	}{
		{"missing", func(p *backuptest.Place) error { return os.Remove(set(p, 2)) },
			[]string{"set .snap/changes/0000000002 s0002"}},
		{"all missing", func(p *backuptest.Place) error { return os.RemoveAll(filepath.Dir(set(p, 2))) }, []string{
			"set .snap/changes/0000000001 s0001", "set .snap/changes/0000000002 s0002", "set .snap/changes/0000000003 s0003"}},
		{"cut off", func(p *backuptest.Place) error { return os.Truncate(set(p, 1), 100) },
			[]string{"set .snap/changes/0000000001 s0001"}},
		{"empty", func(p *backuptest.Place) error { return os.Truncate(set(p, 3), 0) },
			[]string{"set .snap/changes/0000000003 s0003"}},
		{"bit", func(p *backuptest.Place) error {
			b, err := os.ReadFile(set(p, 3))
			b[len(b)/2] ^= 4
			return errors.Join(err, os.WriteFile(set(p, 3), b, 0o600))
		}, []string{"set .snap/changes/0000000003 s0003"}},
		{"another's", func(p *backuptest.Place) error {
			b, err := os.ReadFile(set(p, 1))
			return errors.Join(err, os.WriteFile(set(p, 2), b, 0o600))
		}, []string{"set .snap/changes/0000000002 s0002"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := backuptest.Three(t)
			before := p.Trees()
			p.Do(c.do(p))
			p.WantSaid(p.Check(check.Options{}), c.want...)
			p.Repairs(before, c.want)
			if n, err := reindex.Run(context.Background(), p.Dest, reindex.Options{}); err != nil || n.Snapshots != 3 {
				t.Fatalf("the sets made again do not make an index: %d %v", n.Snapshots, err)
			}
			p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
		})
	}
}

// TestCheckForeignChangeSet: a whole set with the right number and name, but of another destination.
func TestCheckForeignChangeSet(t *testing.T) {
	p, other := backuptest.Three(t), backuptest.NewPlace(t)
	other.Write("other", "other")
	other.Backup()
	other.Backup(backuptest.Force)
	b, err := os.ReadFile(filepath.Join(other.Dest, ".snap/changes/0000000002"))
	p.Do(err)
	p.Do(os.WriteFile(filepath.Join(p.Dest, ".snap/changes/0000000002"), b, 0o600))
	want := []string{"set .snap/changes/0000000002 s0002"}
	p.WantSaid(p.Check(check.Options{}), want...)
	p.Repairs(p.Trees(), want)
}

// TestCheckBesideDelete: snapshots that are deleted while a check is on its way are passed over, and what
// is left is not taken for damaged.
func TestCheckBesideDelete(t *testing.T) {
	ctx := context.Background()
	for _, victim := range []uint64{1, 2, 3, 4} {
		p := backuptest.Three(t)
		p.Backup(backuptest.Force)
		at := 0
		res := p.Check(check.Options{Read: backuptest.ReadAll, Progress: func(progress.State) {
			if at++; at != 2 { // the first tree is done, the second was walked
				return
			}
			d, err := destination.Open(ctx, p.Dest, destination.Options{})
			p.Do(err)
			p.Do(errors.Join(d.Delete(ctx, []uint64{victim}, 1, nil), d.Close()))
		}})
		p.WantSaid(res)
		if at < 2 {
			t.Fatal("nothing was deleted meanwhile")
		}
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
	}
	// A tree that is half gone by the time it is walked.
	p := backuptest.Three(t)
	at := 0
	p.WantSaid(p.Check(check.Options{Progress: func(progress.State) {
		if at++; at == 2 {
			p.Do(backuptest.RemoveAll(p.In("s0003", "docs")))
			db, err := index.Open(index.Path(p.Dest))
			p.Do(err)
			p.Do(errors.Join(db.Undo(ctx, 3), os.Remove(p.In("", "latest")), os.Symlink("s0002", p.In("", "latest"))))
		}
	}}))
}

func TestCheckStrayChangeSets(t *testing.T) {
	p := backuptest.Three(t)
	for _, name := range []string{"0000000009.unpublished", "0000000002.labels", "0000000002.replaced", "0000000007.lost",
		"0000000009", "notes"} {
		p.Write("../dest/.snap/changes/"+name, "?")
	}
	p.WantSaid(p.Check(check.Options{}), "extra .snap/changes/0000000009 ", "extra .snap/changes/notes ")
}

func TestCheckLatest(t *testing.T) {
	for _, target := range []string{"", "s0001", "nowhere", "../src"} {
		p := backuptest.Three(t)
		link := filepath.Join(p.Dest, "latest")
		p.Do(os.Remove(link))
		if target != "" {
			p.Do(os.Symlink(target, link))
		}
		p.WantSaid(p.Check(check.Options{}), "latest latest s0003")
		p.WantSaid(p.Check(check.Options{Repair: true}), "mended latest latest s0003")
		if now, err := os.Readlink(link); err != nil || now != "s0003" {
			t.Fatalf("%q %v", now, err)
		}
		p.WantSaid(p.Check(check.Options{}))
		p.Do(os.Remove(link))
		p.Do(os.Mkdir(link, 0o700)) // the user's
		p.WantSaid(p.Check(check.Options{Repair: true}))
	}
}

// TestCheckRenamedSnapshot: a folder that is gone is no damage, and the one it may have become is named.
func TestCheckRenamedSnapshot(t *testing.T) {
	p := backuptest.Three(t)
	p.Do(os.Rename(filepath.Join(p.Dest, "s0002"), filepath.Join(p.Dest, "mine")))
	for _, o := range []check.Options{{}, {Read: backuptest.ReadAll, Repair: true}} {
		res := p.Check(o)
		p.WantSaid(res)
		if !slices.Equal(res.Missing, []string{"s0002"}) || len(res.Strange) > 0 ||
			!slices.Equal(res.Renamed, []destination.Renamed{{Snapshot: "s0002", Folder: "mine"}}) || res.Errors != 0 ||
			res.Snapshots != 2 {
			t.Fatalf("%+v", res)
		}
	}
	p.Do(os.Rename(filepath.Join(p.Dest, "s0003"), filepath.Join(p.Dest, "newest")))
	p.WantSaid(p.Check(check.Options{})) // that latest leads nowhere is told with the folder
}

func TestCheckSubsets(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i := range 300 {
		p.Write(fmt.Sprintf("d%d/f%d", i%7, i), fmt.Sprint("content ", i))
	}
	p.Backup()
	p.Write("d1/f1", "other")
	p.Backup()
	all := p.Check(check.Options{Read: backuptest.ReadAll})
	var inodes, bytes int64
	for part := 1; part <= 7; part++ {
		res := p.Check(check.Options{Read: check.Subset{Part: part, Parts: 7}})
		again := p.Check(check.Options{Read: check.Subset{Part: part, Parts: 7, Seed: 5}})
		if res.InodesRead != again.InodesRead || res.InodesRead == 0 {
			t.Fatalf("part %d: %d, then %d", part, res.InodesRead, again.InodesRead)
		}
		inodes, bytes = inodes+res.InodesRead, bytes+res.BytesRead
	}
	if inodes != all.InodesRead || bytes != all.BytesRead || inodes != 301 {
		t.Fatalf("seven parts read %d inodes, %d bytes; all are %d, %d", inodes, bytes, all.InodesRead, all.BytesRead)
	}
	// Every file has its turn with one seed or another, and none always.
	p.Do(flipByte(filepath.Join(p.Dest, "s0001/d2/f2")))
	hits := 0
	for seed := range uint64(30) {
		res := p.Check(check.Options{Read: check.Subset{Fraction: 0.2, Seed: seed}})
		if res.InodesRead < 20 || res.InodesRead > 120 {
			t.Fatalf("a fifth of 301 files: %d", res.InodesRead)
		}
		hits += len(res.Findings)
		if len(res.Findings) > 0 {
			p.WantSaid(res, "content d2/f2 s0001 s0002")
		}
	}
	if hits == 0 || hits == 30 {
		t.Fatalf("a damaged file was found by %d of 30 seeds", hits)
	}
	for _, c := range []struct {
		s    check.Subset
		low  int64
		high int64
	}{{check.Subset{Bytes: 1 << 40}, 301, 301}, {check.Subset{Bytes: bytes / 2}, 90, 210},
		{check.Subset{Fraction: 1}, 301, 301}, {check.Subset{Part: 1, Parts: 1}, 301, 301}} {
		if res := p.Check(check.Options{Read: c.s}); res.InodesRead < c.low || res.InodesRead > c.high {
			t.Fatalf("%+v read %d", c.s, res.InodesRead)
		}
	}
}

// TestCheckReadOnly: a destination that cannot be written to, beside a lock that another run holds.
func TestCheckReadOnly(t *testing.T) {
	filetest.NeedRoot(t)
	p := backuptest.Three(t)
	mnt := t.TempDir()
	filetest.Must(t, "mount", "--bind", p.Dest, mnt)
	t.Cleanup(func() { exec.Command("umount", mnt).Run() })
	filetest.Must(t, "mount", "-o", "remount,ro,bind", mnt)
	real := p.Dest
	d, err := destination.Open(context.Background(), real, destination.Options{})
	p.Do(err)
	defer d.Close()
	p.Dest = mnt
	p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
	p.Do(flipByte(filepath.Join(real, "s0001/same.txt")))
	p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}), "content same.txt s0001 s0002 s0003")
	p.Dest = real
	_, err = check.Run(context.Background(), real, check.Options{Repair: true})
	if !errors.As(err, new(*destination.LockedError)) {
		t.Fatalf("a repair beside another run: %v", err)
	}
}

// TestCheckWritesNothing: without Repair not even an access time changes.
func TestCheckWritesNothing(t *testing.T) {
	p := backuptest.Three(t)
	p.Do(flipByte(filepath.Join(p.Dest, "s0001/same.txt")))
	p.Do(os.Remove(filepath.Join(p.Dest, "latest")))
	state := func() []byte {
		out, err := exec.Command("find", p.Dest, "-printf", `%P %i %m %n %s %T@ %C@ %A@\n`).Output()
		p.Do(err)
		return out
	}
	before := state()
	p.Check(check.Options{Read: backuptest.ReadAll})
	after := state()
	if !bytes.Equal(before, after) {
		// Folders that are listed may get another access time; nothing else may change.
		strip := func(b []byte) (lines []string) {
			for line := range strings.Lines(string(b)) {
				lines = append(lines, line[:strings.LastIndexByte(line, ' ')])
			}
			slices.Sort(lines)
			return lines
		}
		if a, b := strip(before), strip(after); !slices.Equal(a, b) {
			t.Fatalf("before\n%s\nafter\n%s", before, after)
		}
	}
}

// TestCheckInPasses: a destination with more files than fit a pass is read once all the same.
func TestCheckInPasses(t *testing.T) {
	p := backuptest.Three(t)
	for i := range 60 {
		p.Write(fmt.Sprint("many/", i), fmt.Sprint("content ", i))
	}
	p.Backup()
	p.Backup(backuptest.Force)
	p.Do(flipByte(p.In("s0005", "many/7")))
	p.Do(os.Chmod(p.In("s0004", "many/9"), 0o600))
	p.Do(os.Remove(p.In("s0004", "many/11")))
	p.Do(flipByte(p.In("s0001", "each.txt")))
	all := p.Check(check.Options{Read: backuptest.ReadAll})
	want := []string{"content many/7 s0004 s0005", "mode many/9 s0004 s0005", "missing many/11 s0004",
		"content each.txt s0001"}
	p.WantSaid(all, want...)
	for _, room := range []int64{1, 7, 30} {
		res, err := check.RunInPasses(context.Background(), p.Dest, check.Options{Read: backuptest.ReadAll}, room)
		p.Do(err)
		p.WantSaid(res, want...)
		if res.Files != all.Files || res.InodesRead != all.InodesRead || res.BytesRead != all.BytesRead {
			t.Fatalf("in passes of %d: %+v, want %+v", room, res, all)
		}
	}
}

// TestCheckDamagedIndex: damage is told, and nothing is mended from an index that cannot be believed.
func TestCheckDamagedIndex(t *testing.T) {
	p := backuptest.Three(t)
	p.Do(os.Remove(p.In("s0001", "same.txt")))
	b, err := os.ReadFile(index.Path(p.Dest))
	p.Do(err)
	for i := 0; ; { // every record of the path
		n := bytes.Index(b[i:], []byte("same.txt"))
		if n < 0 {
			break
		}
		i += n + len("same.txt") + 8
		b[i] ^= 1
	}
	p.Do(os.WriteFile(index.Path(p.Dest), b, 0o600))
	damaged := p.Trees()
	for _, repair := range []bool{false, true} {
		res, err := check.Run(context.Background(), p.Dest, check.Options{Read: backuptest.ReadAll, Repair: repair})
		if err != nil && !errors.Is(err, record.ErrDamaged) {
			t.Fatal(err)
		}
		if err == nil && (res.Errors == 0 || res.Repaired > 0 || res.Findings[0].What != check.FaultIndex) {
			t.Fatalf("%+v", res)
		}
	}
	p.WantTrees(damaged)
}

func TestCheckStops(t *testing.T) {
	p := backuptest.Three(t)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := check.Run(ctx, p.Dest, check.Options{Read: backuptest.ReadAll, Progress: func(progress.State) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestCheckNoDestination(t *testing.T) {
	if _, err := check.Run(context.Background(), t.TempDir(),
		check.Options{}); !errors.Is(err, destination.ErrNotDestination) {
		t.Fatal(err)
	}
}
