package backup_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/backup/source"
	"snap/destination"
	"snap/destination/check"
	"snap/filter"
	"snap/internal/long"
	"snap/record"
)

// TestLawsOfSources mutates a tree at random and backs up other parts of it each time: the snapshot is those parts,
// and the folders that lead there; a file that was in the snapshot before, and is as it was, is linked wherever it is
// now; older snapshots stay; a second run finds nothing.
func TestLawsOfSources(t *testing.T) {
	sets := [][]string{{"x/one/"}, {"x/one", "y"}, {"x", "y/in"}, {"f", "x/two"}, {"x/one", "x/two", "y"}, {"x", "x/one"},
		{"f"}, {"y/"}}
	long.Check(t, 8, func(rt *rapid.T) {
		p := backuptest.NewPlace(t)
		m := &backuptest.Mutator{P: p, R: rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 2)),
			Old: time.Unix(500000000, 0), Did: map[string]int{}}
		kept := map[string]map[string]backuptest.Entry{}
		type version struct{ ino, ctime uint64 }
		copies := map[version]uint64{} // in the snapshot before
		for range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			for range m.R.IntN(12) {
				backuptest.Mutations[m.R.IntN(len(backuptest.Mutations))].Do(m)
			}
			for _, d := range []string{"x/one", "x/two", "y/in"} {
				for dir := d; dir != "."; dir = filepath.Dir(dir) {
					if info, err := os.Lstat(p.Path(dir)); err == nil && !info.IsDir() {
						p.Do(os.Remove(p.Path(dir)))
					}
				}
				p.Do(os.MkdirAll(p.Path(d), 0o755))
				if _, err := os.Lstat(p.Path(d + "/keep")); err != nil {
					p.Do(os.WriteFile(p.Path(d+"/keep"), m.Text(), 0o644))
				}
			}
			if _, err := os.Lstat(p.Path("f")); err != nil {
				p.Do(os.WriteFile(p.Path("f"), m.Text(), 0o644))
			}
			set := sets[m.R.IntN(len(sets))]
			of := p.Of(set...)
			var o backup.Options
			of(&o)
			res, _ := p.Backup(of, backuptest.Moved, backuptest.Empty, backuptest.Force)
			want := map[string]backuptest.Entry{}
			for path, e := range backuptest.Listing(t, o.Source) {
				if o.Scan.Roots.Place(path) != record.Outside {
					want[path] = e
				}
			}
			tree := backuptest.Listing(t, p.Tree(res))
			if d := backuptest.Difference(unlinked(want), unlinked(tree)); d != "" {
				rt.Fatalf("%q: the snapshot is not the sources:\n%s", set, d)
			}
			for name, was := range kept {
				if d := backuptest.Difference(was, backuptest.Listing(t, filepath.Join(p.Dest, name))); d != "" {
					rt.Fatalf("%q: snapshot %s is not as it was:\n%s", set, name, d)
				}
			}
			kept[res.Header.Name] = tree
			now := map[version]uint64{}
			for path, e := range tree {
				info, err := os.Lstat(filepath.Join(o.Source, path))
				p.Do(err)
				s := info.Sys().(*syscall.Stat_t)
				if !info.Mode().IsRegular() || s.Nlink > 1 {
					continue
				}
				v := version{s.Ino, uint64(s.Ctim.Nano())}
				now[v] = e.Ino
				if was, ok := copies[v]; ok && was != e.Ino {
					rt.Fatalf("%q: %q is as it was in the snapshot before, and was copied", set, path)
				}
			}
			copies = now
			if res, _ := p.Backup(of, backuptest.Empty); !res.Skipped {
				rt.Fatalf("%q: a second run found changes", set)
			}
			p.N--
		}
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
		p.Do(os.RemoveAll(p.Src))
		p.Do(backuptest.RemoveAll(p.Dest))
	})
}

// unlinked is a listing without the names that share inodes: some of them may be outside of the sources.
func unlinked(all map[string]backuptest.Entry) map[string]backuptest.Entry {
	out := map[string]backuptest.Entry{}
	for path, e := range all {
		e.Links = ""
		out[path] = e
	}
	return out
}

// TestOtherSourcesAreRefused: before anything is read, unless they are the same folder in another spelling.
func TestOtherSourcesAreRefused(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a/f", "1")
	p.Write("b/g", "2")
	p.Write("c", "3")
	p.Do(os.Symlink("a", p.Path("link")))
	var guard *destination.GuardError
	p.Backup(p.Of("a/"))
	for _, set := range [][]string{{"b/"}, {"a", "b"}, {"c"}, {"a"}} {
		for _, dry := range []bool{false, true} {
			_, rec, err := p.Try(p.Of(set...), func(o *backup.Options) { o.DryRun = dry })
			same := len(set) == 1 && set[0] == "a" // the same folder, below another: only its paths are others
			if !same && (!errors.As(err, &guard) || !strings.Contains(guard.Hint, "--source-moved") || len(rec.Changes) > 0) {
				t.Errorf("%q: %v", set, err)
			}
		}
	}
	p.Backup(p.Of("link/"))
	p.Backup(p.Of("a", "b", "c"), backuptest.Moved)
	if _, _, err := p.Try(p.Of("a/")); !errors.As(err, &guard) {
		t.Errorf("fewer: %v", err)
	}
	// The way back is linked too.
	res, _ := p.Backup(p.Of("a/"), backuptest.Moved)
	if res.Header.CopiedBytes != 0 || res.Header.Moved != 1 {
		t.Errorf("back: %+v", res.Header)
	}
	// What is in no source any more is gone, even if it is there: another name of it has moved.
	p.Backup(p.Of("a", "b"), backuptest.Moved)
	p.Do(os.Link(p.Path("b/g"), p.Path("a/h")))
	if res, rec := p.Backup(p.Of("a", "c"), backuptest.Moved); rec.Changes["a/h"].Change != record.Moved ||
		rec.Changes["a/h"].From != "b/g" {
		t.Errorf("%+v: %+v", res.Header, rec.Changes["a/h"])
	}
}

// TestMovedSourceIsRemembered: also where nothing in it has changed, so that the run after it asks for no flag.
func TestMovedSourceIsRemembered(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a/f", "1")
	p.Backup(p.Of("a/"))
	p.Do(os.Rename(p.Path("a"), p.Path("b")))
	if res, _ := p.Backup(p.Of("b/"), backuptest.Moved); res.Skipped || res.Header.Source != p.Path("b") ||
		res.Header.CopiedBytes != 0 {
		t.Errorf("moved: %+v", res)
	}
	for range 2 {
		if res, _ := p.Backup(p.Of("b/")); !res.Skipped {
			t.Errorf("and then: %+v", res.Header)
		}
	}
	if res, _ := p.Backup(p.Of("b/"), backuptest.Moved); !res.Skipped {
		// the flag alone, forgotten in a crontab, makes none
		t.Errorf("the same source: %+v", res.Header)
	}
}

// TestASourceAmongOthers that is gone, or empty and was not, is refused as a whole.
func TestASourceAmongOthers(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a/f", "1")
	p.Write("b/g", "2")
	p.Do(os.Mkdir(p.Path("e"), 0o755))
	var guard *destination.GuardError
	var missing *source.MissingError
	all := p.Of("a", "b", "e")
	if _, _, err := p.Try(all); !errors.As(err, &guard) || !errors.Is(err, source.ErrEmpty) ||
		!strings.HasPrefix(guard.Why, p.Path("e")+":") {
		t.Errorf("one was always empty: %v", err)
	}
	p.Backup(all, backuptest.Empty)
	if res, _ := p.Backup(all); !res.Skipped { // it was as empty before
		t.Error("changes")
	}
	p.Do(os.Rename(p.Path("b/g"), p.Path("g")))
	if _, _, err := p.Try(all); !errors.As(err, &guard) ||
		!strings.Contains(guard.Why, p.Path("b")+": the source is empty, and it was not") {
		t.Errorf("one is empty now: %v", err)
	}
	p.Do(os.Remove(p.Path("b")))
	if _, _, err := p.Try(all); !errors.As(err, &missing) || missing.Path != p.Path("b") ||
		!errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one is gone: %v", err)
	}
	p.Do(os.WriteFile(p.Path("b"), []byte("a file now"), 0o644))
	if _, _, err := p.Try(all); !errors.As(err, &guard) || !errors.Is(err, source.ErrReplaced) {
		t.Errorf("one is a file now: %v", err)
	}
	if res, _ := p.Backup(all, backuptest.Moved); res.Header.Removed != 1 {
		t.Errorf("one is a file now, and that is meant: %+v", res.Header)
	}
}

// TestEverythingLeftOut is refused with what says so; what the whitelist takes in is enough.
func TestEverythingLeftOut(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a/f", "1")
	p.Write("b/g", "2")
	with := func(exclude, include string, roots ...string) func(*backup.Options) {
		c := filter.Context{Source: p.Src, Roots: roots}
		lines := func(name, text string) []*filter.Rule {
			rules, err := filter.Parse(name, strings.NewReader(text), c)
			p.Do(err)
			return rules
		}
		set := filter.New(lines("black", exclude), lines("white", include), c)
		return func(o *backup.Options) { o.Scan.Filter, o.Scan.Roots = set, roots }
	}
	for _, c := range []struct {
		o   func(*backup.Options)
		why string
	}{
		{with("x\n*", ""), "everything in it is left out: black:2: *"},
		{with("/a\n^.*/b", ""), "everything in it is left out: black:1: /a, black:2: ^.*/b"},
		{with("*", "none"), "black:1: *"},
		{with("g", "", "a", "b"), p.Path("b") + ": everything in it is left out: black:1: g"},
		{func(o *backup.Options) { o.Scan.Larger, o.Source = 1, p.Path("a"); p.Write("a/f", "12") },
			"left out: exclude_larger_than"},
	} {
		var guard *destination.GuardError
		if _, _, err := p.Try(c.o); !errors.As(err, &guard) || !strings.Contains(guard.Why, c.why) {
			t.Errorf("%s: %v", c.why, err)
		}
	}
	for _, o := range []func(*backup.Options){with("*", "/a/f"), with("f", ""), with("*\n!x"[:1], "g"),
		with("f", "f", "a", "b")} {
		if _, _, err := p.Try(o, backuptest.Moved); err != nil {
			t.Error(err)
		}
	}
}

// TestRepairFromSeveralSources: the live sources have the bytes.
func TestRepairFromSeveralSources(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a/f", "some text")
	p.Write("b/g", "more")
	res, _ := p.Backup(p.Of("a", "b"))
	victim := filepath.Join(p.Tree(res), "a/f")
	info, err := os.Lstat(victim)
	p.Do(err)
	p.Do(os.WriteFile(victim, []byte("SOME TEXT"), 0o644))
	p.Do(os.Chtimes(victim, info.ModTime(), info.ModTime()))
	got := p.Check(check.Options{Read: backuptest.ReadAll, Repair: true})
	p.WantFrom(got, "a/f", "source")
	p.WantSame(res)
}
