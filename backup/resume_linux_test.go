package backup_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/internal/filetest"
	"snap/internal/long"
	"snap/record"
)

// TestResume interrupts a first and a second backup at many points; the next one links all that was
// copied, copies the rest and tells the same of the snapshot as one that was never interrupted.
func TestResume(t *testing.T) {
	for _, second := range []bool{false, true} {
		prepare := func(t *testing.T) *backuptest.Place {
			p := backuptest.NewPlace(t)
			p.Grow()
			if second {
				p.Backup()
				for i := range 60 {
					p.Write(fmt.Sprintf("d%d/f%02d", i%6, i/6*2), fmt.Sprint("second ", i))
				}
				p.Do(os.Truncate(p.Path("d1/large"), 5<<20))
				p.Do(os.Chtimes(p.Path("d0/f05"), backuptest.Fixed, backuptest.Fixed)) // which the copy shows to be the old content
				p.Do(os.Rename(p.Path("d5"), p.Path("d9")))
			}
			return p
		}
		p := prepare(t)
		whole, _ := p.Backup()
		taken := 0
		points := []int{1, 24, 60, 135}
		if long.Form() {
			points = []int{1, 23, 24, 60, 90, 120, 135}
		}
		for _, n := range points {
			t.Run(fmt.Sprintf("second=%v/%d", second, n), func(t *testing.T) {
				p := prepare(t)
				if res := p.Interrupt(n); !res.Kept {
					t.Error("it does not say that what was copied is kept")
				}
				works := p.Works()
				if len(works) != 1 {
					t.Fatalf("work folders: %v", works)
				}
				dead := p.Remains(works[0])
				res, _ := p.Backup()
				p.WantResumed(res, dead)
				taken += len(dead)
				got, want := *res.Header, *whole.Header
				got.Name, got.Seq, got.Time, got.Finished, got.Source, got.Destination, got.Volumes = want.Name, want.Seq,
					want.Time, want.Finished, want.Source, want.Destination, want.Volumes
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("the header is\n%+v, want\n%+v", got, want)
				}
				if res, _ := p.Backup(); !res.Skipped {
					t.Error("the next backup finds changes")
				}
			})
		}
		if taken == 0 {
			t.Error("nothing was ever taken over")
		}
	}
}

// TestResumeChecks changes source, dead tree and change set between the two runs: what is no longer what
// was copied, or may not be, is copied from the source.
func TestResumeChecks(t *testing.T) {
	const path = "d0/f15"
	for _, tt := range []struct {
		name string
		do   func(p *backuptest.Place, work string)
		gone bool // of the source
	}{
		{"rewritten with its size and time",
			func(p *backuptest.Place, _ string) { p.Rewrite(path, strings.Repeat("x", len(p.Read(path)))) }, false},
		{"touched", func(p *backuptest.Place, _ string) {
			p.Do(os.Chtimes(p.Path(path), backuptest.Fixed, backuptest.Fixed))
		}, false},
		{"another mode", func(p *backuptest.Place, _ string) { p.Do(os.Chmod(p.Path(path), 0o600)) }, false},
		{"an attribute", func(p *backuptest.Place, _ string) {
			if err := syscall.Setxattr(p.Path(path), "user.a", []byte("b"), 0); err != nil {
				p.T.Skip("no xattrs here: ", err)
			}
		}, false},
		{"replaced by an equal copy", func(p *backuptest.Place, _ string) {
			info, err := os.Lstat(p.Path(path))
			p.Do(err)
			p.Write("copy", p.Read(path))
			p.Do(os.Chtimes(p.Path("copy"), info.ModTime(), info.ModTime()))
			p.Do(os.Rename(p.Path("copy"), p.Path(path)))
		}, false},
		{"removed", func(p *backuptest.Place, _ string) { p.Do(os.Remove(p.Path(path))) }, true},
		{"renamed", func(p *backuptest.Place, _ string) { p.Do(os.Rename(p.Path(path), p.Path("d0/now"))) }, true},
		{"now a folder", func(p *backuptest.Place, _ string) {
			p.Do(os.Remove(p.Path(path)))
			p.Do(os.Mkdir(p.Path(path), 0o755))
		}, true},
		{"its folder renamed", func(p *backuptest.Place, _ string) { p.Do(os.Rename(p.Path("d0"), p.Path("dx"))) }, true},
		{"the copy has another size",
			func(p *backuptest.Place, work string) { p.Do(os.WriteFile(work+"/tree/"+path, []byte("short"), 0o644)) }, false},
		{"the copy has another time", func(p *backuptest.Place, work string) {
			p.Do(os.Chtimes(work+"/tree/"+path, backuptest.Fixed, backuptest.Fixed))
		}, false},
		{"the copy is gone", func(p *backuptest.Place, work string) { p.Do(os.Remove(work + "/tree/" + path)) }, false},
		{"the copy is a link", func(p *backuptest.Place, work string) {
			p.Do(os.Remove(work + "/tree/" + path))
			p.Do(os.Symlink("/etc/passwd", work+"/tree/"+path))
		}, false},
		{"its folder is a link to outside", func(p *backuptest.Place, work string) {
			p.Do(os.Rename(work+"/tree/d0", filepath.Join(p.Dest, "outside")))
			p.Do(os.Symlink(filepath.Join(p.Dest, "outside"), work+"/tree/d0"))
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := backuptest.NewPlace(t)
			p.Grow()
			p.Interrupt(60)
			work := p.Works()[0]
			ino, copied := p.Remains(work)[path]
			if !copied {
				t.Fatal("it was interrupted too early")
			}
			// else its number may be given out again
			p.Do(os.Link(filepath.Join(work, "tree", path), filepath.Join(filepath.Dir(p.Dest), "kept")))
			tt.do(p, work)
			res, _ := p.Backup()
			p.WantSame(res)
			if !tt.gone && filetest.Inode(t, filepath.Join(p.Tree(res), path)) == ino {
				t.Error("the old copy was taken over")
			}
			if res.Resumed.Files == 0 {
				t.Error("nothing was taken over")
			}
		})
	}
}

// TestNoResume: --checksum trusts nothing, and what was copied of another folder is of no use.
func TestNoResume(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Grow()
	p.Interrupt(60)
	p.Refuse("--checksum", func(o *backup.Options) { o.Rules.Checksum = true })

	p = backuptest.NewPlace(t)
	p.Grow()
	p.Interrupt(60)
	alias := filepath.Join(t.TempDir(), "alias")
	p.Do(os.Symlink(filepath.Dir(p.Src), alias))
	p.Refuse("another path to the source", func(o *backup.Options) { o.Source = filepath.Join(alias, "src") })
}

// TestResumeAfterReboot: once the destination was mounted anew, only what lies before a checkpoint is
// taken over.
func TestResumeAfterReboot(t *testing.T) {
	for _, boot := range []string{"", "another"} {
		for _, n := range []int{0, 1, 15} {
			t.Run(fmt.Sprintf("%q, a checkpoint after %d records", boot, n), func(t *testing.T) {
				p := backuptest.NewPlace(t)
				p.Grow()
				p.Interrupt(60)
				work := p.Works()[0]
				dead := p.Remains(work)
				p.RewriteSet(work, boot, n)
				if n < 15 { // the source and d0 stand first
					p.Refuse("not before a checkpoint")
					return
				}
				_, copied := p.DeadSet(work)
				for _, path := range copied[n-countFolders(t, work, n):] {
					delete(dead, path)
				}
				res, _ := p.Backup()
				p.WantResumed(res, dead)
			})
		}
	}
}

// countFolders is how many of the first n records of an interrupted run are not files that it copied.
func countFolders(t *testing.T, work string, n int) (other int) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(work, "changes"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := record.NewChangeReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for e := range c.All() {
		if n--; n < 0 {
			break
		}
		if e.Stored != record.Copied {
			other++
		}
	}
	return other
}

// TestResumeDamagedSet cuts the change set of an interrupted run off, or flips a bit of it, at many places.
func TestResumeDamagedSet(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i := range 40 {
		p.Write(fmt.Sprintf("d%d/f%02d", i%3, i), fmt.Sprint("text ", i))
	}
	p.Interrupt(30)
	work := p.Works()[0]
	begin, _ := p.DeadSet(work)
	p.RewriteSet(work, begin.Boot, 0)
	whole, err := os.ReadFile(filepath.Join(work, "changes"))
	p.Do(err)
	saved := p.CopyOf(p.Dest)
	most := int64(0)
	for i := 0; i <= len(whole); i += 1 + len(whole)/long.Of(10, 40) {
		for _, flip := range []bool{false, true} {
			b := append([]byte(nil), whole[:i]...)
			if flip && i < len(whole) {
				b = append([]byte(nil), whole...)
				b[i] ^= 1 << (i % 8)
			}
			p := &backuptest.Place{T: t, Src: p.Src, Dest: filepath.Join(t.TempDir(), "dest")}
			p.Do(os.Rename(p.CopyOf(saved), p.Dest))
			p.Do(os.WriteFile(filepath.Join(p.Dest, ".snap/tmp", filepath.Base(work), "changes"), b, 0o600))
			res, _ := p.Backup()
			p.WantSame(res)
			if left := p.Works(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			most = max(most, res.Resumed.Files)
		}
	}
	if most == 0 {
		t.Error("nothing was ever taken over")
	}
}

// TestResumeSeveral: what several interrupted runs have is put together, and not all of them are kept for ever.
func TestResumeSeveral(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Grow()
	p.Interrupt(100)
	first := p.Works()[0]
	dead := p.Remains(first)
	p.Write("d0/f05", "new") // the first run's copy of it is of no use any more
	p.Interrupt(30)
	works := p.Works()
	if len(works) != 2 {
		t.Fatalf("work folders: %v", works)
	}
	for _, w := range works {
		if w != first {
			second := p.Remains(w)
			if ino, ok := second["d0/f05"]; !ok || ino == dead["d0/f05"] {
				t.Fatal("the second run has not copied the new file")
			}
			maps.Copy(dead, second)
		}
	}
	res, _ := p.Backup()
	p.WantResumed(res, dead)

	p = backuptest.NewPlace(t)
	p.Grow()
	most := 0
	for i := range 6 {
		p.Interrupt(20 * (i + 1))
		for _, w := range p.Works() {
			most = max(most, len(p.Remains(w)))
		}
	}
	if works := p.Works(); len(works) > 4 { // three and the last run's
		t.Errorf("%d work folders are kept", len(works))
	}
	res, _ = p.Backup()
	p.WantSame(res)
	if res.Resumed.Files < int64(most) {
		t.Errorf("%d files were taken over, the run that came farthest had %d", res.Resumed.Files, most)
	}
}

// TestResumeHardLinks: a file with several names is taken over once, and its other names are linked to it.
func TestResumeHardLinks(t *testing.T) {
	one := func(o *backup.Options) { o.Jobs = 1 }
	for _, n := range []int{30, 60, 90, 120} {
		p := backuptest.NewPlace(t)
		p.Grow()
		p.Interrupt(n, one)
		work := p.Works()[0]
		dead := p.Remains(work)
		_, copied := p.DeadSet(work)
		for _, path := range copied {
			dead[path] = filetest.Inode(t, filepath.Join(work, "tree", path))
		}
		ino, ok := dead["d0/f10"]
		if !ok {
			t.Fatal("it was interrupted too early")
		}
		res, _ := p.Backup(one)
		p.WantResumed(res, dead)
		if got := filetest.Inode(t, filepath.Join(p.Tree(res), "d4/other")); got != ino {
			t.Errorf("interrupted at %d: the other name is inode %d, want %d", n, got, ino)
		}
	}
}

// TestResumeRecord: the record of a file that was taken over says all that the copy's said.
func TestResumeRecord(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Grow()
	const path = "d0/f15"
	if err := syscall.Setxattr(p.Path(path), "user.a", []byte("b"), 0); err != nil {
		t.Skip("no xattrs here: ", err)
	}
	p.Interrupt(60)
	if p.Remains(p.Works()[0])[path] == 0 {
		t.Fatal("it was interrupted too early")
	}
	_, rec := p.Backup()
	r := rec.Changes[path]
	if r.Hash != sha256.Sum256([]byte(p.Read(path))) || !r.Has(record.Hashed) || r.Stored != record.Copied ||
		r.Change != record.Added ||
		len(r.Xattrs) != 1 || string(r.Xattrs[0].Value) != "b" {
		t.Errorf("%+v", r)
	}
}
