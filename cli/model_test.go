package cli

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/index"
	"snap/internal/file"
	"snap/query"
	"snap/record"
)

// A random life of a source goes through the index as change sets, and every answer is compared with
// one made from the full listings of all snapshots, which the model keeps.

// memoryDir is a new folder, in memory where it can be: every commit is synced, and the disk is spared some thousand of
// them.
func memoryDir(t interface {
	Fatal(...any)
	Cleanup(func())
}) string {
	dir, err := os.MkdirTemp("/dev/shm", "snap-")
	if err != nil {
		dir, err = os.MkdirTemp("", "snap-")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// drawWorld lives through 1 to 6 snapshots.
func drawWorld(t *rapid.T, links bool) *world {
	dir := memoryDir(t)
	w, err := newWorld(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range rapid.IntRange(1, 6).Draw(t, "snapshots") {
		for range rapid.IntRange(0, 8).Draw(t, "steps") {
			w.step(t, links)
		}
		w.snapshot(t)
	}
	return w
}

// step does one thing to the source.
func (w *world) step(t *rapid.T, links bool) {
	folders := w.paths(func(p string, n node) bool { return n.kind == file.Folder && strings.Count(p, "/") < 2 })
	others := w.paths(func(p string, _ node) bool { return p != "" })
	place := func() string {
		dir := rapid.SampledFrom(folders).Draw(t, "dir")
		return record.Join(dir, rapid.SampledFrom([]string{"a", "b", "c", "a-b", "a.b", "\xff", "d\n"}).Draw(t, "name"))
	}
	what := rapid.SampledFrom([]string{"write", "write", "mkdir", "mkdir", "move", "move", "move", "swap", "remove",
		"chmod", "symlink", "hardlink", "touch"}).Draw(t, "step")
	if len(others) == 0 && !slices.Contains([]string{"mkdir", "symlink"}, what) {
		what = "write"
	}
	some := func() string { return rapid.SampledFrom(others).Draw(t, "path") }
	to := place()
	switch what {
	case "write":
		if w.now[to].kind != file.Folder {
			w.put(to, rapid.SampledFrom([]string{"", "x", "y", "xx", "hello"}).Draw(t, "content"))
		}
	case "mkdir":
		if _, there := w.now[to]; !there {
			w.mkdir(to)
		}
	case "move":
		if from := some(); !record.Within(to, from) && !record.Within(from, to) {
			w.move(from, to)
		}
	case "swap":
		a, b := some(), some()
		if !record.Within(a, b) && !record.Within(b, a) {
			w.move(a, "swapping")
			w.move(b, a)
			w.move("swapping", b)
		}
	case "remove":
		w.remove(some())
	case "chmod":
		w.chmod(some(), rapid.SampledFrom([]uint16{0o600, 0o700, 0o644}).Draw(t, "mode"))
	case "touch":
		w.tick()
		w.change(some(), func(n *node) { n.mtime = w.clock })
	case "symlink":
		if w.now[to].kind != file.Folder {
			w.symlink(to, rapid.SampledFrom([]string{"a", "../b"}).Draw(t, "target"))
		}
	case "hardlink":
		if from := some(); links && w.now[from].kind == file.Regular && w.now[to].kind != file.Folder && from != to {
			w.hardlink(from, to)
		}
	}
}

func (w *world) paths(want func(string, node) bool) (all []string) {
	for _, p := range sortedPaths(w.now) {
		if want(p, w.now[p]) {
			all = append(all, p)
		}
	}
	return all
}

// history of the model, for messages.
func (w *world) String() string {
	var b strings.Builder
	for i, past := range w.past {
		fmt.Fprintf(&b, "snapshot %d (seq %d), moves %q\n", i, w.heads[i].Seq, w.moves[i])
		for _, p := range sortedPaths(past) {
			n := past[p]
			fmt.Fprintf(&b, "  %q %s id %d %q %o %d\n", p, n.kind, n.id, n.content, n.mode, n.mtime)
		}
	}
	return b.String()
}

// same reports whether a record says what a node is.
func same(r *record.Record, n node) bool {
	want := n.record()
	return r != nil && r.Kind == want.Kind && r.SameContent(&want) && r.SameMeta(&want)
}

func TestListingsAreWhatTheSnapshotsHeld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, true)
		for i, past := range w.past {
			for dir, n := range past {
				if n.kind != file.Folder {
					continue
				}
				for _, recursive := range []bool{false, true} {
					var got, want []string
					for e, err := range (&query.Reader{DB: w.db}).List(context.Background(), &w.heads[i], dir, recursive) {
						if err != nil {
							t.Fatal(err)
						}
						if !same(&e.Record, past[e.Path]) {
							t.Fatalf("%q in snapshot %d is wrong: %+v\n%s", e.Path, i, e.Record, w)
						}
						got = append(got, e.Path)
					}
					for _, p := range sortedPaths(past) {
						if p != dir && record.Within(p, dir) &&
							(recursive || !strings.Contains(strings.TrimPrefix(strings.TrimPrefix(p, dir), "/"), "/")) {
							want = append(want, p)
						}
					}
					if !slices.Equal(got, want) {
						t.Fatalf("listing %q of snapshot %d, all %v: got %q, want %q\n%s", dir, i, recursive, got, want, w)
					}
				}
			}
		}
	})
}

func TestApplyingADiffToOneSnapshotGivesTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, true)
		for a := range w.past {
			for b := range w.past {
				w.checkDiff(t, a, b)
			}
		}
	})
}

// checkDiff applies the differences from snapshot a to b to the listing of a.
func (w *world) checkDiff(t *rapid.T, a, b int) {
	fail := func(format string, args ...any) {
		t.Fatalf("diff %d %d: %s\n%s", a, b, fmt.Sprintf(format, args...), w)
	}
	A, B := w.past[a], w.past[b]
	result := map[string]*record.Record{}
	for p, n := range A {
		r := n.record()
		result[p] = &r
	}
	var all []index.Difference
	var replaced []string
	seen, left := map[string]bool{}, map[string]bool{}
	for d, err := range w.db.Diff(context.Background(), w.heads[a].Seq, w.heads[b].Seq) {
		if err != nil {
			fail("%v", err)
		}
		if seen[d.Path] {
			fail("%q twice", d.Path)
		}
		seen[d.Path] = true
		all = append(all, d)
		from := d.Path
		if d.Change == record.Moved {
			from = d.From
			left[from] = true
		}
		_, before := A[from]
		_, after := B[d.Path]
		if d.Change == record.Added && before { // the file that was here must be told of elsewhere
			replaced = append(replaced, d.Path)
			before = false
		}
		if before != (d.Before != nil) || before && !same(d.Before, A[from]) && A[from].kind != file.Folder {
			fail("%s %q: before is %+v", d.Change, d.Path, d.Before)
		}
		if after != (d.After != nil) || after && !same(d.After, B[d.Path]) && B[d.Path].kind != file.Folder {
			fail("%s %q: after is %+v", d.Change, d.Path, d.After)
		}
		if d.Change == record.Moved && d.From == d.Path {
			fail("%q moved to itself", d.Path)
		}
		if d.Change != record.Moved && before && after && index.Classify(d.Before, d.After) != d.Change {
			fail("%q is %s", d.Path, d.Change)
		}
	}
	for _, path := range replaced {
		if !left[path] {
			fail("%q is added, but it was there", path)
		}
	}
	for _, d := range all { // first what goes, then what comes
		switch d.Change {
		case record.Removed:
			delete(result, d.Path)
		case record.Moved:
			if result[d.From] == nil {
				fail("%q moved from %q, where nothing is left to move", d.Path, d.From)
			}
			delete(result, d.From)
		}
	}
	for _, d := range all {
		if d.After != nil {
			result[d.Path] = d.After
		}
	}
	for p, n := range B {
		r := n.record()
		if result[p] == nil || index.Classify(result[p], &r) != 0 {
			fail("%q should be %+v, is %+v", p, r, result[p])
		}
	}
	for p := range result {
		if _, there := B[p]; !there {
			fail("%q should be gone", p)
		}
	}
	if a == b && len(all) > 0 {
		fail("a snapshot differs from itself")
	}
}

// modelVersion is a version as the model sees it.
type modelVersion struct {
	first, last int
	deleted     bool
	to          string
}

// versions are those of a path, from the listings and the moves.
func (w *world) versions(path string) (all []modelVersion) {
	for i, past := range w.past {
		n, here := past[path]
		var before node
		was := false
		if i > 0 {
			before, was = w.past[i-1][path]
		}
		_, movedHere := w.moves[i][path]
		to := ""
		for _, q := range slices.SortedFunc(maps.Keys(w.moves[i]), record.Compare) {
			if w.moves[i][q] == path {
				to = q
			}
		}
		r, old := n.record(), before.record()
		changed := here && was && (movedHere || to != "" || index.Classify(&old, &r) != 0)
		if was && (changed || !here) {
			last := &all[len(all)-1]
			last.last, last.to, last.deleted = i-1, to, !here && to == ""
		}
		if here && (!was || changed) {
			all = append(all, modelVersion{first: i, last: len(w.past) - 1})
		}
	}
	return all
}

// everPaths are all paths of all snapshots.
func (w *world) everPaths() []string {
	all := map[string]node{}
	for _, past := range w.past {
		for p, n := range past {
			all[p] = n
		}
	}
	return sortedPaths(all)
}

func TestFindTellsEveryVersion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, true)
		d := &query.Reader{DB: w.db, Snapshots: w.heads}
		var got []string
		for found, err := range d.Find(context.Background(), &query.Filter{Patterns: []string{"(?s).*"}, Regex: true}) {
			if err != nil {
				t.Fatal(err)
			}
			path := found[0].Path
			got = append(got, path)
			var vs []modelVersion
			for _, v := range found {
				vs = append(vs, modelVersion{v.First, v.Last, v.Deleted, v.To})
				if n := w.past[v.First][path]; v.Path != path || !same(v.Record, n) {
					t.Fatalf("%q: version of snapshot %d is %+v, not %+v\n%s", path, v.First, v.Record, n, w)
				}
			}
			if want := w.versions(path); !slices.Equal(vs, want) {
				t.Fatalf("%q: versions %+v, want %+v\n%s", path, vs, want, w)
			}
		}
		if want := w.everPaths(); !slices.Equal(got, want) {
			t.Fatalf("paths %q, want %q", got, want)
		}
	})
}

// pathAt is a path in one snapshot.
type pathAt struct {
	path string
	pos  int
}

// next is where the file at s is in the next snapshot.
func (w *world) next(s pathAt) (pathAt, bool) {
	if s.pos+1 == len(w.past) {
		return pathAt{}, false
	}
	for q, from := range w.moves[s.pos+1] {
		if from == s.path {
			return pathAt{q, s.pos + 1}, true
		}
	}
	_, there := w.past[s.pos+1][s.path]
	_, taken := w.moves[s.pos+1][s.path]
	return pathAt{s.path, s.pos + 1}, there && !taken
}

// prev is where it was in the snapshot before.
func (w *world) prev(s pathAt) (pathAt, bool) {
	if s.pos == 0 {
		return pathAt{}, false
	}
	if from, moved := w.moves[s.pos][s.path]; moved {
		return pathAt{from, s.pos - 1}, true
	}
	_, there := w.past[s.pos-1][s.path]
	for _, from := range w.moves[s.pos] {
		if from == s.path { // what was here went elsewhere
			return pathAt{}, false
		}
	}
	return pathAt{s.path, s.pos - 1}, there
}

// life are the steps of all files that were ever at path: "+path@snapshot" where a version begins,
// "-path@snapshot" where it is gone.
func (w *world) life(path string) (steps []string) {
	states := map[pathAt]bool{}
	for i, past := range w.past {
		if _, there := past[path]; !there {
			continue
		}
		for s, ok := (pathAt{path, i}), true; ok; s, ok = w.next(s) {
			states[s] = true
		}
		for s, ok := (pathAt{path, i}), true; ok; s, ok = w.prev(s) {
			states[s] = true
		}
	}
	for i := range w.past {
		var paths []string
		marks := map[string]string{}
		for s := range states {
			if s.pos == i {
				for _, v := range w.versions(s.path) {
					if v.first == i {
						marks[s.path] = "+"
					}
				}
			}
			if s.pos == i-1 {
				_, there := w.past[i][s.path]
				if _, lives := w.next(s); !lives && !there {
					marks[s.path] = "-"
				}
			}
		}
		for p := range marks {
			paths = append(paths, p)
		}
		slices.SortFunc(paths, record.Compare)
		for _, p := range paths {
			steps = append(steps, fmt.Sprintf("%s%q@%d", marks[p], p, i))
		}
	}
	return steps
}

func TestHistoryFollowsAFileThroughItsNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, false)
		var out, errs bytes.Buffer
		env := testEnv(w.dest, &out, &errs)
		c := &call{ctx: context.Background(), env: &env, out: new(output)}
		d, err := c.open()
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		for _, path := range w.everPaths() {
			_, steps, err := d.History(context.Background(), "./"+path, true)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range steps {
				mark := "+"
				if v.Change == record.Removed {
					mark = "-"
				}
				got = append(got, fmt.Sprintf("%s%q@%d", mark, v.Path, v.First))
			}
			if want := w.life(path); !slices.Equal(got, want) {
				t.Fatalf("history of %q:\n got %s\nwant %s\n%s", path, got, want, w)
			}
		}
	})
}
