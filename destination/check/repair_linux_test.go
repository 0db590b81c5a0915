package check_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/internal/filetest"
	"snap/internal/harness"
	"snap/internal/long"
	"snap/internal/progress"
)

// TestRepairFrom: each place that intact bytes can come from, alone.
func TestRepairFrom(t *testing.T) {
	lost := func(p *backuptest.Place) { // the source has nothing any more
		p.Do(os.RemoveAll(p.Src))
		p.Do(os.Mkdir(p.Src, 0o755))
	}
	t.Run("the source", func(t *testing.T) {
		p := backuptest.Three(t)
		before := p.Trees()
		p.Do(flipByte(p.In("s0001", "same.txt")))
		res := p.Repairs(before, []string{"content same.txt s0001 s0002 s0003"}, "same.txt")
		p.WantFrom(res, "same.txt", "the source")
	})
	t.Run("a moved source file", func(t *testing.T) {
		p := backuptest.Three(t)
		before := p.Trees()
		p.Do(flipByte(p.In("s0001", "docs/old.txt"))) // new.txt in s0003 and in the source
		p.Repairs(before, []string{"content docs/old.txt s0001 s0002", "content new.txt s0003"}, "docs/old.txt", "new.txt")
		if now := p.Trees(); now["s0001"]["docs/old.txt"].Ino != now["s0003"]["new.txt"].Ino {
			t.Fatal("a file that moved does not share its inode any more")
		}
	})
	t.Run("its own bytes", func(t *testing.T) {
		p := backuptest.Three(t)
		before := p.Trees()
		lost(p)
		p.Do(os.Chmod(p.In("s0001", "same.txt"), 0o666))
		p.Do(os.Chtimes(p.In("s0001", "same.txt"), time.Time{}, time.Unix(5, 0)))
		res := p.Check(check.Options{Repair: true})
		p.WantSaid(res, "mended mtime same.txt s0001 s0002 s0003")
		p.WantFrom(res, "same.txt", "its own bytes")
		p.WantTrees(before, "same.txt")
	})
	t.Run("its own bytes, and those of another", func(t *testing.T) {
		p := backuptest.Three(t)
		before := p.Trees()
		lost(p)
		first := p.In("s0001", "same.txt")
		text, err := os.ReadFile(first)
		p.Do(err)
		p.Do(os.Remove(first))
		p.Do(os.WriteFile(first, text, 0o600)) // an inode of its own: the right bytes with another mode and time
		p.Do(flipByte(p.In("s0002", "same.txt")))
		res := p.Check(check.Options{Read: backuptest.ReadAll, Repair: true})
		var got []string
		for _, f := range res.Findings {
			if f.Path == "same.txt" {
				got = append(got, strings.Join(f.Snapshots, " ")+": "+f.From)
			}
		}
		if want := []string{"s0001: its own bytes", "s0002 s0003: snapshot s0001"}; !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		p.WantTrees(before, "same.txt")
	})
	t.Run("another path", func(t *testing.T) {
		p := backuptest.NewPlace(t)
		p.Write("a", "equal content")
		p.Write("deep/b", "equal content")
		p.Do(os.Chmod(p.Path("deep/b"), 0o600))
		p.Backup()
		p.Do(os.Remove(p.Path("deep/b")))
		p.Backup()
		before := p.Trees()
		lost(p)
		p.Do(flipByte(p.In("s0001", "a")))
		res := p.Repairs(before, []string{"content a s0001 s0002"}, "a")
		p.WantFrom(res, "a", `"deep/b" in snapshot s0001`)
	})
	t.Run("another copy of the same path", func(t *testing.T) {
		p := backuptest.NewPlace(t)
		p.Write("a", "comes back")
		info, err := os.Stat(p.Path("a"))
		p.Do(err)
		p.Backup()
		p.Write("a", "another!!!")
		p.Backup()
		p.Write("a", "comes back")
		p.Do(os.Chtimes(p.Path("a"), time.Time{}, info.ModTime().Add(time.Second)))
		p.Backup()
		before := p.Trees()
		lost(p)
		p.Do(flipByte(p.In("s0003", "a")))
		res := p.Repairs(before, []string{"content a s0003"}, "a")
		p.WantFrom(res, "a", "snapshot s0001")
	})
	t.Run("nothing", func(t *testing.T) {
		p := backuptest.Three(t)
		lost(p)
		p.Do(flipByte(p.In("s0002", "same.txt")))
		p.Do(os.Remove(p.In("s0002", "each.txt")))
		damaged := p.Trees()
		res := p.Check(check.Options{Read: backuptest.ReadAll, Repair: true})
		p.WantSaid(res, "content same.txt s0001 s0002 s0003", "missing each.txt s0002")
		p.WantFrom(res, "same.txt", "no intact copy")
		if res.Errors != 2 || res.Repaired != 0 {
			t.Fatalf("%+v", res)
		}
		p.WantTrees(damaged)
	})
	t.Run("a changed source", func(t *testing.T) {
		p := backuptest.Three(t)
		p.Do(flipByte(p.Path("same.txt")))
		p.Do(flipByte(p.In("s0001", "same.txt")))
		p.Do(os.WriteFile(p.In("s0001", "same.txt"), []byte("damaged!"), 0o644))
		damaged := p.Trees()
		res := p.Check(check.Options{Read: backuptest.ReadAll, Repair: true})
		p.WantSaid(res, "content same.txt s0001 s0002 s0003")
		p.WantTrees(damaged)
	})
}

// TestRepairHardLinks: names that share an inode in one snapshot share one again.
func TestRepairHardLinks(t *testing.T) {
	p := backuptest.Three(t)
	before := p.Trees()
	p.Do(flipByte(p.In("s0001", "docs/keep.txt")))
	p.Do(os.Remove(p.In("s0002", "docs/keep2.txt")))
	p.Repairs(before, []string{"content docs/keep.txt s0001 s0002 s0003", "content docs/keep2.txt s0001 s0003",
		"missing docs/keep2.txt s0002"},
		"docs/keep.txt", "docs/keep2.txt")
}

// TestRepairSwapped: what stands in the place of something else is not thrown away while it is the only copy.
func TestRepairSwapped(t *testing.T) {
	setup := func(t *testing.T) (*backuptest.Place, map[string]map[string]backuptest.Entry) {
		p := backuptest.NewPlace(t)
		p.Write("a", "content of a")
		p.Write("b", "content of b")
		p.Backup()
		before := p.Trees()
		a, b, c := p.In("s0001", "a"), p.In("s0001", "b"), p.In("s0001", "c")
		p.Do(errors.Join(os.Rename(a, c), os.Rename(b, a), os.Rename(c, b)))
		return p, before
	}
	swapped := []string{"content a s0001", "content b s0001"}
	t.Run("both in the source", func(t *testing.T) {
		p, before := setup(t)
		p.Repairs(before, swapped, "a", "b")
	})
	for _, gone := range []string{"a", "b"} {
		t.Run("one in the source, not "+gone, func(t *testing.T) {
			p, before := setup(t)
			p.Do(os.Remove(p.Path(gone)))
			p.Repairs(before, swapped, "a", "b")
		})
	}
	t.Run("none in the source", func(t *testing.T) {
		p, _ := setup(t)
		p.Do(errors.Join(os.Remove(p.Path("a")), os.Remove(p.Path("b"))))
		damaged := p.Trees()
		res := p.Check(check.Options{Read: backuptest.ReadAll, Repair: true})
		p.WantSaid(res, swapped...)
		p.WantFrom(res, "a", "by hand")
		p.WantTrees(damaged)
	})
	t.Run("a ring", func(t *testing.T) {
		p := backuptest.NewPlace(t)
		for i := range 5 {
			p.Write(fmt.Sprint(i), fmt.Sprint("content ", i))
		}
		p.Backup()
		before := p.Trees()
		p.Do(os.Rename(p.In("s0001", "4"), p.In("s0001", "x")))
		for i := 3; i >= 0; i-- {
			p.Do(os.Rename(p.In("s0001", fmt.Sprint(i)), p.In("s0001", fmt.Sprint(i+1))))
		}
		p.Do(os.Rename(p.In("s0001", "x"), p.In("s0001", "0")))
		for i := 1; i < 5; i++ { // the source has the first alone
			p.Do(os.Remove(p.Path(fmt.Sprint(i))))
		}
		var want []string
		for i := range 5 {
			what := "content"
			want = append(want, fmt.Sprintf("%s %d s0001", what, i))
		}
		p.Repairs(before, want, "0", "1", "2", "3", "4")
	})
}

// TestRepairRenamed: a file that somebody gave another name in a snapshot is found there.
func TestRepairRenamed(t *testing.T) {
	p := backuptest.Three(t)
	before := p.Trees()
	p.Do(os.RemoveAll(p.Src))
	p.Do(os.Rename(p.In("s0002", "each.txt"), p.In("s0002", "docs/each (1).txt")))
	p.Do(os.Rename(p.In("s0001", "docs/deep"), p.In("s0001", "shallow")))
	p.Do(backuptest.RemoveAll(p.In("s0002", "docs/deep")))
	p.Do(backuptest.RemoveAll(p.In("s0003", "docs/deep")))
	res := p.Check(check.Options{Repair: true})
	p.WantSaid(res, "mended missing each.txt s0002", "extra docs/each (1).txt s0002",
		"mended missing docs/deep s0001 s0002 s0003 +2", "extra shallow s0001 +2")
	p.Do(errors.Join(os.Remove(p.In("s0002", "docs/each (1).txt")), backuptest.RemoveAll(p.In("s0001", "shallow"))))
	p.Check(check.Options{Repair: true}) // the folder's time
	p.WantTrees(before, "each.txt", "docs/deep", "docs/deep/in.txt", "docs/deep/in2.txt")
	p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
}

// TestRepairFolderInTheWay: a folder that somebody put in the place of a file stays.
func TestRepairFolderInTheWay(t *testing.T) {
	p := backuptest.Three(t)
	p.Do(os.Remove(p.In("s0002", "same.txt")))
	p.Write("../dest/s0002/same.txt/mine", "mine")
	res := p.Check(check.Options{Repair: true})
	p.WantSaid(res, "type same.txt s0002 +1")
	p.WantFrom(res, "same.txt", "a folder with something in it")
	if _, err := os.Stat(p.In("s0002", "same.txt/mine")); err != nil {
		t.Fatal(err)
	}
	p.Do(os.Remove(p.In("s0002", "same.txt/mine")))
	p.WantSaid(p.Check(check.Options{Repair: true}), "mended type same.txt s0002")
	p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
}

// TestRepairShutFolder: a folder that may not be written to gets its mode back.
func TestRepairShutFolder(t *testing.T) {
	p := backuptest.Three(t)
	p.Do(os.Chmod(p.Path("docs"), 0o555))
	t.Cleanup(func() {
		for _, d := range []string{p.Path("docs"), p.In("s0004", "docs")} {
			os.Chmod(d, 0o755)
		}
	})
	p.Backup()
	before := p.Trees()
	p.Do(os.Chmod(p.In("s0004", "docs"), 0o755))
	p.Do(os.Remove(p.In("s0004", "docs/keep.txt")))
	p.Do(os.Chmod(p.In("s0004", "docs"), 0o555))
	p.Repairs(before, []string{"missing docs/keep.txt s0004"}, "docs/keep.txt")
}

// TestRepairLinkLimit: an inode with as many names as the file system allows is followed by another.
func TestRepairLinkLimit(t *testing.T) {
	real := t.TempDir()
	p := backuptest.NewPlace(t)
	p.Dest = filetest.Oddfs(t, real, "-maxlink", "4")
	p.Write("a", "content")
	for range 3 {
		p.Backup(backuptest.Force)
	}
	p.Do(flipByte(p.In("s0002", "a")))
	res := p.Check(check.Options{Read: backuptest.ReadAll, Repair: true})
	p.WantSaid(res, "mended content a s0001 s0002 s0003")
	p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
}

// TestRepairStopped: a repair that is stopped anywhere leaves nothing worse, and the next one ends it.
func TestRepairStopped(t *testing.T) {
	for stop := 1; ; stop++ {
		p := backuptest.Three(t)
		before := p.Trees()
		p.Do(flipByte(p.In("s0001", "same.txt")))
		p.Do(backuptest.RemoveAll(p.In("s0002", "docs")))
		p.Do(os.Chmod(p.In("s0003", "docs/deep"), 0o700))
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		_, err := check.Run(ctx, p.Dest,
			check.Options{Read: backuptest.ReadAll, Repair: true, Progress: func(s progress.State) {
				if s.Stage == progress.Repairing {
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
		if res := p.Check(check.Options{Read: backuptest.ReadAll, Repair: true}); res.Errors > 0 {
			t.Fatalf("stopped at %d: %q", stop, backuptest.Said(res))
		}
		p.WantTrees(before, "same.txt", "docs", "docs/deep")
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
	}
}

// TestHundredDamages: whatever is done to the snapshots is told, path by path, and nothing else is; what can
// be mended is as it was, and what cannot is as it is.
func TestHundredDamages(t *testing.T) {
	r := long.Random(t)
	p := backuptest.NewPlace(t)
	for i := range 150 {
		p.Write(fmt.Sprintf("d%d/e%d/f%03d", i%5, i%3, i), fmt.Sprintf("content %03d", i))
	}
	for s := range 5 {
		for range 20 {
			i := r.IntN(150)
			p.Write(fmt.Sprintf("d%d/e%d/f%03d", i%5, i%3, i), fmt.Sprintf("snap %d %03d", s, i))
		}
		p.Backup(backuptest.Force)
	}
	before := p.Trees()
	copied := filepath.Join(t.TempDir(), "copy")
	filetest.Must(t, "cp", "-a", p.Dest, copied)

	kinds := []func(string) error{
		flipByte, os.Remove, func(p string) error { return os.Truncate(p, 3) },
		func(p string) error { return os.Chtimes(p, time.Time{}, time.Unix(77, 0)) },
		func(p string) error { return os.Chmod(p, 0o640) },
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
		path := p.In(snap, fmt.Sprintf("d%d/e%d/f%03d", i%5, i%3, i))
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || info.Size() < 4 {
			continue
		}
		p.Do(kinds[n%len(kinds)](path))
	}
	p.Do(backuptest.RemoveAll(p.In("s0002", "d1/e1")))
	p.Do(backuptest.RemoveAll(p.In("s0004", "d4")))
	damaged := p.Trees()

	res := p.Check(check.Options{Read: backuptest.ReadAll})
	p.WantExactly(res, before, damaged)
	mended := p.Check(check.Options{Read: backuptest.ReadAll, Repair: true})
	p.WantExactly(mended, before, damaged)
	now := p.Trees()
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
			case e.Mode.IsDir(): // its time may tell of what is left in it
			case left[at] || left[filepath.Dir(at)] || left[filepath.Dir(filepath.Dir(at))]:
				if d, n := damaged[snap][path], now[snap][path]; n.Mode != 0 && !n.Same(d) && !e.Same(n) {
					t.Errorf("%s could not be mended, and is neither what it was nor what it became", at)
				}
			case !backuptest.Without(e).Same(backuptest.Without(now[snap][path])):
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
		filetest.Must(t, "cp", "-a", filepath.Join(copied, snap), p.Path("again "+snap))
	}
	p.Backup()
	for snap, tree := range p.Trees() {
		for path := range tree {
			if before[snap] != nil && before[snap][path].Mode == 0 {
				backuptest.RemoveAll(p.In(snap, path))
			}
		}
	}
	p.Check(check.Options{Read: backuptest.ReadAll, Repair: true})
	p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll, Repair: true}))
	judge := harness.Script(t, "sametree.py")
	for snap := range before {
		judged := harness.Python(t, "argparse, hashlib, stat", judge, filepath.Join(copied, snap),
			filepath.Join(p.Dest, snap), "--ignore-root")
		if out, err := judged.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}
