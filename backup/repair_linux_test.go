package backup_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/backup"
	"snap/internal/harness"
)

// TestRepairFrom: each place that intact bytes can come from, alone.
func TestRepairFrom(t *testing.T) {
	lost := func(p *place) { // the source has nothing any more
		p.do(os.RemoveAll(p.src))
		p.do(os.Mkdir(p.src, 0o755))
	}
	t.Run("the source", func(t *testing.T) {
		p := three(t)
		before := p.trees()
		p.do(flipByte(p.in("s0001", "same.txt")))
		res := p.repairs(before, []string{"content same.txt s0001 s0002 s0003"}, "same.txt")
		p.wantFrom(res, "same.txt", "the source")
	})
	t.Run("a moved source file", func(t *testing.T) {
		p := three(t)
		before := p.trees()
		p.do(flipByte(p.in("s0001", "docs/old.txt"))) // new.txt in s0003 and in the source
		p.repairs(before, []string{"content docs/old.txt s0001 s0002", "content new.txt s0003"}, "docs/old.txt", "new.txt")
		if now := p.trees(); now["s0001"]["docs/old.txt"].ino != now["s0003"]["new.txt"].ino {
			t.Fatal("a file that moved does not share its inode any more")
		}
	})
	t.Run("its own bytes", func(t *testing.T) {
		p := three(t)
		before := p.trees()
		lost(p)
		p.do(os.Chmod(p.in("s0001", "same.txt"), 0o666))
		p.do(os.Chtimes(p.in("s0001", "same.txt"), time.Time{}, time.Unix(5, 0)))
		res := p.check(backup.CheckOptions{Repair: true})
		p.wantSaid(res, "mended mtime same.txt s0001 s0002 s0003")
		p.wantFrom(res, "same.txt", "its own bytes")
		p.wantTrees(before, "same.txt")
	})
	t.Run("its own bytes, and those of another", func(t *testing.T) {
		p := three(t)
		before := p.trees()
		lost(p)
		first := p.in("s0001", "same.txt")
		text, err := os.ReadFile(first)
		p.do(err)
		p.do(os.Remove(first))
		p.do(os.WriteFile(first, text, 0o600)) // an inode of its own: the right bytes with another mode and time
		p.do(flipByte(p.in("s0002", "same.txt")))
		res := p.check(backup.CheckOptions{Read: readAll, Repair: true})
		var got []string
		for _, f := range res.Findings {
			if f.Path == "same.txt" {
				got = append(got, strings.Join(f.Snapshots, " ")+": "+f.From)
			}
		}
		if want := []string{"s0001: its own bytes", "s0002 s0003: snapshot s0001"}; !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		p.wantTrees(before, "same.txt")
	})
	t.Run("another path", func(t *testing.T) {
		p := newPlace(t)
		p.write("a", "equal content")
		p.write("deep/b", "equal content")
		p.do(os.Chmod(p.path("deep/b"), 0o600))
		p.backup()
		p.do(os.Remove(p.path("deep/b")))
		p.backup()
		before := p.trees()
		lost(p)
		p.do(flipByte(p.in("s0001", "a")))
		res := p.repairs(before, []string{"content a s0001 s0002"}, "a")
		p.wantFrom(res, "a", `"deep/b" in snapshot s0001`)
	})
	t.Run("another copy of the same path", func(t *testing.T) {
		p := newPlace(t)
		p.write("a", "comes back")
		info, err := os.Stat(p.path("a"))
		p.do(err)
		p.backup()
		p.write("a", "another!!!")
		p.backup()
		p.write("a", "comes back")
		p.do(os.Chtimes(p.path("a"), time.Time{}, info.ModTime().Add(time.Second)))
		p.backup()
		before := p.trees()
		lost(p)
		p.do(flipByte(p.in("s0003", "a")))
		res := p.repairs(before, []string{"content a s0003"}, "a")
		p.wantFrom(res, "a", "snapshot s0001")
	})
	t.Run("nothing", func(t *testing.T) {
		p := three(t)
		lost(p)
		p.do(flipByte(p.in("s0002", "same.txt")))
		p.do(os.Remove(p.in("s0002", "each.txt")))
		damaged := p.trees()
		res := p.check(backup.CheckOptions{Read: readAll, Repair: true})
		p.wantSaid(res, "content same.txt s0001 s0002 s0003", "missing each.txt s0002")
		p.wantFrom(res, "same.txt", "no intact copy")
		if res.Errors != 2 || res.Repaired != 0 {
			t.Fatalf("%+v", res)
		}
		p.wantTrees(damaged)
	})
	t.Run("a changed source", func(t *testing.T) {
		p := three(t)
		p.do(flipByte(p.path("same.txt")))
		p.do(flipByte(p.in("s0001", "same.txt")))
		p.do(os.WriteFile(p.in("s0001", "same.txt"), []byte("damaged!"), 0o644))
		damaged := p.trees()
		res := p.check(backup.CheckOptions{Read: readAll, Repair: true})
		p.wantSaid(res, "content same.txt s0001 s0002 s0003")
		p.wantTrees(damaged)
	})
}

// TestRepairHardLinks: names that share an inode in one snapshot share one again.
func TestRepairHardLinks(t *testing.T) {
	p := three(t)
	before := p.trees()
	p.do(flipByte(p.in("s0001", "docs/keep.txt")))
	p.do(os.Remove(p.in("s0002", "docs/keep2.txt")))
	p.repairs(before, []string{"content docs/keep.txt s0001 s0002 s0003", "content docs/keep2.txt s0001 s0003", "missing docs/keep2.txt s0002"},
		"docs/keep.txt", "docs/keep2.txt")
}

// TestRepairSwapped: what stands in the place of something else is not thrown away while it is the only copy.
func TestRepairSwapped(t *testing.T) {
	setup := func(t *testing.T) (*place, map[string]map[string]entry) {
		p := newPlace(t)
		p.write("a", "content of a")
		p.write("b", "content of b")
		p.backup()
		before := p.trees()
		a, b, c := p.in("s0001", "a"), p.in("s0001", "b"), p.in("s0001", "c")
		p.do(errors.Join(os.Rename(a, c), os.Rename(b, a), os.Rename(c, b)))
		return p, before
	}
	swapped := []string{"content a s0001", "content b s0001"}
	t.Run("both in the source", func(t *testing.T) {
		p, before := setup(t)
		p.repairs(before, swapped, "a", "b")
	})
	for _, gone := range []string{"a", "b"} {
		t.Run("one in the source, not "+gone, func(t *testing.T) {
			p, before := setup(t)
			p.do(os.Remove(p.path(gone)))
			p.repairs(before, swapped, "a", "b")
		})
	}
	t.Run("none in the source", func(t *testing.T) {
		p, _ := setup(t)
		p.do(errors.Join(os.Remove(p.path("a")), os.Remove(p.path("b"))))
		damaged := p.trees()
		res := p.check(backup.CheckOptions{Read: readAll, Repair: true})
		p.wantSaid(res, swapped...)
		p.wantFrom(res, "a", "by hand")
		p.wantTrees(damaged)
	})
	t.Run("a ring", func(t *testing.T) {
		p := newPlace(t)
		for i := range 5 {
			p.write(fmt.Sprint(i), fmt.Sprint("content ", i))
		}
		p.backup()
		before := p.trees()
		p.do(os.Rename(p.in("s0001", "4"), p.in("s0001", "x")))
		for i := 3; i >= 0; i-- {
			p.do(os.Rename(p.in("s0001", fmt.Sprint(i)), p.in("s0001", fmt.Sprint(i+1))))
		}
		p.do(os.Rename(p.in("s0001", "x"), p.in("s0001", "0")))
		for i := 1; i < 5; i++ { // the source has the first alone
			p.do(os.Remove(p.path(fmt.Sprint(i))))
		}
		var want []string
		for i := range 5 {
			what := "content"
			want = append(want, fmt.Sprintf("%s %d s0001", what, i))
		}
		p.repairs(before, want, "0", "1", "2", "3", "4")
	})
}

// TestRepairRenamed: a file that somebody gave another name in a snapshot is found there.
func TestRepairRenamed(t *testing.T) {
	p := three(t)
	before := p.trees()
	p.do(os.RemoveAll(p.src))
	p.do(os.Rename(p.in("s0002", "each.txt"), p.in("s0002", "docs/each (1).txt")))
	p.do(os.Rename(p.in("s0001", "docs/deep"), p.in("s0001", "shallow")))
	p.do(os.RemoveAll(p.in("s0002", "docs/deep")))
	p.do(os.RemoveAll(p.in("s0003", "docs/deep")))
	res := p.check(backup.CheckOptions{Repair: true})
	p.wantSaid(res, "mended missing each.txt s0002", "extra docs/each (1).txt s0002", "mended missing docs/deep s0001 s0002 s0003 +2", "extra shallow s0001 +2")
	p.do(errors.Join(os.Remove(p.in("s0002", "docs/each (1).txt")), os.RemoveAll(p.in("s0001", "shallow"))))
	p.check(backup.CheckOptions{Repair: true}) // the folder's time
	p.wantTrees(before, "each.txt", "docs/deep", "docs/deep/in.txt", "docs/deep/in2.txt")
	p.wantSaid(p.check(backup.CheckOptions{Read: readAll}))
}

// TestRepairFolderInTheWay: a folder that somebody put in the place of a file stays.
func TestRepairFolderInTheWay(t *testing.T) {
	p := three(t)
	p.do(os.Remove(p.in("s0002", "same.txt")))
	p.write("../dest/s0002/same.txt/mine", "mine")
	res := p.check(backup.CheckOptions{Repair: true})
	p.wantSaid(res, "type same.txt s0002 +1")
	p.wantFrom(res, "same.txt", "a folder with something in it")
	if _, err := os.Stat(p.in("s0002", "same.txt/mine")); err != nil {
		t.Fatal(err)
	}
	p.do(os.Remove(p.in("s0002", "same.txt/mine")))
	p.wantSaid(p.check(backup.CheckOptions{Repair: true}), "mended type same.txt s0002")
	p.wantSaid(p.check(backup.CheckOptions{Read: readAll}))
}

// TestRepairShutFolder: a folder that may not be written to gets its mode back.
func TestRepairShutFolder(t *testing.T) {
	p := three(t)
	p.do(os.Chmod(p.path("docs"), 0o555))
	t.Cleanup(func() {
		for _, d := range []string{p.path("docs"), p.in("s0004", "docs")} {
			os.Chmod(d, 0o755)
		}
	})
	p.backup()
	before := p.trees()
	p.do(os.Chmod(p.in("s0004", "docs"), 0o755))
	p.do(os.Remove(p.in("s0004", "docs/keep.txt")))
	p.do(os.Chmod(p.in("s0004", "docs"), 0o555))
	p.repairs(before, []string{"missing docs/keep.txt s0004"}, "docs/keep.txt")
}

// TestRepairLinkLimit: an inode with as many names as the file system allows is followed by another.
func TestRepairLinkLimit(t *testing.T) {
	real := t.TempDir()
	p := newPlace(t)
	p.dest = oddfs(t, real, "-maxlink", "4")
	p.write("a", "content")
	for range 3 {
		p.backup(force)
	}
	p.do(flipByte(p.in("s0002", "a")))
	res := p.check(backup.CheckOptions{Read: readAll, Repair: true})
	p.wantSaid(res, "mended content a s0001 s0002 s0003")
	p.wantSaid(p.check(backup.CheckOptions{Read: readAll}))
}

// TestRepairStopped: a repair that is stopped anywhere leaves nothing worse, and the next one ends it.
func TestRepairStopped(t *testing.T) {
	for stop := 1; ; stop++ {
		p := three(t)
		before := p.trees()
		p.do(flipByte(p.in("s0001", "same.txt")))
		p.do(os.RemoveAll(p.in("s0002", "docs")))
		p.do(os.Chmod(p.in("s0003", "docs/deep"), 0o700))
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		_, err := backup.Check(ctx, p.dest, backup.CheckOptions{Read: readAll, Repair: true, Progress: func(s backup.Progress) {
			if s.Stage == backup.Mending {
				if n++; n == stop {
					cancel()
				}
			}
		}})
		cancel()
		if err == nil && n < stop {
			break
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if res := p.check(backup.CheckOptions{Read: readAll, Repair: true}); res.Errors > 0 {
			t.Fatalf("stopped at %d: %q", stop, said(res))
		}
		p.wantTrees(before, "same.txt", "docs", "docs/deep")
		p.wantSaid(p.check(backup.CheckOptions{Read: readAll}))
	}
}

// TestHundredDamages: whatever is done to the snapshots is told, path by path, and nothing else is; what can
// be mended is as it was, and what cannot is as it is.
func TestHundredDamages(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	p := newPlace(t)
	for i := range 150 {
		p.write(fmt.Sprintf("d%d/e%d/f%03d", i%5, i%3, i), fmt.Sprintf("content %03d", i))
	}
	for s := range 5 {
		for range 20 {
			i := r.IntN(150)
			p.write(fmt.Sprintf("d%d/e%d/f%03d", i%5, i%3, i), fmt.Sprintf("snap %d %03d", s, i))
		}
		p.backup(force)
	}
	before := p.trees()
	copied := filepath.Join(t.TempDir(), "copy")
	must(t, "cp", "-a", p.dest, copied)

	kinds := []func(string) error{
		flipByte, os.Remove, func(p string) error { return os.Truncate(p, 3) },
		func(p string) error { return os.Chtimes(p, time.Time{}, time.Unix(77, 0)) }, func(p string) error { return os.Chmod(p, 0o640) },
		func(p string) error {
			return replace(p, func(p string) error { return os.Symlink("x", p) })
		},
		func(p string) error { return replace(p, func(p string) error { return os.Mkdir(p, 0o755) }) },
		func(p string) error {
			return replace(p, func(p string) error { return syscall.Mkfifo(p, 0o644) })
		},
		func(p string) error { return os.WriteFile(p+".extra", []byte("extra"), 0o644) },
		func(p string) error { return os.Rename(p, filepath.Join(filepath.Dir(p), "swap")) },
	}
	for n := range 100 {
		snap := fmt.Sprintf("s%04d", 1+r.IntN(5))
		i := r.IntN(150)
		path := p.in(snap, fmt.Sprintf("d%d/e%d/f%03d", i%5, i%3, i))
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || info.Size() < 4 {
			continue
		}
		p.do(kinds[n%len(kinds)](path))
	}
	p.do(os.RemoveAll(p.in("s0002", "d1/e1")))
	p.do(os.RemoveAll(p.in("s0004", "d4")))
	damaged := p.trees()

	res := p.check(backup.CheckOptions{Read: readAll})
	p.wantExactly(res, before, damaged)
	mended := p.check(backup.CheckOptions{Read: readAll, Repair: true})
	p.wantExactly(mended, before, damaged)
	now := p.trees()
	left := map[string]bool{}
	for _, f := range mended.Findings {
		for _, s := range f.Snapshots {
			if !f.Repaired {
				left[s+"/"+f.Path] = true
			}
		}
	}
	for snap, tree := range before {
		for path, e := range tree {
			switch at := snap + "/" + path; {
			case e.mode.IsDir(): // its time may tell of what is left in it
			case left[at] || left[filepath.Dir(at)] || left[filepath.Dir(filepath.Dir(at))]:
				if d, n := damaged[snap][path], now[snap][path]; n.mode != 0 && !n.same(d) && !e.same(n) {
					t.Errorf("%s could not be mended, and is neither what it was nor what it became", at)
				}
			case !without(e).same(without(now[snap][path])):
				t.Errorf("%s is not what it was: %+v, %+v", at, e, now[snap][path])
			}
		}
	}
	t.Logf("%d damaged, %d mended", mended.Damaged, mended.Repaired)
	if mended.Repaired < mended.Damaged/3 {
		t.Errorf("of %d only %d mended", mended.Damaged, mended.Repaired)
	}

	// What is left is mended when the source has it again.
	for snap := range before {
		must(t, "cp", "-a", filepath.Join(copied, snap), p.path("again "+snap))
	}
	p.backup()
	for snap, tree := range p.trees() {
		for path := range tree {
			if before[snap] != nil && before[snap][path].mode == 0 {
				os.RemoveAll(p.in(snap, path))
			}
		}
	}
	p.check(backup.CheckOptions{Read: readAll, Repair: true})
	p.wantSaid(p.check(backup.CheckOptions{Read: readAll, Repair: true}))
	judge := harness.Script(t, "sametree.py")
	for snap := range before {
		judged := harness.Python(t, "argparse, hashlib", judge, filepath.Join(copied, snap), filepath.Join(p.dest, snap), "--ignore-root")
		if out, err := judged.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}
