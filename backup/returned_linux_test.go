package backup_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/internal/filetest"
	"snap/internal/long"
	"snap/record"
)

// TestFolderAwayForOneRun moves a folder out of the source and back, with a backup in between: its files are linked
// to the snapshot that held them last, the index says so, also when snapshots around are deleted and the index is
// made again.
func TestFolderAwayForOneRun(t *testing.T) {
	for _, victims := range [][]int{{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 2}, {1, 0}, {2, 1, 0}} {
		t.Run(fmt.Sprint(victims), func(t *testing.T) {
			p := backuptest.NewPlace(t)
			away := filepath.Join(filepath.Dir(p.Src), "away")
			p.Write("stays", "stays")
			for _, f := range []string{"d/a", "d/e/b", "d/edited", "d/touched"} {
				p.Write(f, "text of "+f)
				p.Do(os.Chtimes(p.Path(f), backuptest.Fixed, backuptest.Fixed))
			}
			p.Do(os.Link(p.Path("d/a"), p.Path("d/a2")))
			p.Do(os.Symlink("a", p.Path("d/link")))
			var done []*backup.Result
			run := func() *backuptest.Recorder {
				t.Helper()
				res, rec := p.Backup()
				p.WantSame(res)
				done = append(done, res)
				p.WantUsage(fmt.Sprint("backup ", len(done)))
				return rec
			}
			run()
			p.Do(os.Rename(p.Path("d"), away))
			run()
			p.Do(os.WriteFile(filepath.Join(away, "edited"), []byte("TEXT OF d/edited"), 0o644))
			p.Do(os.Chtimes(filepath.Join(away, "edited"), backuptest.Fixed, backuptest.Fixed))
			p.Do(os.Chtimes(filepath.Join(away, "touched"), backuptest.Fixed, backuptest.Fixed))
			p.Do(os.Rename(away, p.Path("d")))
			rec := run()
			p.WantLinked(done[0], done[2], "d/a", "d/a2", "d/e/b", "d/touched")
			for _, f := range []string{"d/a", "d/a2", "d/e/b", "d/touched"} {
				if r := rec.Changes[f]; r.Change != record.Added || !r.Stored.Shares() || r.Reason != record.Returned {
					t.Errorf("%s: %v %v %v", f, r.Change, r.Stored, r.Reason)
				}
			}
			if r := rec.Changes["d/edited"]; r.Stored != record.Copied || done[2].Header.CopiedBytes != r.Size {
				t.Errorf("d/edited: %v; %d bytes copied", r.Stored, done[2].Header.CopiedBytes)
			}
			p.Write("d/new", "new")
			run()
			for _, v := range victims {
				p.Do(p.Delete(done[v].Header.Name))
				backuptest.Sound(t, p.Dest)
				p.WantUsage(fmt.Sprint("without ", done[v].Header.Name))
			}
			_, before := p.Knows()
			p.Reindex()
			if _, after := p.Knows(); fmt.Sprint(len(before), before[len(before)-1]["d/a"].Stored) != fmt.Sprint(len(after),
				after[len(after)-1]["d/a"].Stored) {
				t.Error("a reindex knows something else")
			}
			p.WantUsage("reindexed")
			if res, rec := p.Backup(backuptest.Force); res.Header.CopiedBytes != 0 {
				t.Errorf("copied again: %v", rec.Changes)
			}
		})
	}
}

// TestDiskAwayForOneRun backs up with a disk below the source, without it, and with it again.
func TestDiskAwayForOneRun(t *testing.T) {
	p := backuptest.NewPlace(t)
	mnt, img := filetest.Image(t, "ext4", "16M")
	filetest.Must(t, "umount", mnt)
	p.Do(os.Mkdir(p.Path("usb"), 0o755))
	filetest.MountImage(t, img, p.Path("usb"))
	p.Do(os.Remove(p.Path("usb/lost+found")))
	p.Write("home", "home")
	p.Write("usb/d/photo", "photo")
	first, _ := p.Backup()
	filetest.Must(t, "umount", p.Path("usb"))
	second, _ := p.Backup()
	p.WantSame(second)
	if !second.Incomplete() || len(second.Problems) != 1 || second.Problems[0].Path != "usb" {
		t.Errorf("the empty mount point is not told: %v", second.Problems)
	}
	if res, _ := p.Backup(backuptest.Force); res.Incomplete() {
		t.Errorf("told again: %v", res.Problems)
	}
	filetest.MountImage(t, img, p.Path("usb"))
	res, rec := p.Backup()
	p.WantSame(res)
	p.WantLinked(first, res, "usb/d/photo", "home")
	if res.Header.CopiedBytes != 0 {
		t.Errorf("%d bytes copied: %v", res.Header.CopiedBytes, rec.Changes)
	}
	p.WantUsage("the disk is back")
	exec.Command("umount", p.Path("usb")).Run()
}

// TestUnreadableForOneRun: what could not be read once is linked to what was there before.
func TestUnreadableForOneRun(t *testing.T) {
	p := backuptest.NewPlace(t)
	real := p.Src
	p.Write("bad", "bad")
	mnt := filetest.Oddfs(t, real)
	p.Src = mnt
	first, _ := p.Backup()
	filetest.Must(t, "umount", mnt)
	filetest.OddfsAt(t, mnt, real, "-eio", "bad")
	if res, _ := p.Backup(func(o *backup.Options) { o.Rules.Checksum = true }); !res.Incomplete() {
		t.Fatal("it was read")
	}
	filetest.Must(t, "umount", mnt)
	filetest.OddfsAt(t, mnt, real)
	res, rec := p.Backup()
	p.WantSame(res)
	p.WantLinked(first, res, "bad")
	if r := rec.Changes["bad"]; r.Change != record.Modified || r.Reason != record.Returned {
		t.Errorf("%v, %v", r.Change, r.Reason)
	}
	p.WantUsage("read again")
}

// TestUsageOverGaps takes files away and back in steps, with a backup after each, deletes the snapshots between in
// every order, and compares the index with the trees all the time.
func TestUsageOverGaps(t *testing.T) {
	type step = func(p *backuptest.Place)
	away := func(names ...string) step {
		return func(p *backuptest.Place) {
			p.Do(os.MkdirAll(p.Src+"-away", 0o755))
			for _, n := range names {
				p.Do(os.Rename(p.Path(n), filepath.Join(p.Src+"-away", n)))
			}
		}
	}
	back := func(names ...string) step {
		return func(p *backuptest.Place) {
			for _, n := range names {
				p.Do(os.Rename(filepath.Join(p.Src+"-away", n), p.Path(n)))
			}
		}
	}
	rename := func(from, to string) step {
		return func(p *backuptest.Place) { p.Do(os.Rename(p.Path(from), p.Path(to))) }
	}
	both := func(steps ...step) step {
		return func(p *backuptest.Place) {
			for _, s := range steps {
				s(p)
			}
		}
	}
	later := backuptest.Fixed.Add(time.Hour)
	alter := func(p *backuptest.Place) { // the copy in the newest snapshot, so that the next backup copies it anew
		heads, _ := p.Knows()
		p.Do(os.Chtimes(filepath.Join(p.Dest, heads[len(heads)-1].Name, "a"), later, later))
	}
	other := func(p *backuptest.Place) { p.Write("n", "n") }
	every, offset := 11, long.Random(t).IntN(55)
	if long.Form() {
		every = 5
	}
	for name, steps := range map[string][]step{
		"away and back":                {away("a"), back("a")},
		"away and back twice":          {away("a"), back("a"), away("a"), back("a")},
		"moved, away and back":         {rename("a", "b"), away("b"), back("b")},
		"moved, away for long, back":   {rename("a", "b"), away("b"), other, other, back("b")},
		"moved twice, away and back":   {rename("a", "b"), rename("b", "c"), away("c"), back("c")},
		"away, back and moved":         {away("a"), back("a"), rename("a", "b")},
		"moved, away, back and moved":  {rename("a", "b"), away("b"), back("b"), rename("b", "c")},
		"copied anew, away and back":   {both(alter, func(p *backuptest.Place) { p.Write("n", "n") }), away("a"), back("a")},
		"both names away and back":     {away("h1", "h2"), back("h1", "h2")},
		"both moved, away and back":    {both(rename("h1", "i1"), rename("h2", "i2")), away("i1", "i2"), back("i1", "i2")},
		"one name away, one back":      {away("h1"), back("h1"), away("h2"), back("h2")},
		"away, back, swapped":          {away("a"), back("a"), both(rename("a", "t"), rename("c", "a"), rename("t", "c"))},
		"away, back, over another":     {away("a"), back("a"), rename("a", "c")},
		"inodes ignored, first name":   {away("d"), back("d")},
		"inodes ignored, last name":    {away("z"), back("z"), away("d"), back("d")},
		"inodes ignored, two of three": {away("d"), away("z"), back("z"), back("d")},
		"away, back beside another":    {away("a"), func(p *backuptest.Place) { p.Write("n", "n") }, back("a")},
		"away, back, gone":             {away("a"), back("a"), func(p *backuptest.Place) { p.Do(os.Remove(p.Path("a"))) }},
		"another in its place, it back": {away("a"), func(p *backuptest.Place) { p.Write("a", "other") },
			both(func(p *backuptest.Place) { p.Do(os.Remove(p.Path("a"))) }, back("a"))},
	} {
		rules := func(o *backup.Options) { o.Rules.IgnoreInode = strings.HasPrefix(name, "inodes ignored") }
		n := len(steps) + 1
		for mask := 1; mask < 1<<n-1; mask++ {
			if (mask+offset)%every != 0 { // another share of them each time
				continue
			}
			var victims []uint64
			for seq := range uint64(n) {
				if mask>>seq&1 != 0 {
					victims = append(victims, seq+1)
				}
			}
			down := slices.Clone(victims)
			slices.Reverse(down)
			orders := [][]uint64{victims, down}
			for _, victims := range orders[:min(len(victims), 2)] {
				t.Run(fmt.Sprintf("%s %v", name, victims), func(t *testing.T) {
					p := backuptest.NewPlace(t)
					for _, f := range []string{"a", "c", "h1"} {
						p.Write(f, "text of "+f)
						p.Do(os.Chtimes(p.Path(f), backuptest.Fixed, backuptest.Fixed))
					}
					p.Do(os.Link(p.Path("h1"), p.Path("h2")))
					p.Write("d/g", "one file in folders")
					p.Write("z/other", "another")
					p.Do(os.Link(p.Path("d/g"), p.Path("g")))
					p.Do(os.Link(p.Path("d/g"), p.Path("z/g")))
					p.Backup()
					for _, s := range steps {
						s(p)
						res, _ := p.Backup(backuptest.Force, backuptest.Empty, rules)
						p.WantSame(res)
					}
					p.WantUsage("before deleting")
					for _, seq := range victims {
						p.InDestination(func(ctx context.Context, d *destination.Destination) {
							p.Do(d.Delete(ctx, []uint64{seq}, 1, nil))
						})
						backuptest.Sound(t, p.Dest)
						p.WantUsage(fmt.Sprint("deleted ", seq))
					}
				})
			}
		}
	}
}
