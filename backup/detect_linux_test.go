package backup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/record"
)

// TestDetection makes one change after a first backup and says what the second must make of it.
func TestDetection(t *testing.T) {
	type want struct {
		path   string
		change record.Change
		stored record.Stored
		from   string
	}
	tests := []struct {
		name string
		do   func(p *backuptest.Place)
		want []want
	}{
		{"same size and time, other content, in place", func(p *backuptest.Place) { p.Rewrite("a", "AAA") },
			[]want{{"a", record.Modified, record.Copied, ""}}},
		{"same size and time, other content, another inode", func(p *backuptest.Place) {
			p.Write("new", "AAA")
			p.Do(os.Chtimes(p.Path("new"), backuptest.Fixed, backuptest.Fixed))
			p.Do(os.Rename(p.Path("new"), p.Path("a")))
		}, []want{{"a", record.Modified, record.Copied, ""}}},
		{"same size and time, other content, the inode reused", func(p *backuptest.Place) {
			p.Do(os.Remove(p.Path("a")))
			p.Write("a", "AAA")
			p.Do(os.Chtimes(p.Path("a"), backuptest.Fixed, backuptest.Fixed))
		}, []want{{"a", record.Modified, record.Copied, ""}}},
		{"two files swapped", func(p *backuptest.Place) {
			p.Do(os.Rename(p.Path("a"), p.Path("x")))
			p.Do(os.Rename(p.Path("b"), p.Path("a")))
			p.Do(os.Rename(p.Path("x"), p.Path("b")))
		}, []want{{"a", record.Moved, record.Linked, "b"}, {"b", record.Moved, record.Linked, "a"}}},
		{"renamed", func(p *backuptest.Place) { p.Do(os.Rename(p.Path("a"), p.Path("z"))) },
			[]want{{"z", record.Moved, record.Linked, "a"}}},
		{"renamed and edited, size and time kept", func(p *backuptest.Place) {
			p.Rewrite("a", "AAA")
			p.Do(os.Rename(p.Path("a"), p.Path("z")))
		}, []want{{"z", record.Moved, record.Copied, "a"}}},
		{"renamed over another", func(p *backuptest.Place) { p.Do(os.Rename(p.Path("a"), p.Path("b"))) },
			[]want{{"b", record.Moved, record.Linked, "a"}}},
		{"renamed and its mode changed", func(p *backuptest.Place) {
			p.Do(os.Rename(p.Path("a"), p.Path("z")))
			p.Do(os.Chmod(p.Path("z"), 0o600))
		}, []want{{"z", record.Moved, record.Copied, "a"}}},
		{"moved across file systems: a copy with its time, the original gone", func(p *backuptest.Place) {
			p.Write("z", "aaa")
			p.Do(os.Chtimes(p.Path("z"), backuptest.Fixed, backuptest.Fixed))
			p.Do(os.Remove(p.Path("a")))
		}, []want{{"z", record.Moved, record.Linked, "a"}}},
		{"a copy with its time, the original still there", func(p *backuptest.Place) {
			p.Write("z", "aaa")
			p.Do(os.Chtimes(p.Path("z"), backuptest.Fixed, backuptest.Fixed))
		}, []want{{"z", record.Added, record.Copied, ""}}},
		{"another hard link", func(p *backuptest.Place) { p.Do(os.Link(p.Path("a"), p.Path("z"))) },
			[]want{{"a", record.Silent, record.Linked, ""}, {"z", record.Added, record.Linked, "a"}}},
		{"mode changed", func(p *backuptest.Place) { p.Do(os.Chmod(p.Path("a"), 0o600)) },
			[]want{{"a", record.Metadata, record.Copied, ""}}},
		{"touched", func(p *backuptest.Place) {
			p.Do(os.Chtimes(p.Path("a"), backuptest.Fixed.Add(1), backuptest.Fixed.Add(1)))
		},
			[]want{{"a", record.Metadata, record.Copied, ""}}},
		{"replaced by a folder", func(p *backuptest.Place) {
			p.Do(os.Remove(p.Path("a")))
			p.Do(os.Mkdir(p.Path("a"), 0o755))
		}, []want{{"a", record.TypeChanged, record.Made, ""}}},
		{"replaced by a link", func(p *backuptest.Place) {
			p.Do(os.Remove(p.Path("a")))
			p.Do(os.Symlink("b", p.Path("a")))
		}, []want{{"a", record.TypeChanged, record.Made, ""}}},
		{"replaced by a FIFO", func(p *backuptest.Place) {
			p.Do(os.Remove(p.Path("a")))
			p.Do(syscall.Mkfifo(p.Path("a"), 0o600))
		}, []want{{"a", record.TypeChanged, record.Made, ""}}},
		{"a folder replaced by a file", func(p *backuptest.Place) {
			p.Do(os.RemoveAll(p.Path("dir")))
			p.Write("dir", "x")
		}, []want{{"dir", record.TypeChanged, record.Copied, ""}, {"dir/c", record.Removed, record.Absent, ""}}},
		{"a folder renamed", func(p *backuptest.Place) { p.Do(os.Rename(p.Path("dir"), p.Path("folder"))) },
			[]want{
				{"folder", record.Moved, record.Made, "dir"}, {"folder/c", record.Moved, record.Linked, "dir/c"}}},
		{"an empty folder came", func(p *backuptest.Place) { p.Do(os.Mkdir(p.Path("void"), 0o755)) },
			[]want{{"void", record.Added, record.Made, ""}}},
		{"a link's target changed", func(p *backuptest.Place) {
			p.Do(os.Remove(p.Path("link")))
			p.Do(os.Symlink("b", p.Path("link")))
		}, []want{{"link", record.Modified, record.Made, ""}}},
		{"nothing but a folder's time",
			func(p *backuptest.Place) { p.Do(os.Chtimes(p.Path("dir"), backuptest.Fixed, backuptest.Fixed)) }, nil},
		{"an equal file with another inode", func(p *backuptest.Place) {
			p.Write("new", "aaa")
			p.Do(os.Chtimes(p.Path("new"), backuptest.Fixed, backuptest.Fixed))
			p.Do(os.Rename(p.Path("new"), p.Path("a")))
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := backuptest.NewPlace(t)
			for _, f := range []string{"a", "b", "dir/c"} {
				p.Write(f, f[len(f)-1:]+f[len(f)-1:]+f[len(f)-1:])
				p.Do(os.Chtimes(p.Path(f), backuptest.Fixed, backuptest.Fixed))
			}
			p.Do(os.Symlink("a", p.Path("link")))
			first, _ := p.Backup()
			before := backuptest.Listing(t, p.Tree(first))
			tt.do(p)
			res, rec := p.Backup()
			if res.Skipped != (tt.want == nil) {
				t.Fatalf("skipped %v; records %v", res.Skipped, rec.Changes)
			}
			if d := backuptest.Difference(before, backuptest.Listing(t, p.Tree(first))); d != "" {
				t.Errorf("the first snapshot changed:\n%s", d)
			}
			if tt.want == nil {
				return
			}
			p.WantSame(res)
			for _, w := range tt.want {
				r, ok := rec.Changes[w.path]
				if !ok || r.Change != w.change || r.Stored != w.stored || r.From != w.from {
					t.Errorf("%s: %v %v from %q (%v), want %v %v from %q", w.path, r.Change, r.Stored, r.From, r.Reason, w.change,
						w.stored, w.from)
				}
				delete(rec.Changes, w.path)
			}
			for path, r := range rec.Changes {
				if r.Change != record.Silent {
					t.Errorf("%s: %v, which nobody wanted", path, r.Change)
				}
			}
			if again, rec := p.Backup(); !again.Skipped {
				t.Errorf("a third run found changes: %v", rec.Changes)
			}
		})
	}
}

// TestRecreatedTree removes 300 files of one size and time and makes others in their place, under the
// same and under permuted names: ext4 hands the freed inodes straight out again.
func TestRecreatedTree(t *testing.T) {
	for _, permuted := range []bool{false, true} {
		t.Run(fmt.Sprintf("permuted=%v", permuted), func(t *testing.T) {
			p := backuptest.NewPlace(t)
			fill := func(offset, shift int) {
				for i := range 300 {
					name := fmt.Sprintf("pkg/f%03d", (i+shift)%300)
					p.Write(name, fmt.Sprintf("content %06d", i+offset))
					p.Do(os.Chtimes(p.Path(name), backuptest.Fixed, backuptest.Fixed))
				}
			}
			fill(0, 0)
			p.Backup()
			p.Do(os.RemoveAll(p.Path("pkg")))
			shift := 0
			if permuted {
				shift = 7
			}
			fill(1000, shift)
			res, rec := p.Backup()
			p.WantSame(res)
			for path, r := range rec.Changes {
				if r.Stored == record.Linked {
					t.Errorf("%s was linked: %v", path, r.Reason)
				}
			}
			// The same contents under other names are moves, and cost no bytes.
			p.Do(os.RemoveAll(p.Path("pkg")))
			fill(1000, shift+1)
			res, _ = p.Backup()
			p.WantSame(res)
		})
	}
}

// TestMigratedSource backs up a copy of the source, as cp -a to a new disk makes it: everything is linked
// after one read, and the new identities are learned.
func TestMigratedSource(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i := range 50 {
		name := fmt.Sprintf("d%d/f%d", i%5, i)
		p.Write(name, fmt.Sprint("text ", i))
		p.Do(os.Chtimes(p.Path(name), backuptest.Fixed, backuptest.Fixed))
	}
	p.Do(os.Link(p.Path("d0/f0"), p.Path("d1/other")))
	p.Backup()
	for path := range backuptest.Listing(t, p.Src) {
		if info, err := os.Lstat(p.Path(path)); err == nil && info.Mode().IsRegular() && path != "d1/other" {
			b, err := os.ReadFile(p.Path(path))
			p.Do(err)
			p.Do(os.WriteFile(p.Path(path)+"~", b, 0o644))
			p.Do(os.Chtimes(p.Path(path)+"~", info.ModTime(), info.ModTime()))
			p.Do(os.Rename(p.Path(path)+"~", p.Path(path)))
		}
	}
	p.Do(os.Remove(p.Path("d1/other")))
	p.Do(os.Link(p.Path("d0/f0"), p.Path("d1/other")))
	res, rec := p.Backup(backuptest.Force)
	p.WantSame(res)
	if res.Header.CopiedBytes != 0 {
		t.Errorf("%d bytes copied: %v", res.Header.CopiedBytes, rec.Changes)
	}
	if res, rec := p.Backup(); !res.Skipped {
		t.Errorf("not learned: %v", rec.Changes)
	}
}

// TestHardLinksWithoutCtime: which names share an inode is seen although changes of the ctime are ignored.
func TestHardLinksWithoutCtime(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "aaa")
	p.Do(os.Chtimes(p.Path("a"), backuptest.Fixed, backuptest.Fixed))
	ignore := func(o *backup.Options) { o.Rules.IgnoreCtime = true }
	p.Backup(ignore)
	p.Do(os.Link(p.Path("a"), p.Path("b")))
	res, rec := p.Backup(ignore)
	p.WantSame(res)
	if r := rec.Changes["a"]; r.Nlink != 2 || r.Change != record.Silent || r.Stored != record.Linked {
		t.Errorf("%d names, %v, %v", r.Nlink, r.Change, r.Stored)
	}
	p.Do(os.Remove(p.Path("b"))) // and another file like it in its place
	p.Write("b", "aaa")
	p.Do(os.Chtimes(p.Path("b"), backuptest.Fixed, backuptest.Fixed))
	if res, _ = p.Backup(ignore); res.Skipped {
		t.Fatal("no snapshot was made")
	}
	p.WantSame(res)
}

// TestRacyFileIsReadAgain changes a file within the window in which a time stamp proves nothing.
func TestRacyFileIsReadAgain(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "one")
	info, err := os.Lstat(p.Path("a"))
	p.Do(err)
	res, rec := p.Backup(func(o *backup.Options) { o.Start = time.Now() })
	if r := rec.Changes["a"]; !r.Has(record.Racy) {
		t.Fatal("a file written just now is not racy")
	}
	_ = res
	// A system with coarse clocks: another write, and no stamp differs. Only the flag can tell.
	p.Write("a", "two")
	p.Do(os.Chtimes(p.Path("a"), info.ModTime(), info.ModTime()))
	res, rec = p.Backup(func(o *backup.Options) { o.Rules.IgnoreCtime = true })
	if res.Skipped || rec.Changes["a"].Reason != record.ContentDiffers {
		t.Fatalf("a racy record was trusted: %+v", rec.Changes["a"])
	}
	p.WantSame(res)
	// The same once more, but no longer racy: --ignore-ctime is then what it says.
	info, err = os.Lstat(p.Path("a"))
	p.Do(err)
	p.Write("a", "six")
	p.Do(os.Chtimes(p.Path("a"), info.ModTime(), info.ModTime()))
	if res, _ = p.Backup(func(o *backup.Options) { o.Rules.IgnoreCtime = true }); !res.Skipped {
		t.Fatal("ctime was compared although it was not to be")
	}
	if res, _ = p.Backup(func(o *backup.Options) { o.Rules.Checksum = true }); res.Skipped {
		t.Fatal("--checksum did not read the file")
	}
}

// TestTamperedSnapshot changes files in an old snapshot behind snap's back: the next one is right all the
// same, and the change is told.
func TestTamperedSnapshot(t *testing.T) {
	p := backuptest.NewPlace(t)
	for _, f := range []string{"edited", "gone", "linked", "fine"} {
		p.Write(f, f)
	}
	first, _ := p.Backup()
	tree := p.Tree(first)
	backuptest.Unseal(tree)
	p.Do(os.WriteFile(filepath.Join(tree, "edited"), []byte("something else"), 0o644))
	p.Do(os.Remove(filepath.Join(tree, "gone")))
	p.Do(os.Remove(filepath.Join(tree, "linked")))
	p.Do(os.Symlink("/etc/passwd", filepath.Join(tree, "linked")))
	res, rec := p.Backup(backuptest.Force)
	p.WantSame(res)
	told := map[string]bool{}
	for _, pr := range res.Problems {
		told[pr.Path] = pr.Note
	}
	for _, f := range []string{"edited", "gone", "linked"} {
		if r := rec.Changes[f]; !told[f] || r.Change != record.Silent || r.Reason != record.OldCopyDamaged ||
			r.Stored != record.Copied {
			t.Errorf("%s: told %v, %v %v %v", f, told[f], r.Change, r.Reason, r.Stored)
		}
	}
	if res.Header.Linked != 1 || told["fine"] {
		t.Errorf("%d linked; %v", res.Header.Linked, told)
	}
}

// TestMissingSnapshot backs up after the user removed the newest snapshot's folder.
func TestMissingSnapshot(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	first, _ := p.Backup()
	p.Do(backuptest.RemoveAll(p.Tree(first)))
	res, _ := p.Backup() // although nothing changed
	if res.Skipped {
		t.Fatal("skipped, and no snapshot holds the source")
	}
	p.WantSame(res)
	if len(res.Problems) == 0 || !res.Problems[0].Note {
		t.Errorf("not told: %v", res.Problems)
	}
}
