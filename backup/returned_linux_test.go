package backup_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"snap/backup"
	"snap/index"
)

// wantLinked checks that the paths of the newest tree are the inodes that they are in an older one.
func (p *place) wantLinked(older, newer *backup.Result, paths ...string) {
	p.t.Helper()
	for _, path := range paths {
		a, err := os.Lstat(filepath.Join(p.tree(older), path))
		p.do(err)
		b, err := os.Lstat(filepath.Join(p.tree(newer), path))
		p.do(err)
		if !os.SameFile(a, b) {
			p.t.Errorf("%s is not linked to snapshot %s", path, older.Header.Name)
		}
	}
}

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
