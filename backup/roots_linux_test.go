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
	"snap/filter"
	"snap/index"
	"snap/internal/long"
)

// TestLawsOfSources mutates a tree at random and backs up other parts of it each time: the snapshot is those parts, and the
// folders that lead there; a file that was in the snapshot before, and is as it was, is linked wherever it is now; older
// snapshots stay; a second run finds nothing.
func TestLawsOfSources(t *testing.T) {
	sets := [][]string{{"x/one/"}, {"x/one", "y"}, {"x", "y/in"}, {"f", "x/two"}, {"x/one", "x/two", "y"}, {"x", "x/one"}, {"f"}, {"y/"}}
	long.Check(t, 8, func(rt *rapid.T) {
		p := newPlace(t)
		m := &mutator{p: p, r: rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 2)), old: time.Unix(500000000, 0), did: map[string]int{}}
		kept := map[string]map[string]entry{}
		type version struct{ ino, ctime uint64 }
		copies := map[version]uint64{} // in the snapshot before
		for range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			for range m.r.IntN(12) {
				mutations[m.r.IntN(len(mutations))].do(m)
			}
			for _, d := range []string{"x/one", "x/two", "y/in"} {
				for dir := d; dir != "."; dir = filepath.Dir(dir) {
					if info, err := os.Lstat(p.path(dir)); err == nil && !info.IsDir() {
						p.do(os.Remove(p.path(dir)))
					}
				}
				p.do(os.MkdirAll(p.path(d), 0o755))
				if _, err := os.Lstat(p.path(d + "/keep")); err != nil {
					p.do(os.WriteFile(p.path(d+"/keep"), m.text(), 0o644))
				}
			}
			if _, err := os.Lstat(p.path("f")); err != nil {
				p.do(os.WriteFile(p.path("f"), m.text(), 0o644))
			}
			set := sets[m.r.IntN(len(sets))]
			of := p.of(set...)
			var o backup.Options
			of(&o)
			res, _ := p.backup(of, moved, empty, force)
			want := map[string]entry{}
			for path, e := range listing(t, o.Source) {
				if o.Scan.Roots.Place(path) != index.Outside {
					want[path] = e
				}
			}
			tree := listing(t, p.tree(res))
			if d := difference(unlinked(want), unlinked(tree)); d != "" {
				rt.Fatalf("%q: the snapshot is not the sources:\n%s", set, d)
			}
			for name, was := range kept {
				if d := difference(was, listing(t, filepath.Join(p.dest, name))); d != "" {
					rt.Fatalf("%q: snapshot %s is not as it was:\n%s", set, name, d)
				}
			}
			kept[res.Header.Name] = tree
			now := map[version]uint64{}
			for path, e := range tree {
				info, err := os.Lstat(filepath.Join(o.Source, path))
				p.do(err)
				s := info.Sys().(*syscall.Stat_t)
				if !info.Mode().IsRegular() || s.Nlink > 1 {
					continue
				}
				v := version{s.Ino, uint64(s.Ctim.Nano())}
				now[v] = e.ino
				if was, ok := copies[v]; ok && was != e.ino {
					rt.Fatalf("%q: %q is as it was in the snapshot before, and was copied", set, path)
				}
			}
			copies = now
			if res, _ := p.backup(of, empty); !res.Skipped {
				rt.Fatalf("%q: a second run found changes", set)
			}
			p.n--
		}
		p.wantSaid(p.check(backup.CheckOptions{Read: readAll}))
		p.do(os.RemoveAll(p.src))
		p.do(os.RemoveAll(p.dest))
	})
}

// unlinked is a listing without the names that share inodes: some of them may be outside of the sources.
func unlinked(all map[string]entry) map[string]entry {
	out := map[string]entry{}
	for path, e := range all {
		e.links = ""
		out[path] = e
	}
	return out
}

// TestOtherSourcesAreRefused: before anything is read, unless they are the same folder in another spelling.
func TestOtherSourcesAreRefused(t *testing.T) {
	p := newPlace(t)
	p.write("a/f", "1")
	p.write("b/g", "2")
	p.write("c", "3")
	p.do(os.Symlink("a", p.path("link")))
	var guard *backup.GuardError
	p.backup(p.of("a/"))
	for _, set := range [][]string{{"b/"}, {"a", "b"}, {"c"}, {"a"}} {
		for _, dry := range []bool{false, true} {
			_, rec, err := p.try(p.of(set...), func(o *backup.Options) { o.DryRun = dry })
			same := len(set) == 1 && set[0] == "a" // the same folder, below another: only its paths are others
			if !same && (!errors.As(err, &guard) || !strings.Contains(guard.Hint, "--source-moved") || len(rec.changes) > 0) {
				t.Errorf("%q: %v", set, err)
			}
		}
	}
	p.backup(p.of("link/"))
	p.backup(p.of("a", "b", "c"), moved)
	if _, _, err := p.try(p.of("a/")); !errors.As(err, &guard) {
		t.Errorf("fewer: %v", err)
	}
	// The way back is linked too.
	res, _ := p.backup(p.of("a/"), moved)
	if res.Header.CopiedBytes != 0 || res.Header.Moved != 1 {
		t.Errorf("back: %+v", res.Header)
	}
	// What is in no source any more is gone, even if it is there: another name of it has moved.
	p.backup(p.of("a", "b"), moved)
	p.do(os.Link(p.path("b/g"), p.path("a/h")))
	if res, rec := p.backup(p.of("a", "c"), moved); rec.changes["a/h"].Change != index.Moved || rec.changes["a/h"].From != "b/g" {
		t.Errorf("%+v: %+v", res.Header, rec.changes["a/h"])
	}
}

// TestMovedSourceIsRemembered: also where nothing in it has changed, so that the run after it asks for no flag.
func TestMovedSourceIsRemembered(t *testing.T) {
	p := newPlace(t)
	p.write("a/f", "1")
	p.backup(p.of("a/"))
	p.do(os.Rename(p.path("a"), p.path("b")))
	if res, _ := p.backup(p.of("b/"), moved); res.Skipped || res.Header.Source != p.path("b") || res.Header.CopiedBytes != 0 {
		t.Errorf("moved: %+v", res)
	}
	for range 2 {
		if res, _ := p.backup(p.of("b/")); !res.Skipped {
			t.Errorf("and then: %+v", res.Header)
		}
	}
	if res, _ := p.backup(p.of("b/"), moved); !res.Skipped { // the flag alone, forgotten in a crontab, makes none
		t.Errorf("the same source: %+v", res.Header)
	}
}

// TestASourceAmongOthers that is gone, or empty and was not, is refused as a whole.
func TestASourceAmongOthers(t *testing.T) {
	p := newPlace(t)
	p.write("a/f", "1")
	p.write("b/g", "2")
	p.do(os.Mkdir(p.path("e"), 0o755))
	var guard *backup.GuardError
	var missing *backup.SourceMissingError
	all := p.of("a", "b", "e")
	if _, _, err := p.try(all); !errors.As(err, &guard) || !errors.Is(err, backup.ErrEmptySource) || !strings.HasPrefix(guard.Why, p.path("e")+":") {
		t.Errorf("one was always empty: %v", err)
	}
	p.backup(all, empty)
	if res, _ := p.backup(all); !res.Skipped { // it was as empty before
		t.Error("changes")
	}
	p.do(os.Rename(p.path("b/g"), p.path("g")))
	if _, _, err := p.try(all); !errors.As(err, &guard) || !strings.Contains(guard.Why, p.path("b")+": the source is empty, and it was not") {
		t.Errorf("one is empty now: %v", err)
	}
	p.do(os.Remove(p.path("b")))
	if _, _, err := p.try(all); !errors.As(err, &missing) || missing.Path != p.path("b") || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one is gone: %v", err)
	}
	p.do(os.WriteFile(p.path("b"), []byte("a file now"), 0o644))
	if res, _ := p.backup(all); res.Header.Removed != 1 {
		t.Errorf("one is a file now: %+v", res.Header)
	}
}

// TestEverythingLeftOut is refused with what says so; what the whitelist takes in is enough.
func TestEverythingLeftOut(t *testing.T) {
	p := newPlace(t)
	p.write("a/f", "1")
	p.write("b/g", "2")
	with := func(exclude, include string, roots ...string) func(*backup.Options) {
		c := filter.Context{Source: p.src, Roots: roots}
		lines := func(name, text string) []*filter.Rule {
			rules, err := filter.Parse(name, strings.NewReader(text), c)
			p.do(err)
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
		{with("g", "", "a", "b"), p.path("b") + ": everything in it is left out: black:1: g"},
		{func(o *backup.Options) { o.Scan.Larger, o.Source = 1, p.path("a"); p.write("a/f", "12") }, "left out: exclude_larger_than"},
	} {
		var guard *backup.GuardError
		if _, _, err := p.try(c.o); !errors.As(err, &guard) || !strings.Contains(guard.Why, c.why) {
			t.Errorf("%s: %v", c.why, err)
		}
	}
	for _, o := range []func(*backup.Options){with("*", "/a/f"), with("f", ""), with("*\n!x"[:1], "g"), with("f", "f", "a", "b")} {
		if _, _, err := p.try(o, moved); err != nil {
			t.Error(err)
		}
	}
}

// TestRepairFromSeveralSources: the live sources have the bytes.
func TestRepairFromSeveralSources(t *testing.T) {
	p := newPlace(t)
	p.write("a/f", "some text")
	p.write("b/g", "more")
	res, _ := p.backup(p.of("a", "b"))
	victim := filepath.Join(p.tree(res), "a/f")
	info, err := os.Lstat(victim)
	p.do(err)
	p.do(os.WriteFile(victim, []byte("SOME TEXT"), 0o644))
	p.do(os.Chtimes(victim, info.ModTime(), info.ModTime()))
	got := p.check(backup.CheckOptions{Read: readAll, Repair: true})
	p.wantFrom(got, "a/f", "source")
	p.wantSame(res)
}

// TestASourceInTheDestination: each source is looked at.
func TestASourceInTheDestination(t *testing.T) {
	p := newPlace(t)
	p.write("a/dest/x", "")
	p.write("b/g", "2")
	no := func(string) (bool, error) { return false, nil }
	asked := ""
	yes := func(rel string) (bool, error) { asked = rel; return true, nil }
	var layout *backup.LayoutError
	if _, err := backup.CheckLayout(p.src, index.Roots{"b", "a"}, p.path("a/dest"), no); !errors.As(err, &layout) {
		t.Error(err)
	}
	if _, err := backup.CheckLayout(p.src, index.Roots{"a", "b"}, p.path("a/dest"), yes); err != nil || asked != "a/dest" {
		t.Error(asked, err)
	}
	for _, root := range []string{"b", "b/g"} {
		if _, err := backup.CheckLayout(p.src, index.Roots{"a", root}, p.path("b"), no); !errors.As(err, &layout) {
			t.Errorf("%s: %v", root, err)
		}
	}
	if _, err := backup.CheckLayout(p.src, index.Roots{"a", "b/g"}, p.dest, no); err != nil {
		t.Error(err)
	}
}
