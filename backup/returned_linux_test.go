package backup_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"snap/backup"
	"snap/index"
	"snap/internal/long"
)

// TestFolderAwayForOneRun moves a folder out of the source and back, with a backup in between: its files are linked to the
// snapshot that held them last, the index says so, also when snapshots around are deleted and the index is made again.
func TestFolderAwayForOneRun(t *testing.T) {
	for _, victims := range [][]int{{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 2}, {1, 0}, {2, 1, 0}} {
		t.Run(fmt.Sprint(victims), func(t *testing.T) {
			p := newPlace(t)
			away := filepath.Join(filepath.Dir(p.src), "away")
			p.write("stays", "stays")
			for _, f := range []string{"d/a", "d/e/b", "d/edited", "d/touched"} {
				p.write(f, "text of "+f)
				p.do(os.Chtimes(p.path(f), fixed, fixed))
			}
			p.do(os.Link(p.path("d/a"), p.path("d/a2")))
			p.do(os.Symlink("a", p.path("d/link")))
			var done []*backup.Result
			run := func() *recorder {
				t.Helper()
				res, rec := p.backup()
				p.wantSame(res)
				done = append(done, res)
				p.wantUsage(fmt.Sprint("backup ", len(done)))
				return rec
			}
			run()
			p.do(os.Rename(p.path("d"), away))
			run()
			p.do(os.WriteFile(filepath.Join(away, "edited"), []byte("TEXT OF d/edited"), 0o644))
			p.do(os.Chtimes(filepath.Join(away, "edited"), fixed, fixed))
			p.do(os.Chtimes(filepath.Join(away, "touched"), fixed, fixed))
			p.do(os.Rename(away, p.path("d")))
			rec := run()
			p.wantLinked(done[0], done[2], "d/a", "d/a2", "d/e/b", "d/touched")
			for _, f := range []string{"d/a", "d/a2", "d/e/b", "d/touched"} {
				if r := rec.changes[f]; r.Change != index.Added || !r.Stored.Shares() || r.Reason != index.Returned {
					t.Errorf("%s: %v %v %v", f, r.Change, r.Stored, r.Reason)
				}
			}
			if r := rec.changes["d/edited"]; r.Stored != index.Copied || done[2].Header.CopiedBytes != r.Size {
				t.Errorf("d/edited: %v; %d bytes copied", r.Stored, done[2].Header.CopiedBytes)
			}
			p.write("d/new", "new")
			run()
			for _, v := range victims {
				p.do(p.delete(done[v].Header.Name))
				sound(t, p.dest)
				p.wantUsage(fmt.Sprint("without ", done[v].Header.Name))
			}
			_, before := p.knows()
			p.reindex()
			if _, after := p.knows(); fmt.Sprint(len(before), before[len(before)-1]["d/a"].Stored) != fmt.Sprint(len(after), after[len(after)-1]["d/a"].Stored) {
				t.Error("a reindex knows something else")
			}
			p.wantUsage("reindexed")
			if res, rec := p.backup(force); res.Header.CopiedBytes != 0 {
				t.Errorf("copied again: %v", rec.changes)
			}
		})
	}
}

// TestDiskAwayForOneRun backs up with a disk below the source, without it, and with it again.
func TestDiskAwayForOneRun(t *testing.T) {
	p := newPlace(t)
	mnt, img := image(t, "ext4", "16M")
	must(t, "umount", mnt)
	p.do(os.Mkdir(p.path("usb"), 0o755))
	mount(t, img, p.path("usb"))
	p.do(os.Remove(p.path("usb/lost+found")))
	p.write("home", "home")
	p.write("usb/d/photo", "photo")
	first, _ := p.backup()
	must(t, "umount", p.path("usb"))
	second, _ := p.backup()
	p.wantSame(second)
	if !second.Incomplete() || len(second.Problems) != 1 || second.Problems[0].Path != "usb" {
		t.Errorf("the empty mount point is not told: %v", second.Problems)
	}
	if res, _ := p.backup(force); res.Incomplete() {
		t.Errorf("told again: %v", res.Problems)
	}
	mount(t, img, p.path("usb"))
	res, rec := p.backup()
	p.wantSame(res)
	p.wantLinked(first, res, "usb/d/photo", "home")
	if res.Header.CopiedBytes != 0 {
		t.Errorf("%d bytes copied: %v", res.Header.CopiedBytes, rec.changes)
	}
	p.wantUsage("the disk is back")
	exec.Command("umount", p.path("usb")).Run()
}

// TestUnreadableForOneRun: what could not be read once is linked to what was there before.
func TestUnreadableForOneRun(t *testing.T) {
	p := newPlace(t)
	real := p.src
	p.write("bad", "bad")
	mnt := oddfs(t, real)
	p.src = mnt
	first, _ := p.backup()
	must(t, "umount", mnt)
	oddfsAt(t, mnt, real, "-eio", "bad")
	if res, _ := p.backup(func(o *backup.Options) { o.Rules.Checksum = true }); !res.Incomplete() {
		t.Fatal("it was read")
	}
	must(t, "umount", mnt)
	oddfsAt(t, mnt, real)
	res, rec := p.backup()
	p.wantSame(res)
	p.wantLinked(first, res, "bad")
	if r := rec.changes["bad"]; r.Change != index.Modified || r.Reason != index.Returned {
		t.Errorf("%v, %v", r.Change, r.Reason)
	}
	p.wantUsage("read again")
}

// TestUsageOverGaps takes files away and back in steps, with a backup after each, deletes the snapshots between in every
// order, and compares the index with the trees all the time.
func TestUsageOverGaps(t *testing.T) {
	type step = func(p *place)
	away := func(names ...string) step {
		return func(p *place) {
			p.do(os.MkdirAll(p.src+"-away", 0o755))
			for _, n := range names {
				p.do(os.Rename(p.path(n), filepath.Join(p.src+"-away", n)))
			}
		}
	}
	back := func(names ...string) step {
		return func(p *place) {
			for _, n := range names {
				p.do(os.Rename(filepath.Join(p.src+"-away", n), p.path(n)))
			}
		}
	}
	rename := func(from, to string) step { return func(p *place) { p.do(os.Rename(p.path(from), p.path(to))) } }
	both := func(steps ...step) step {
		return func(p *place) {
			for _, s := range steps {
				s(p)
			}
		}
	}
	later := fixed.Add(time.Hour)
	alter := func(p *place) { // the copy in the newest snapshot, so that the next backup copies it anew
		heads, _ := p.knows()
		p.do(os.Chtimes(filepath.Join(p.dest, heads[len(heads)-1].Name, "a"), later, later))
	}
	for name, steps := range map[string][]step{
		"away and back":                 {away("a"), back("a")},
		"away and back twice":           {away("a"), back("a"), away("a"), back("a")},
		"moved, away and back":          {rename("a", "b"), away("b"), back("b")},
		"moved twice, away and back":    {rename("a", "b"), rename("b", "c"), away("c"), back("c")},
		"away, back and moved":          {away("a"), back("a"), rename("a", "b")},
		"moved, away, back and moved":   {rename("a", "b"), away("b"), back("b"), rename("b", "c")},
		"copied anew, away and back":    {both(alter, func(p *place) { p.write("n", "n") }), away("a"), back("a")},
		"both names away and back":      {away("h1", "h2"), back("h1", "h2")},
		"both moved, away and back":     {both(rename("h1", "i1"), rename("h2", "i2")), away("i1", "i2"), back("i1", "i2")},
		"one name away, one back":       {away("h1"), back("h1"), away("h2"), back("h2")},
		"away, back beside another":     {away("a"), func(p *place) { p.write("n", "n") }, back("a")},
		"away, back, gone":              {away("a"), back("a"), func(p *place) { p.do(os.Remove(p.path("a"))) }},
		"another in its place, it back": {away("a"), func(p *place) { p.write("a", "other") }, both(func(p *place) { p.do(os.Remove(p.path("a"))) }, back("a"))},
	} {
		n := len(steps) + 1
		for mask := 1; mask < 1<<n-1; mask++ {
			if !long.Form() && mask%5 != 1 {
				continue
			}
			t.Run(fmt.Sprintf("%s %0*b", name, n, mask), func(t *testing.T) {
				p := newPlace(t)
				for _, f := range []string{"a", "h1"} {
					p.write(f, "text of "+f)
					p.do(os.Chtimes(p.path(f), fixed, fixed))
				}
				p.do(os.Link(p.path("h1"), p.path("h2")))
				p.backup()
				for _, s := range steps {
					s(p)
					res, _ := p.backup(force, empty)
					p.wantSame(res)
				}
				p.wantUsage("before deleting")
				for seq := range uint64(n) {
					if mask>>seq&1 != 0 {
						p.inDestination(func(ctx context.Context, d *backup.Destination) {
							p.do(d.Delete(ctx, []uint64{seq + 1}, 1, nil))
						})
						sound(t, p.dest)
						p.wantUsage(fmt.Sprint("deleted ", seq+1))
					}
				}
			})
		}
	}
}
