package backup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"snap/backup"
	"snap/index"
)

// TestDetection makes one change after a first backup and says what the second must make of it.
func TestDetection(t *testing.T) {
	type want struct {
		path   string
		change index.Change
		stored index.Stored
		from   string
	}
	tests := []struct {
		name string
		do   func(p *place)
		want []want
	}{
		{"same size and time, other content, in place", func(p *place) { p.rewrite("a", "AAA") },
			[]want{{"a", index.Modified, index.Copied, ""}}},
		{"same size and time, other content, another inode", func(p *place) {
			p.write("new", "AAA")
			p.do(os.Chtimes(p.path("new"), fixed, fixed))
			p.do(os.Rename(p.path("new"), p.path("a")))
		}, []want{{"a", index.Modified, index.Copied, ""}}},
		{"same size and time, other content, the inode reused", func(p *place) {
			p.do(os.Remove(p.path("a")))
			p.write("a", "AAA")
			p.do(os.Chtimes(p.path("a"), fixed, fixed))
		}, []want{{"a", index.Modified, index.Copied, ""}}},
		{"two files swapped", func(p *place) {
			p.do(os.Rename(p.path("a"), p.path("x")))
			p.do(os.Rename(p.path("b"), p.path("a")))
			p.do(os.Rename(p.path("x"), p.path("b")))
		}, []want{{"a", index.Moved, index.Linked, "b"}, {"b", index.Moved, index.Linked, "a"}}},
		{"renamed", func(p *place) { p.do(os.Rename(p.path("a"), p.path("z"))) },
			[]want{{"z", index.Moved, index.Linked, "a"}}},
		{"renamed and edited, size and time kept", func(p *place) {
			p.rewrite("a", "AAA")
			p.do(os.Rename(p.path("a"), p.path("z")))
		}, []want{{"z", index.Moved, index.Copied, "a"}}},
		{"renamed over another", func(p *place) { p.do(os.Rename(p.path("a"), p.path("b"))) },
			[]want{{"b", index.Moved, index.Linked, "a"}}},
		{"renamed and its mode changed", func(p *place) {
			p.do(os.Rename(p.path("a"), p.path("z")))
			p.do(os.Chmod(p.path("z"), 0o600))
		}, []want{{"z", index.Moved, index.Copied, "a"}}},
		{"moved across file systems: a copy with its time, the original gone", func(p *place) {
			p.write("z", "aaa")
			p.do(os.Chtimes(p.path("z"), fixed, fixed))
			p.do(os.Remove(p.path("a")))
		}, []want{{"z", index.Moved, index.Linked, "a"}}},
		{"a copy with its time, the original still there", func(p *place) {
			p.write("z", "aaa")
			p.do(os.Chtimes(p.path("z"), fixed, fixed))
		}, []want{{"z", index.Added, index.Copied, ""}}},
		{"another hard link", func(p *place) { p.do(os.Link(p.path("a"), p.path("z"))) },
			[]want{{"a", index.Silent, index.Linked, ""}, {"z", index.Added, index.Linked, "a"}}},
		{"mode changed", func(p *place) { p.do(os.Chmod(p.path("a"), 0o600)) },
			[]want{{"a", index.Metadata, index.Copied, ""}}},
		{"touched", func(p *place) { p.do(os.Chtimes(p.path("a"), fixed.Add(1), fixed.Add(1))) },
			[]want{{"a", index.Metadata, index.Copied, ""}}},
		{"replaced by a folder", func(p *place) {
			p.do(os.Remove(p.path("a")))
			p.do(os.Mkdir(p.path("a"), 0o755))
		}, []want{{"a", index.TypeChanged, index.Made, ""}}},
		{"replaced by a link", func(p *place) {
			p.do(os.Remove(p.path("a")))
			p.do(os.Symlink("b", p.path("a")))
		}, []want{{"a", index.TypeChanged, index.Made, ""}}},
		{"replaced by a FIFO", func(p *place) {
			p.do(os.Remove(p.path("a")))
			p.do(syscall.Mkfifo(p.path("a"), 0o600))
		}, []want{{"a", index.TypeChanged, index.Made, ""}}},
		{"a folder replaced by a file", func(p *place) {
			p.do(os.RemoveAll(p.path("dir")))
			p.write("dir", "x")
		}, []want{{"dir", index.TypeChanged, index.Copied, ""}, {"dir/c", index.Removed, index.Absent, ""}}},
		{"a folder renamed", func(p *place) { p.do(os.Rename(p.path("dir"), p.path("folder"))) },
			[]want{
				{"folder", index.Moved, index.Made, "dir"}, {"folder/c", index.Moved, index.Linked, "dir/c"}}},
		{"an empty folder came", func(p *place) { p.do(os.Mkdir(p.path("void"), 0o755)) },
			[]want{{"void", index.Added, index.Made, ""}}},
		{"a link's target changed", func(p *place) {
			p.do(os.Remove(p.path("link")))
			p.do(os.Symlink("b", p.path("link")))
		}, []want{{"link", index.Modified, index.Made, ""}}},
		{"nothing but a folder's time", func(p *place) { p.do(os.Chtimes(p.path("dir"), fixed, fixed)) }, nil},
		{"an equal file with another inode", func(p *place) {
			p.write("new", "aaa")
			p.do(os.Chtimes(p.path("new"), fixed, fixed))
			p.do(os.Rename(p.path("new"), p.path("a")))
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			for _, f := range []string{"a", "b", "dir/c"} {
				p.write(f, f[len(f)-1:]+f[len(f)-1:]+f[len(f)-1:])
				p.do(os.Chtimes(p.path(f), fixed, fixed))
			}
			p.do(os.Symlink("a", p.path("link")))
			first, _ := p.backup()
			before := listing(t, p.tree(first))
			tt.do(p)
			res, rec := p.backup()
			if res.Skipped != (tt.want == nil) {
				t.Fatalf("skipped %v; records %v", res.Skipped, rec.changes)
			}
			if d := difference(before, listing(t, p.tree(first))); d != "" {
				t.Errorf("the first snapshot changed:\n%s", d)
			}
			if tt.want == nil {
				return
			}
			p.wantSame(res)
			for _, w := range tt.want {
				r, ok := rec.changes[w.path]
				if !ok || r.Change != w.change || r.Stored != w.stored || r.From != w.from {
					t.Errorf("%s: %v %v from %q (%v), want %v %v from %q", w.path, r.Change, r.Stored, r.From, r.Reason, w.change, w.stored, w.from)
				}
				delete(rec.changes, w.path)
			}
			for path, r := range rec.changes {
				if r.Change != index.Silent {
					t.Errorf("%s: %v, which nobody wanted", path, r.Change)
				}
			}
			if again, rec := p.backup(); !again.Skipped {
				t.Errorf("a third run found changes: %v", rec.changes)
			}
		})
	}
}

// TestRecreatedTree removes 300 files of one size and time and makes others in their place, under the
// same and under permuted names: ext4 hands the freed inodes straight out again.
func TestRecreatedTree(t *testing.T) {
	for _, permuted := range []bool{false, true} {
		t.Run(fmt.Sprintf("permuted=%v", permuted), func(t *testing.T) {
			p := newPlace(t)
			fill := func(offset, shift int) {
				for i := range 300 {
					name := fmt.Sprintf("pkg/f%03d", (i+shift)%300)
					p.write(name, fmt.Sprintf("content %06d", i+offset))
					p.do(os.Chtimes(p.path(name), fixed, fixed))
				}
			}
			fill(0, 0)
			p.backup()
			p.do(os.RemoveAll(p.path("pkg")))
			shift := 0
			if permuted {
				shift = 7
			}
			fill(1000, shift)
			res, rec := p.backup()
			p.wantSame(res)
			for path, r := range rec.changes {
				if r.Stored == index.Linked {
					t.Errorf("%s was linked: %v", path, r.Reason)
				}
			}
			// The same contents under other names are moves, and cost no bytes.
			p.do(os.RemoveAll(p.path("pkg")))
			fill(1000, shift+1)
			res, _ = p.backup()
			p.wantSame(res)
		})
	}
}

// TestMigratedSource backs up a copy of the source, as cp -a to a new disk makes it: everything is linked
// after one read, and the new identities are learned.
func TestMigratedSource(t *testing.T) {
	p := newPlace(t)
	for i := range 50 {
		name := fmt.Sprintf("d%d/f%d", i%5, i)
		p.write(name, fmt.Sprint("text ", i))
		p.do(os.Chtimes(p.path(name), fixed, fixed))
	}
	p.do(os.Link(p.path("d0/f0"), p.path("d1/other")))
	p.backup()
	for path := range listing(t, p.src) {
		if info, err := os.Lstat(p.path(path)); err == nil && info.Mode().IsRegular() && path != "d1/other" {
			b, err := os.ReadFile(p.path(path))
			p.do(err)
			p.do(os.WriteFile(p.path(path)+"~", b, 0o644))
			p.do(os.Chtimes(p.path(path)+"~", info.ModTime(), info.ModTime()))
			p.do(os.Rename(p.path(path)+"~", p.path(path)))
		}
	}
	p.do(os.Remove(p.path("d1/other")))
	p.do(os.Link(p.path("d0/f0"), p.path("d1/other")))
	res, rec := p.backup(force)
	p.wantSame(res)
	if res.Header.CopiedBytes != 0 {
		t.Errorf("%d bytes copied: %v", res.Header.CopiedBytes, rec.changes)
	}
	if res, rec := p.backup(); !res.Skipped {
		t.Errorf("not learned: %v", rec.changes)
	}
}

// TestHardLinksWithoutCtime: which names share an inode is seen although changes of the ctime are ignored.
func TestHardLinksWithoutCtime(t *testing.T) {
	p := newPlace(t)
	p.write("a", "aaa")
	p.do(os.Chtimes(p.path("a"), fixed, fixed))
	ignore := func(o *backup.Options) { o.Rules.IgnoreCtime = true }
	p.backup(ignore)
	p.do(os.Link(p.path("a"), p.path("b")))
	res, rec := p.backup(ignore)
	p.wantSame(res)
	if r := rec.changes["a"]; r.Nlink != 2 || r.Change != index.Silent || r.Stored != index.Linked {
		t.Errorf("%d names, %v, %v", r.Nlink, r.Change, r.Stored)
	}
	p.do(os.Remove(p.path("b"))) // and another file like it in its place
	p.write("b", "aaa")
	p.do(os.Chtimes(p.path("b"), fixed, fixed))
	if res, _ = p.backup(ignore); res.Skipped {
		t.Fatal("no snapshot was made")
	}
	p.wantSame(res)
}

// TestRacyFileIsReadAgain changes a file within the window in which a time stamp proves nothing.
func TestRacyFileIsReadAgain(t *testing.T) {
	p := newPlace(t)
	p.write("a", "one")
	info, err := os.Lstat(p.path("a"))
	p.do(err)
	res, rec := p.backup(func(o *backup.Options) { o.Start = time.Now() })
	if r := rec.changes["a"]; !r.Has(index.Racy) {
		t.Fatal("a file written just now is not racy")
	}
	_ = res
	// A system with coarse clocks: another write, and no stamp differs. Only the flag can tell.
	p.write("a", "two")
	p.do(os.Chtimes(p.path("a"), info.ModTime(), info.ModTime()))
	res, rec = p.backup(func(o *backup.Options) { o.Rules.IgnoreCtime = true })
	if res.Skipped || rec.changes["a"].Reason != index.ContentDiffers {
		t.Fatalf("a racy record was trusted: %+v", rec.changes["a"])
	}
	p.wantSame(res)
	// The same once more, but no longer racy: --ignore-ctime is then what it says.
	info, err = os.Lstat(p.path("a"))
	p.do(err)
	p.write("a", "six")
	p.do(os.Chtimes(p.path("a"), info.ModTime(), info.ModTime()))
	if res, _ = p.backup(func(o *backup.Options) { o.Rules.IgnoreCtime = true }); !res.Skipped {
		t.Fatal("ctime was compared although it was not to be")
	}
	if res, _ = p.backup(func(o *backup.Options) { o.Rules.Checksum = true }); res.Skipped {
		t.Fatal("--checksum did not read the file")
	}
}

// TestTamperedSnapshot changes files in an old snapshot behind snap's back: the next one is right all the
// same, and the change is told.
func TestTamperedSnapshot(t *testing.T) {
	p := newPlace(t)
	for _, f := range []string{"edited", "gone", "linked", "fine"} {
		p.write(f, f)
	}
	first, _ := p.backup()
	tree := p.tree(first)
	p.do(os.WriteFile(filepath.Join(tree, "edited"), []byte("something else"), 0o644))
	p.do(os.Remove(filepath.Join(tree, "gone")))
	p.do(os.Remove(filepath.Join(tree, "linked")))
	p.do(os.Symlink("/etc/passwd", filepath.Join(tree, "linked")))
	res, rec := p.backup(force)
	p.wantSame(res)
	told := map[string]bool{}
	for _, pr := range res.Problems {
		told[pr.Path] = pr.Note
	}
	for _, f := range []string{"edited", "gone", "linked"} {
		if r := rec.changes[f]; !told[f] || r.Change != index.Silent || r.Reason != index.OldCopyDamaged || r.Stored != index.Copied {
			t.Errorf("%s: told %v, %v %v %v", f, told[f], r.Change, r.Reason, r.Stored)
		}
	}
	if res.Header.Linked != 1 || told["fine"] {
		t.Errorf("%d linked; %v", res.Header.Linked, told)
	}
}

// TestMissingSnapshot backs up after the user removed the newest snapshot's folder.
func TestMissingSnapshot(t *testing.T) {
	p := newPlace(t)
	p.write("a", "a")
	first, _ := p.backup()
	p.do(os.RemoveAll(p.tree(first)))
	res, _ := p.backup() // although nothing changed
	if res.Skipped {
		t.Fatal("skipped, and no snapshot holds the source")
	}
	p.wantSame(res)
	if len(res.Problems) == 0 || !res.Problems[0].Note {
		t.Errorf("not told: %v", res.Problems)
	}
}
