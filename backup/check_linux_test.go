package backup_test

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

	"snap/backup"
	"snap/index"
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
	p := three(t)
	for _, o := range []backup.CheckOptions{{}, {Read: readAll}, {Read: readAll, Repair: true}} {
		res := p.check(o)
		p.wantSaid(res)
		inodes := map[uint64]bool{}
		files, bytes := int64(0), int64(0)
		for _, name := range []string{"s0001", "s0002", "s0003"} {
			all := listing(t, filepath.Join(p.dest, name))
			files += int64(len(all)) + 1
			for _, e := range all {
				if e.mode.IsRegular() && !inodes[e.ino] {
					inodes[e.ino] = true
					bytes += e.size
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
	what    backup.Fault // "": only reading shows it
	content bool         // reading says that the content differs
	name1   bool         // the name is damaged, not the inode
	folder  bool         // the folder's time is told too
}{
	{"flip", flipByte, "", true, false, false},
	{"truncate", func(p string) error { return os.Truncate(p, 2) }, backup.FaultSize, false, false, false},
	{"append", func(p string) error {
		f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteString("more")
		return errors.Join(err, f.Close())
	}, backup.FaultSize, false, false, false},
	{"overwrite", func(p string) error { return os.WriteFile(p, []byte("OTHERTXT"), 0) }, backup.FaultTime, true, false, false},
	{"touch", func(p string) error { return os.Chtimes(p, time.Time{}, time.Unix(1000000000, 0)) }, backup.FaultTime, false, false, false},
	{"chmod", func(p string) error { return os.Chmod(p, 0o600) }, backup.FaultMode, false, false, false},
	{"delete", os.Remove, backup.FaultMissing, false, true, false},
	{"symlink", func(p string) error {
		return replace(p, func(p string) error { return os.Symlink("/etc/passwd", p) })
	}, backup.FaultType, false, true, false},
	{"folder", func(p string) error { return replace(p, func(p string) error { return os.Mkdir(p, 0o755) }) }, backup.FaultType, false, true, false},
	{"fifo", func(p string) error {
		return replace(p, func(p string) error { return syscall.Mkfifo(p, 0o644) })
	}, backup.FaultType, false, true, false},
	{"another file", func(p string) error {
		return replace(p, func(p string) error { return os.WriteFile(p, []byte("another file"), 0o644) })
	}, backup.FaultSize, false, true, true},
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
				p := three(t)
				before := p.trees()
				p.do(d.do(filepath.Join(p.dest, "s0002", name)))
				var want []string
				if d.what != "" {
					want = []string{fmt.Sprintf("%s %s %s", d.what, name, snaps)}
				}
				p.wantSaid(p.check(backup.CheckOptions{}), want...)
				if d.content {
					want = []string{fmt.Sprintf("content %s %s", name, snaps)}
				}
				res := p.check(backup.CheckOptions{Read: readAll})
				p.wantSaid(res, want...)
				if res.Damaged != 1 || res.Errors != 1 || res.Repaired != 0 {
					t.Fatalf("%+v", res)
				}
				p.repairs(before, want, name)
				inode := func(snap string) uint64 { return p.trees()[snap][name].ino }
				if shared && (inode("s0001") != inode("s0002") || inode("s0002") != inode("s0003")) {
					t.Fatal("what shared an inode does not any more")
				}
				if shared && d.name1 && inode("s0002") != before["s0001"][name].ino {
					t.Fatal("a name was lost, and not just given back")
				}
				if shared && !d.name1 && inode("s0002") == before["s0001"][name].ino {
					t.Fatal("a damaged inode was written to")
				}
			})
		}
	}
}

func TestCheckFolders(t *testing.T) {
	in2 := func(path string) func(*place) string {
		return func(p *place) string { return filepath.Join(p.dest, "s0002", path) }
	}
	for _, c := range []struct {
		name string
		do   func(string) error
		at   func(*place) string
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
		{"touched", func(p string) error { return os.Chtimes(p, time.Time{}, time.Unix(1e9, 0)) }, in2("docs"), []string{"mtime docs s0002"}, nil},
		{"opened up", func(p string) error { return os.Chmod(p, 0o777) }, in2("docs/deep"), []string{"mode docs/deep s0002"}, nil},
		{"link exchanged", func(p string) error {
			return replace(p, func(p string) error { return os.Symlink("each.txt", p) })
		}, in2("link"), []string{"target link s0002"}, []string{"link"}},
		{"fifo gone", os.Remove, in2("fifo"), []string{"missing fifo s0002"}, []string{"fifo"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := three(t)
			before := p.trees()
			p.do(c.do(c.at(p)))
			p.wantSaid(p.check(backup.CheckOptions{}), c.want...)
			p.repairs(before, c.want, c.new...)
		})
	}
}

func TestCheckExtra(t *testing.T) {
	p := three(t)
	p.write("../dest/s0002/docs/.DS_Store", "finder")
	p.write("../dest/s0001/more/a/b", "mine")
	want := []string{"extra docs/.DS_Store s0002", "extra more s0001 +2"}
	p.wantSaid(p.check(backup.CheckOptions{Read: readAll}), want...)
	p.wantSaid(p.check(backup.CheckOptions{Repair: true}), want...)
	if b, err := os.ReadFile(filepath.Join(p.dest, "s0001/more/a/b")); err != nil || string(b) != "mine" {
		t.Fatalf("what was not in the backup was touched: %q %v", b, err)
	}
}

// TestCheckAbsent: what could not be backed up must not be in the tree.
func TestCheckAbsent(t *testing.T) {
	p := newPlace(t)
	p.write("a", "a")
	p.write("bad", "b")
	p.src = oddfs(t, p.src, "-eio", "bad")
	p.backup()
	p.wantSaid(p.check(backup.CheckOptions{Read: readAll}))
	if err := os.WriteFile(filepath.Join(p.dest, "s0001/bad"), []byte("not from here"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.wantSaid(p.check(backup.CheckOptions{}), "extra bad s0001")
}

func TestCheckChangeSets(t *testing.T) {
	set := func(p *place, n int) string { return filepath.Join(p.dest, ".snap/changes", fmt.Sprintf("%010d", n)) }
	for _, c := range []struct {
		name string
		do   func(p *place) error
		want []string
	}{
		{"missing", func(p *place) error { return os.Remove(set(p, 2)) }, []string{"set .snap/changes/0000000002 s0002"}},
		{"all missing", func(p *place) error { return os.RemoveAll(filepath.Dir(set(p, 2))) }, []string{
			"set .snap/changes/0000000001 s0001", "set .snap/changes/0000000002 s0002", "set .snap/changes/0000000003 s0003"}},
		{"cut off", func(p *place) error { return os.Truncate(set(p, 1), 100) }, []string{"set .snap/changes/0000000001 s0001"}},
		{"empty", func(p *place) error { return os.Truncate(set(p, 3), 0) }, []string{"set .snap/changes/0000000003 s0003"}},
		{"bit", func(p *place) error {
			b, err := os.ReadFile(set(p, 3))
			b[len(b)/2] ^= 4
			return errors.Join(err, os.WriteFile(set(p, 3), b, 0o600))
		}, []string{"set .snap/changes/0000000003 s0003"}},
		{"another's", func(p *place) error {
			b, err := os.ReadFile(set(p, 1))
			return errors.Join(err, os.WriteFile(set(p, 2), b, 0o600))
		}, []string{"set .snap/changes/0000000002 s0002"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := three(t)
			before := p.trees()
			p.do(c.do(p))
			p.wantSaid(p.check(backup.CheckOptions{}), c.want...)
			p.repairs(before, c.want)
			if n, err := backup.Reindex(context.Background(), p.dest, backup.ReindexOptions{}); err != nil || n.Snapshots != 3 {
				t.Fatalf("the sets made again do not make an index: %d %v", n.Snapshots, err)
			}
			p.wantSaid(p.check(backup.CheckOptions{Read: readAll}))
		})
	}
}

// TestCheckForeignChangeSet: a whole set with the right number and name, but of another destination.
func TestCheckForeignChangeSet(t *testing.T) {
	p, other := three(t), newPlace(t)
	other.write("other", "other")
	other.backup()
	other.backup(force)
	b, err := os.ReadFile(filepath.Join(other.dest, ".snap/changes/0000000002"))
	p.do(err)
	p.do(os.WriteFile(filepath.Join(p.dest, ".snap/changes/0000000002"), b, 0o600))
	want := []string{"set .snap/changes/0000000002 s0002"}
	p.wantSaid(p.check(backup.CheckOptions{}), want...)
	p.repairs(p.trees(), want)
}

// TestCheckBesideDelete: snapshots that are deleted while a check is on its way are passed over, and what
// is left is not taken for damaged.
func TestCheckBesideDelete(t *testing.T) {
	ctx := context.Background()
	for _, victim := range []uint64{1, 2, 3, 4} {
		p := three(t)
		p.backup(force)
		at := 0
		res := p.check(backup.CheckOptions{Read: readAll, Progress: func(backup.Progress) {
			if at++; at != 2 { // the first tree is done, the second was walked
				return
			}
			d, err := backup.Open(ctx, p.dest, backup.OpenOptions{})
			p.do(err)
			p.do(errors.Join(d.Delete(ctx, []uint64{victim}, 1, nil), d.Close()))
		}})
		p.wantSaid(res)
		if at < 2 {
			t.Fatal("nothing was deleted meanwhile")
		}
		p.wantSaid(p.check(backup.CheckOptions{Read: readAll}))
	}
	// A tree that is half gone by the time it is walked.
	p := three(t)
	at := 0
	p.wantSaid(p.check(backup.CheckOptions{Progress: func(backup.Progress) {
		if at++; at == 2 {
			p.do(os.RemoveAll(p.in("s0003", "docs")))
			db, err := index.Open(index.Path(p.dest))
			p.do(err)
			p.do(errors.Join(db.Undo(ctx, 3), os.Remove(p.in("", "latest")), os.Symlink("s0002", p.in("", "latest"))))
		}
	}}))
}

func TestCheckStrayChangeSets(t *testing.T) {
	p := three(t)
	for _, name := range []string{"0000000009.unpublished", "0000000002.labels", "0000000002.replaced", "0000000007.lost", "0000000009", "notes"} {
		p.write("../dest/.snap/changes/"+name, "?")
	}
	p.wantSaid(p.check(backup.CheckOptions{}), "extra .snap/changes/0000000009 ", "extra .snap/changes/notes ")
}

func TestCheckLatest(t *testing.T) {
	for _, target := range []string{"", "s0001", "nowhere", "../src"} {
		p := three(t)
		link := filepath.Join(p.dest, "latest")
		p.do(os.Remove(link))
		if target != "" {
			p.do(os.Symlink(target, link))
		}
		p.wantSaid(p.check(backup.CheckOptions{}), "latest latest s0003")
		p.wantSaid(p.check(backup.CheckOptions{Repair: true}), "mended latest latest s0003")
		if now, err := os.Readlink(link); err != nil || now != "s0003" {
			t.Fatalf("%q %v", now, err)
		}
		p.wantSaid(p.check(backup.CheckOptions{}))
		p.do(os.Remove(link))
		p.do(os.Mkdir(link, 0o700)) // the user's
		p.wantSaid(p.check(backup.CheckOptions{Repair: true}))
	}
}

// TestCheckRenamedSnapshot: a folder that is gone is no damage, and the one it may have become is named.
func TestCheckRenamedSnapshot(t *testing.T) {
	p := three(t)
	p.do(os.Rename(filepath.Join(p.dest, "s0002"), filepath.Join(p.dest, "mine")))
	for _, o := range []backup.CheckOptions{{}, {Read: readAll, Repair: true}} {
		res := p.check(o)
		p.wantSaid(res)
		if !slices.Equal(res.Missing, []string{"s0002"}) || !slices.Equal(res.Strange, []string{"mine"}) || res.Errors != 0 || res.Snapshots != 2 {
			t.Fatalf("%+v", res)
		}
	}
	p.do(os.Rename(filepath.Join(p.dest, "s0003"), filepath.Join(p.dest, "newest")))
	p.wantSaid(p.check(backup.CheckOptions{}), "latest latest s0001")
}

func TestCheckSubsets(t *testing.T) {
	p := newPlace(t)
	for i := range 300 {
		p.write(fmt.Sprintf("d%d/f%d", i%7, i), fmt.Sprint("content ", i))
	}
	p.backup()
	p.write("d1/f1", "other")
	p.backup()
	all := p.check(backup.CheckOptions{Read: readAll})
	var inodes, bytes int64
	for part := 1; part <= 7; part++ {
		res := p.check(backup.CheckOptions{Read: backup.Subset{Part: part, Parts: 7}})
		again := p.check(backup.CheckOptions{Read: backup.Subset{Part: part, Parts: 7, Seed: 5}})
		if res.InodesRead != again.InodesRead || res.InodesRead == 0 {
			t.Fatalf("part %d: %d, then %d", part, res.InodesRead, again.InodesRead)
		}
		inodes, bytes = inodes+res.InodesRead, bytes+res.BytesRead
	}
	if inodes != all.InodesRead || bytes != all.BytesRead || inodes != 301 {
		t.Fatalf("seven parts read %d inodes, %d bytes; all are %d, %d", inodes, bytes, all.InodesRead, all.BytesRead)
	}
	// Every file has its turn with one seed or another, and none always.
	p.do(flipByte(filepath.Join(p.dest, "s0001/d2/f2")))
	hits := 0
	for seed := range uint64(30) {
		res := p.check(backup.CheckOptions{Read: backup.Subset{Fraction: 0.2, Seed: seed}})
		if res.InodesRead < 20 || res.InodesRead > 120 {
			t.Fatalf("a fifth of 301 files: %d", res.InodesRead)
		}
		hits += len(res.Findings)
		if len(res.Findings) > 0 {
			p.wantSaid(res, "content d2/f2 s0001 s0002")
		}
	}
	if hits == 0 || hits == 30 {
		t.Fatalf("a damaged file was found by %d of 30 seeds", hits)
	}
	for _, c := range []struct {
		s    backup.Subset
		low  int64
		high int64
	}{{backup.Subset{Bytes: 1 << 40}, 301, 301}, {backup.Subset{Bytes: bytes / 2}, 90, 210}, {backup.Subset{Fraction: 1}, 301, 301}, {backup.Subset{Part: 1, Parts: 1}, 301, 301}} {
		if res := p.check(backup.CheckOptions{Read: c.s}); res.InodesRead < c.low || res.InodesRead > c.high {
			t.Fatalf("%+v read %d", c.s, res.InodesRead)
		}
	}
}

// TestCheckReadOnly: a destination that cannot be written to, beside a lock that another run holds.
func TestCheckReadOnly(t *testing.T) {
	needRoot(t)
	p := three(t)
	mnt := t.TempDir()
	must(t, "mount", "--bind", p.dest, mnt)
	t.Cleanup(func() { exec.Command("umount", mnt).Run() })
	must(t, "mount", "-o", "remount,ro,bind", mnt)
	real := p.dest
	d, err := backup.Open(context.Background(), real, backup.OpenOptions{})
	p.do(err)
	defer d.Close()
	p.dest = mnt
	p.wantSaid(p.check(backup.CheckOptions{Read: readAll}))
	p.do(flipByte(filepath.Join(real, "s0001/same.txt")))
	p.wantSaid(p.check(backup.CheckOptions{Read: readAll}), "content same.txt s0001 s0002 s0003")
	p.dest = real
	_, err = backup.Check(context.Background(), real, backup.CheckOptions{Repair: true})
	if !errors.As(err, new(*backup.LockedError)) {
		t.Fatalf("a repair beside another run: %v", err)
	}
}

// TestCheckWritesNothing: without Repair not even an access time changes.
func TestCheckWritesNothing(t *testing.T) {
	p := three(t)
	p.do(flipByte(filepath.Join(p.dest, "s0001/same.txt")))
	p.do(os.Remove(filepath.Join(p.dest, "latest")))
	state := func() []byte {
		out, err := exec.Command("find", p.dest, "-printf", `%P %i %m %n %s %T@ %C@ %A@\n`).Output()
		p.do(err)
		return out
	}
	before := state()
	p.check(backup.CheckOptions{Read: readAll})
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
	p := three(t)
	for i := range 60 {
		p.write(fmt.Sprint("many/", i), fmt.Sprint("content ", i))
	}
	p.backup()
	p.backup(force)
	p.do(flipByte(p.in("s0005", "many/7")))
	p.do(os.Chmod(p.in("s0004", "many/9"), 0o600))
	p.do(os.Remove(p.in("s0004", "many/11")))
	p.do(flipByte(p.in("s0001", "each.txt")))
	all := p.check(backup.CheckOptions{Read: readAll})
	want := []string{"content many/7 s0004 s0005", "mode many/9 s0004 s0005", "missing many/11 s0004", "content each.txt s0001"}
	p.wantSaid(all, want...)
	for _, room := range []int64{1, 7, 30} {
		res, err := backup.CheckInPasses(context.Background(), p.dest, backup.CheckOptions{Read: readAll}, room)
		p.do(err)
		p.wantSaid(res, want...)
		if res.Files != all.Files || res.InodesRead != all.InodesRead || res.BytesRead != all.BytesRead {
			t.Fatalf("in passes of %d: %+v, want %+v", room, res, all)
		}
	}
}

// TestCheckDamagedIndex: damage is told, and nothing is mended from an index that cannot be believed.
func TestCheckDamagedIndex(t *testing.T) {
	p := three(t)
	p.do(os.Remove(p.in("s0001", "same.txt")))
	b, err := os.ReadFile(index.Path(p.dest))
	p.do(err)
	for i := 0; ; { // every record of the path
		n := bytes.Index(b[i:], []byte("same.txt"))
		if n < 0 {
			break
		}
		i += n + len("same.txt") + 8
		b[i] ^= 1
	}
	p.do(os.WriteFile(index.Path(p.dest), b, 0o600))
	damaged := p.trees()
	for _, repair := range []bool{false, true} {
		res, err := backup.Check(context.Background(), p.dest, backup.CheckOptions{Read: readAll, Repair: repair})
		if err != nil && !errors.Is(err, index.ErrDamaged) {
			t.Fatal(err)
		}
		if err == nil && (res.Errors == 0 || res.Repaired > 0 || res.Findings[0].What != backup.FaultIndex) {
			t.Fatalf("%+v", res)
		}
	}
	p.wantTrees(damaged)
}

func TestCheckStops(t *testing.T) {
	p := three(t)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := backup.Check(ctx, p.dest, backup.CheckOptions{Read: readAll, Progress: func(backup.Progress) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestCheckNoDestination(t *testing.T) {
	if _, err := backup.Check(context.Background(), t.TempDir(), backup.CheckOptions{}); !errors.Is(err, backup.ErrNotDestination) {
		t.Fatal(err)
	}
}
