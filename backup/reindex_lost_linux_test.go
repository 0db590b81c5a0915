package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"snap/backup"
	"snap/index"
	"snap/internal/file"
)

// TestLostInTheMiddle: of a snapshot neither set nor tree is left. What is lost is named, the next one is
// made of its tree, with the hashes that its own set knows, and all later ones are read from their sets.
func TestLostInTheMiddle(t *testing.T) {
	p := newPlace(t)
	for i := 1; i <= 5; i++ {
		p.write("all", fmt.Sprint("all ", i))
		p.write(fmt.Sprint("only", i), fmt.Sprint("only ", i))
		p.do(os.RemoveAll(p.path(fmt.Sprint("only", i-1))))
		p.dated()
	}
	_, before := p.knows()
	p.do(os.Remove(p.set(3)))
	p.do(os.RemoveAll(filepath.Join(p.dest, "s0003")))
	p.do(os.Remove(index.Path(p.dest)))
	res := p.reindex()
	if res.Snapshots != 4 || len(res.Lost) != 1 || res.Lost[0].Seq != 3 || len(res.FromTrees) != 1 || res.FromTrees[0].Name != "s0004" || res.FromTrees[0].Weak != 0 {
		t.Fatalf("%+v", res)
	}
	_, after := p.knows()
	wantSeen(t, "without 3", []map[string]index.Record{before[0], before[1], before[3], before[4]}, after)
	for path, r := range after[3] {
		if r.Kind == file.Regular && (!r.Has(index.Hashed) || r.Hash != before[4][path].Hash) {
			t.Errorf("%q lost its hash", path)
		}
	}
	// A second run has nothing to say: the set that was made names the snapshot it is relative to.
	if res := p.reindex(); res.Snapshots != 4 || len(res.Lost)+len(res.FromTrees) > 0 {
		t.Errorf("again: %+v", res)
	}
	p.wantSame(func() *backup.Result { r, _ := p.dated(force); return r }())
}

// TestLostAtTheEnd: a newest snapshot without anything left does not keep a backup from being made.
func TestLostAtTheEnd(t *testing.T) {
	p := newPlace(t)
	for i := range 3 {
		p.write("all", fmt.Sprint("all ", i))
		p.dated()
	}
	p.do(os.Truncate(p.set(3), 20))
	p.do(os.RemoveAll(filepath.Join(p.dest, "s0003")))
	p.do(os.Remove(index.Path(p.dest)))
	res := p.reindex()
	if res.Snapshots != 2 || len(res.Lost) != 1 {
		t.Fatalf("%+v", res)
	}
	made, _ := p.dated()
	p.wantSame(made)
	if made.Header.Seq != 4 {
		t.Errorf("the number of the lost snapshot was given again: %d", made.Header.Seq)
	}
	if _, err := os.Stat(p.set(3) + ".lost"); err != nil {
		t.Error(err)
	}
}

// TestRemovedByHand: a snapshot whose folder somebody removed is listed as before, wherever it is.
func TestRemovedByHand(t *testing.T) {
	for gone := 1; gone <= 3; gone++ {
		p := newPlace(t)
		for i := range 3 {
			p.write("all", fmt.Sprint("all ", i))
			p.dated()
		}
		p.do(os.RemoveAll(filepath.Join(p.dest, fmt.Sprintf("s%04d", gone))))
		heads, before := p.knows()
		p.do(os.Remove(index.Path(p.dest)))
		p.reindex()
		after, now := p.knows()
		if fmt.Sprint(heads) != fmt.Sprint(after) || fmt.Sprint(before) != fmt.Sprint(now) {
			t.Errorf("snapshot %d gone: %+v, want %+v", gone, after, heads)
		}
		made, _ := p.dated(force)
		p.wantSame(made)
	}
}

// TestReindexOverAnything: whatever stands in the place of the index, and of the one that was put aside.
func TestReindexOverAnything(t *testing.T) {
	p := newPlace(t)
	p.write("a", "a")
	p.dated()
	_, want := p.knows()
	folder := func(name string) { p.do(os.MkdirAll(filepath.Join(name, "in", "it"), 0o700)) }
	garbage := func(name string) { p.do(os.WriteFile(name, []byte(strings.Repeat("garbage", 9999)), 0o600)) }
	empty := func(name string) { p.do(os.WriteFile(name, nil, 0o600)) }
	link := func(name string) { p.do(os.Symlink("/nowhere", name)) }
	nothing := func(string) {}
	for i, now := range []func(string){folder, garbage, empty, link, nothing} {
		for j, old := range []func(string){folder, garbage, link, nothing} {
			p.do(os.RemoveAll(index.Path(p.dest)))
			p.do(os.RemoveAll(index.Path(p.dest) + ".old"))
			now(index.Path(p.dest))
			old(index.Path(p.dest) + ".old")
			folder(p.meta("tmp", "reindex")) // of a run that was killed
			p.reindex()
			if _, got := p.knows(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%d, %d: %v", i, j, got)
			}
			if left, _ := os.ReadDir(p.meta("tmp")); len(left) > 0 {
				t.Errorf("%d, %d: %v is left", i, j, left)
			}
		}
	}
	p.dated(force)
}

// TestReindexPublishes: a run died between the renames of its change set and its tree, and then the index
// was lost. The tree is whole and durable: it becomes a snapshot.
func TestReindexPublishes(t *testing.T) {
	for _, lost := range []bool{true, false} {
		p := newPlace(t)
		p.write("a", "a")
		p.dated()
		p.write("a", "b")
		res, _ := p.dated()
		p.do(os.Mkdir(p.meta("tmp", "work"), 0o700))
		p.do(os.Rename(p.tree(res), p.meta("tmp", "work", "tree")))
		if lost {
			p.do(os.Remove(index.Path(p.dest)))
		} else { // nothing but the index knows of it
			p.do(os.Rename(p.set(2), p.meta("tmp", "work", "changes")))
			db, err := index.Open(index.Path(p.dest))
			p.do(err)
			h := *res.Header
			h.State, h.Work = index.Prepared, "work"
			p.do(db.SetHeader(context.Background(), &h))
		}
		if r := p.reindex(); r.Snapshots != 2 {
			t.Fatalf("%+v", r)
		}
		p.wantSame(res)
		if res, _ := p.dated(); !res.Skipped {
			t.Error("the snapshot is not known")
		}
	}
}

// TestUnreadableSurvives: what was not in the tree because it could not be read is neither lost nor removed
// when another set is lost.
func TestUnreadableSurvives(t *testing.T) {
	p := newPlace(t)
	p.write("good", "good")
	p.write("bad", "bad")
	real := p.src
	p.src = oddfs(t, real, "-eio", "bad")
	p.dated()
	p.write("good", "better")
	p.dated()
	heads, before := p.knows()
	for seq := 1; seq <= 2; seq++ { // the second set is damaged behind the record of "bad", the first whole
		if seq == 1 {
			p.do(os.Remove(p.set(2)))
		} else {
			b, err := os.ReadFile(p.set(1))
			p.do(err)
			p.do(os.WriteFile(p.set(1), b[:len(b)-3], 0o600))
		}
		p.do(os.Remove(index.Path(p.dest)))
		p.reindex()
		after, now := p.knows()
		wantSeen(t, fmt.Sprint("round ", seq), before, now)
		for i := range heads {
			if after[i].Errors != heads[i].Errors {
				t.Errorf("round %d: snapshot %d has %d errors, want %d", seq, i, after[i].Errors, heads[i].Errors)
			}
		}
	}
}

// TestUnreadableSince: a file that was in the tree before and could not be read this time was not removed; the
// damaged set says so.
func TestUnreadableSince(t *testing.T) {
	p := newPlace(t)
	p.write("bad", "bad")
	p.write("good", strings.Repeat("good", 99))
	p.dated()
	p.src = oddfs(t, p.src, "-eio", "bad")
	p.do(os.Chmod(p.path("bad"), 0o600))
	p.dated(force, moved)
	heads, before := p.knows()
	b, err := os.ReadFile(p.set(2))
	p.do(err)
	p.do(os.WriteFile(p.set(2), b[:len(b)-3], 0o600))
	p.lose()
	p.reindex()
	after, now := p.knows()
	wantSeen(t, "unreadable since", before, now)
	if r := now[1]["bad"]; heads[1].Errors != 1 || after[1].Errors != 1 || !r.Has(index.Unreadable) {
		t.Errorf("%+v, want %+v", after[1], heads[1])
	}
}

// TestDestinationThatCannotHoldAll: owners that the destination does not keep are those of the index, also
// when a set is lost.
func TestDestinationThatCannotHoldAll(t *testing.T) {
	needRoot(t)
	p := newPlace(t)
	p.write("dir/a", "a")
	p.write("dir/b", "b")
	for _, path := range []string{"dir", "dir/a", "dir/b"} {
		p.do(os.Lchown(p.path(path), 1234, 1234))
	}
	p.dest = oddfs(t, p.dest, "-nochown")
	p.dated()
	p.write("dir/a", "another")
	p.dated()
	_, before := p.knows()
	p.lose(p.set(2))
	p.reindex()
	_, now := p.knows()
	if r := before[1]["dir/a"]; r.UID != 1234 {
		t.Fatalf("the index says %d", r.UID)
	}
	wantSeen(t, "no owners", before, now)
}

// TestSetsThatDoNotSay: change sets of a snap that did not write what they are relative to are read one
// after the other, but not across one that is lost.
func TestSetsThatDoNotSay(t *testing.T) {
	p := newPlace(t)
	for i := 1; i <= 4; i++ {
		p.write(fmt.Sprint("f", i), "text")
		p.dated()
		var all []index.Entry
		f, err := os.Open(p.set(i))
		p.do(err)
		r, err := index.NewChangeReader(f)
		p.do(err)
		for e, err := range r.All() {
			p.do(err)
			all = append(all, *e)
		}
		p.do(f.Close())
		var b bytes.Buffer
		h := *r.Final()
		h.Parent = 0
		w, err := index.NewChangeWriter(&b, &h)
		p.do(err)
		for i := range all {
			p.do(w.Add(all[i].Path, &all[i].Record))
		}
		p.do(w.End(&h))
		p.do(os.WriteFile(p.set(i), b.Bytes(), 0o600))
	}
	heads, before := p.knows()
	p.lose()
	if res := p.reindex(); res.Snapshots != 4 || len(res.FromTrees)+len(res.Lost) > 0 {
		t.Fatalf("%+v", res)
	}
	p.lose(filepath.Join(p.dest, heads[1].Name))
	p.do(os.Truncate(p.set(2), 30))
	if res := p.reindex(); res.Snapshots != 3 || len(res.FromTrees) != 1 || res.FromTrees[0].Seq != 3 || len(res.Lost) != 1 {
		t.Fatalf("%+v", res)
	}
	_, now := p.knows()
	wantSeen(t, "without 2", []map[string]index.Record{before[0], before[2], before[3]}, now)
}

// TestReindexKeepsHashesOfTheOldIndex: a set is damaged while the index is whole.
func TestReindexKeepsHashesOfTheOldIndex(t *testing.T) {
	p := newPlace(t)
	p.write("a", "a")
	p.dated()
	p.write("a", "b")
	p.write("b", "b")
	p.dated(func(o *backup.Options) { o.Tags, o.Host = []string{"t"}, "host" })
	heads, before := p.knows()
	p.do(os.Remove(p.set(2)))
	if res := p.reindex(); len(res.FromTrees) != 1 || res.FromTrees[0].Weak != 0 {
		t.Fatalf("%+v", res)
	}
	after, now := p.knows()
	wantSeen(t, "with the old index", before, now)
	if now[1]["a"].Hash != before[1]["a"].Hash || after[1].Host != "host" || !after[1].Finished.Equal(heads[1].Finished) || !slices.Equal(after[1].Tags, []string{"t"}) {
		t.Errorf("%+v", after[1])
	}
}

func TestReindexIsInterrupted(t *testing.T) {
	p := newPlace(t)
	p.write("a", "a")
	p.dated()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := backup.Reindex(ctx, p.dest, backup.ReindexOptions{}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if res, _ := p.dated(); !res.Skipped {
		t.Error("the index is another")
	}
}

// TestReindexWhereASetIsNoFile: what lies in the place of a change set and is none is neither waited for nor followed; the
// snapshot is read from its folder.
func TestReindexWhereASetIsNoFile(t *testing.T) {
	for what, put := range map[string]func(name string) error{
		"a FIFO": func(name string) error { return syscall.Mkfifo(name, 0o600) }, "a link": func(name string) error { return os.Symlink("/dev/zero", name) },
		"a link to nowhere": func(name string) error { return os.Symlink("nowhere", name) },
	} {
		p := newPlace(t)
		for i := range 3 {
			p.write("all", fmt.Sprint("all ", i))
			p.dated()
		}
		p.do(os.Remove(p.set(2)))
		p.do(put(p.set(2)))
		p.do(os.Remove(index.Path(p.dest)))
		if res := p.reindex(); res.Snapshots != 3 || len(res.FromTrees) != 1 || res.FromTrees[0].Seq != 2 {
			t.Errorf("%s: %+v", what, res)
		}
		if found := said(p.check(backup.CheckOptions{})); len(found) > 0 {
			t.Errorf("%s: %q", what, found)
		}
	}
}
