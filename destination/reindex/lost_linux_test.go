package reindex_test

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
	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/destination/reindex"
	"snap/index"
	"snap/internal/file"
	"snap/internal/filetest"
	"snap/record"
)

// TestLostInTheMiddle: of a snapshot neither set nor tree is left. What is lost is named, the next one is
// made of its tree, with the hashes that its own set knows, and all later ones are read from their sets.
func TestLostInTheMiddle(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i := 1; i <= 5; i++ {
		p.Write("all", fmt.Sprint("all ", i))
		p.Write(fmt.Sprint("only", i), fmt.Sprint("only ", i))
		p.Do(os.RemoveAll(p.Path(fmt.Sprint("only", i-1))))
		p.Dated()
	}
	_, before := p.Knows()
	p.Do(os.Remove(p.Set(3)))
	p.Do(backuptest.RemoveAll(filepath.Join(p.Dest, "s0003")))
	p.Do(os.Remove(index.Path(p.Dest)))
	res := p.Reindex()
	if res.Snapshots != 4 || len(res.Lost) != 1 || res.Lost[0].Seq != 3 || len(res.FromTrees) != 1 ||
		res.FromTrees[0].Name != "s0004" || res.FromTrees[0].Weak != 0 {
		t.Fatalf("%+v", res)
	}
	_, after := p.Knows()
	backuptest.WantSeen(t, "without 3", []map[string]record.Record{before[0], before[1], before[3], before[4]}, after)
	for path, r := range after[3] {
		if r.Kind == file.Regular && (!r.Has(record.Hashed) || r.Hash != before[4][path].Hash) {
			t.Errorf("%q lost its hash", path)
		}
	}
	// A second run has nothing to say: the set that was made names the snapshot it is relative to.
	if res := p.Reindex(); res.Snapshots != 4 || len(res.Lost)+len(res.FromTrees) > 0 {
		t.Errorf("again: %+v", res)
	}
	p.WantSame(func() *backup.Result { r, _ := p.Dated(backuptest.Force); return r }())
}

// TestLostAtTheEnd: a newest snapshot without anything left does not keep a backup from being made.
func TestLostAtTheEnd(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i := range 3 {
		p.Write("all", fmt.Sprint("all ", i))
		p.Dated()
	}
	p.Do(os.Truncate(p.Set(3), 20))
	p.Do(backuptest.RemoveAll(filepath.Join(p.Dest, "s0003")))
	p.Do(os.Remove(index.Path(p.Dest)))
	res := p.Reindex()
	if res.Snapshots != 2 || len(res.Lost) != 1 {
		t.Fatalf("%+v", res)
	}
	made, _ := p.Dated()
	p.WantSame(made)
	if made.Header.Seq != 4 {
		t.Errorf("the number of the lost snapshot was given again: %d", made.Header.Seq)
	}
	if _, err := os.Stat(p.Set(3) + ".lost"); err != nil {
		t.Error(err)
	}
}

// TestRemovedByHand: a snapshot whose folder somebody removed is listed as before, wherever it is.
func TestRemovedByHand(t *testing.T) {
	for gone := 1; gone <= 3; gone++ {
		p := backuptest.NewPlace(t)
		for i := range 3 {
			p.Write("all", fmt.Sprint("all ", i))
			p.Dated()
		}
		p.Do(backuptest.RemoveAll(filepath.Join(p.Dest, fmt.Sprintf("s%04d", gone))))
		heads, before := p.Knows()
		p.Do(os.Remove(index.Path(p.Dest)))
		p.Reindex()
		after, now := p.Knows()
		if fmt.Sprint(heads) != fmt.Sprint(after) || fmt.Sprint(before) != fmt.Sprint(now) {
			t.Errorf("snapshot %d gone: %+v, want %+v", gone, after, heads)
		}
		made, _ := p.Dated(backuptest.Force)
		p.WantSame(made)
	}
}

// TestReindexOverAnything: whatever stands in the place of the index, and of the one that was put aside.
func TestReindexOverAnything(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Dated()
	_, want := p.Knows()
	folder := func(name string) { p.Do(os.MkdirAll(filepath.Join(name, "in", "it"), 0o700)) }
	garbage := func(name string) { p.Do(os.WriteFile(name, []byte(strings.Repeat("garbage", 9999)), 0o600)) }
	empty := func(name string) { p.Do(os.WriteFile(name, nil, 0o600)) }
	link := func(name string) { p.Do(os.Symlink("/nowhere", name)) }
	nothing := func(string) {}
	for i, now := range []func(string){folder, garbage, empty, link, nothing} {
		for j, old := range []func(string){folder, garbage, link, nothing} {
			p.Do(os.RemoveAll(index.Path(p.Dest)))
			p.Do(os.RemoveAll(index.Path(p.Dest) + ".old"))
			now(index.Path(p.Dest))
			old(index.Path(p.Dest) + ".old")
			folder(p.Meta("tmp", "reindex")) // of a run that was killed
			p.Reindex()
			if _, got := p.Knows(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%d, %d: %v", i, j, got)
			}
			if left, _ := os.ReadDir(p.Meta("tmp")); len(left) > 0 {
				t.Errorf("%d, %d: %v is left", i, j, left)
			}
		}
	}
	p.Dated(backuptest.Force)
}

// TestReindexPublishes: a run died between the renames of its change set and its tree, and then the index
// was lost. The tree is whole and durable: it becomes a snapshot.
func TestReindexPublishes(t *testing.T) {
	for _, lost := range []bool{true, false} {
		p := backuptest.NewPlace(t)
		p.Write("a", "a")
		p.Dated()
		p.Write("a", "b")
		res, _ := p.Dated()
		p.Do(os.Mkdir(p.Meta("tmp", "work"), 0o700))
		backuptest.Unseal(p.Tree(res))
		p.Do(os.Rename(p.Tree(res), p.Meta("tmp", "work", "tree")))
		if lost {
			p.Do(os.Remove(index.Path(p.Dest)))
		} else { // nothing but the index knows of it
			p.Do(os.Rename(p.Set(2), p.Meta("tmp", "work", "changes")))
			db, err := index.Open(index.Path(p.Dest))
			p.Do(err)
			h := *res.Header
			h.State, h.Work = record.Prepared, "work"
			p.Do(db.SetHeader(context.Background(), &h))
		}
		if r := p.Reindex(); r.Snapshots != 2 {
			t.Fatalf("%+v", r)
		}
		p.WantSame(res)
		if res, _ := p.Dated(); !res.Skipped {
			t.Error("the snapshot is not known")
		}
	}
}

// TestUnreadableSurvives: what was not in the tree because it could not be read is neither lost nor removed
// when another set is lost.
func TestUnreadableSurvives(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("good", "good")
	p.Write("bad", "bad")
	real := p.Src
	p.Src = filetest.Oddfs(t, real, "-eio", "bad")
	p.Dated()
	p.Write("good", "better")
	p.Dated()
	heads, before := p.Knows()
	for seq := 1; seq <= 2; seq++ { // the second set is damaged behind the record of "bad", the first whole
		if seq == 1 {
			p.Do(os.Remove(p.Set(2)))
		} else {
			b, err := os.ReadFile(p.Set(1))
			p.Do(err)
			p.Do(os.WriteFile(p.Set(1), b[:len(b)-3], 0o600))
		}
		p.Do(os.Remove(index.Path(p.Dest)))
		p.Reindex()
		after, now := p.Knows()
		backuptest.WantSeen(t, fmt.Sprint("round ", seq), before, now)
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
	p := backuptest.NewPlace(t)
	p.Write("bad", "bad")
	p.Write("good", strings.Repeat("good", 99))
	p.Dated()
	p.Src = filetest.Oddfs(t, p.Src, "-eio", "bad")
	p.Do(os.Chmod(p.Path("bad"), 0o600))
	p.Dated(backuptest.Force, backuptest.Moved)
	heads, before := p.Knows()
	b, err := os.ReadFile(p.Set(2))
	p.Do(err)
	p.Do(os.WriteFile(p.Set(2), b[:len(b)-3], 0o600))
	p.Lose()
	p.Reindex()
	after, now := p.Knows()
	backuptest.WantSeen(t, "unreadable since", before, now)
	if r := now[1]["bad"]; heads[1].Errors != 1 || after[1].Errors != 1 || !r.Has(record.Unreadable) {
		t.Errorf("%+v, want %+v", after[1], heads[1])
	}
}

// TestDestinationThatCannotHoldAll: owners that the destination does not keep are those of the index, also
// when a set is lost.
func TestDestinationThatCannotHoldAll(t *testing.T) {
	filetest.NeedRoot(t)
	p := backuptest.NewPlace(t)
	p.Write("dir/a", "a")
	p.Write("dir/b", "b")
	for _, path := range []string{"dir", "dir/a", "dir/b"} {
		p.Do(os.Lchown(p.Path(path), 1234, 1234))
	}
	p.Dest = filetest.Oddfs(t, p.Dest, "-nochown")
	p.Dated()
	p.Write("dir/a", "another")
	p.Dated()
	_, before := p.Knows()
	p.Lose(p.Set(2))
	p.Reindex()
	_, now := p.Knows()
	if r := before[1]["dir/a"]; r.UID != 1234 {
		t.Fatalf("the index says %d", r.UID)
	}
	backuptest.WantSeen(t, "no owners", before, now)
}

// TestSetsThatDoNotSay: change sets of a snap that did not write what they are relative to are read one
// after the other, but not across one that is lost.
func TestSetsThatDoNotSay(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i := 1; i <= 4; i++ {
		p.Write(fmt.Sprint("f", i), "text")
		p.Dated()
		var all []record.Entry
		f, err := os.Open(p.Set(i))
		p.Do(err)
		r, err := record.NewChangeReader(f)
		p.Do(err)
		for e, err := range r.All() {
			p.Do(err)
			all = append(all, *e)
		}
		p.Do(f.Close())
		var b bytes.Buffer
		h := *r.Final()
		h.Parent = 0
		w, err := record.NewChangeWriter(&b, &h)
		p.Do(err)
		for i := range all {
			p.Do(w.Add(all[i].Path, &all[i].Record))
		}
		p.Do(w.End(&h))
		p.Do(os.WriteFile(p.Set(i), b.Bytes(), 0o600))
	}
	heads, before := p.Knows()
	p.Lose()
	if res := p.Reindex(); res.Snapshots != 4 || len(res.FromTrees)+len(res.Lost) > 0 {
		t.Fatalf("%+v", res)
	}
	p.Lose(filepath.Join(p.Dest, heads[1].Name))
	p.Do(os.Truncate(p.Set(2), 30))
	if res := p.Reindex(); res.Snapshots != 3 || len(res.FromTrees) != 1 || res.FromTrees[0].Seq != 3 ||
		len(res.Lost) != 1 {
		t.Fatalf("%+v", res)
	}
	_, now := p.Knows()
	backuptest.WantSeen(t, "without 2", []map[string]record.Record{before[0], before[2], before[3]}, now)
}

// TestReindexKeepsHashesOfTheOldIndex: a set is damaged while the index is whole.
func TestReindexKeepsHashesOfTheOldIndex(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Dated()
	p.Write("a", "b")
	p.Write("b", "b")
	p.Dated(func(o *backup.Options) { o.Tags, o.Host = []string{"t"}, "host" })
	heads, before := p.Knows()
	p.Do(os.Remove(p.Set(2)))
	if res := p.Reindex(); len(res.FromTrees) != 1 || res.FromTrees[0].Weak != 0 {
		t.Fatalf("%+v", res)
	}
	after, now := p.Knows()
	backuptest.WantSeen(t, "with the old index", before, now)
	if now[1]["a"].Hash != before[1]["a"].Hash || after[1].Host != "host" || !after[1].Finished.Equal(heads[1].Finished) ||
		!slices.Equal(after[1].Tags, []string{"t"}) {
		t.Errorf("%+v", after[1])
	}
}

func TestReindexIsInterrupted(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Dated()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := reindex.Run(ctx, p.Dest, reindex.Options{}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if res, _ := p.Dated(); !res.Skipped {
		t.Error("the index is another")
	}
}

// TestReindexWhereASetIsNoFile: what lies in the place of a change set and is none is neither waited for nor
// followed; the snapshot is read from its folder.
func TestReindexWhereASetIsNoFile(t *testing.T) {
	for what, put := range map[string]func(name string) error{
		"a FIFO":            func(name string) error { return syscall.Mkfifo(name, 0o600) },
		"a link":            func(name string) error { return os.Symlink("/dev/zero", name) },
		"a link to nowhere": func(name string) error { return os.Symlink("nowhere", name) },
		"a folder":          func(name string) error { return os.MkdirAll(name+"/with/things", 0o700) },
	} {
		p := backuptest.NewPlace(t)
		for i := range 3 {
			p.Write("all", fmt.Sprint("all ", i))
			p.Dated()
		}
		p.Do(os.Remove(p.Set(2)))
		p.Do(put(p.Set(2)))
		p.Do(os.Remove(index.Path(p.Dest)))
		if res := p.Reindex(); res.Snapshots != 3 || len(res.FromTrees) != 1 || res.FromTrees[0].Seq != 2 {
			t.Errorf("%s: %+v", what, res)
		}
		if found := backuptest.Said(p.Check(check.Options{})); len(found) > 0 {
			t.Errorf("%s: %q", what, found)
		}
		if _, err := os.Stat(p.Set(2) + ".replaced/with/things"); what == "a folder" && err != nil {
			t.Error(err)
		}
	}
}

// TestAFolderWhereASetIs: what a repair, a deletion and new labels write, remove or replace may be a folder of
// somebody's by now. It is put aside, each time.
func TestAFolderWhereASetIs(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i := range 3 {
		p.Write("all", fmt.Sprint("all ", i))
		p.Dated()
	}
	folder := func(name string) {
		p.Do(os.RemoveAll(name))
		p.Do(os.MkdirAll(name+"/with/things", 0o700))
	}
	folder(p.Set(2))
	if res := p.Check(check.Options{Repair: true}); res.Errors != 0 || res.Repaired != 1 {
		t.Errorf("%+v", res)
	}
	folder(p.Set(2))
	folder(p.Set(2) + ".labels")
	d := p.Open()
	all, err := d.DB.Snapshots(context.Background())
	p.Do(err)
	p.Do(d.SetLabels(context.Background(), all[1].Name, []string{"a"}, "note"))
	p.Do(d.Close())
	p.Remove(all[1].Name)
	p.WantSaid(p.Check(check.Options{}))
	for _, name := range []string{".replaced", ".2.replaced", ".labels.replaced"} {
		if _, err := os.Stat(p.Set(2) + name + "/with/things"); err != nil {
			t.Error(err)
		}
	}
}
