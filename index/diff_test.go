package index

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/record"
)

// checkDiff applies the differences from snapshot a to b to what a held, and wants what b held.
func checkDiff(t tb, db *DB, a, b uint64, from, to tree) {
	t.Helper()
	diff, err := collect(db.Diff(bg, a, b))
	check(t, err)
	result := map[string]record.Record{}
	for p, n := range from {
		result[p] = n.record()
	}
	seen := map[string]bool{}
	for _, d := range diff { // first what goes, then what comes
		old := d.Path
		if d.Change == record.Moved {
			old = d.From
		}
		if seen[d.Path] || d.Change == record.Moved && d.From == d.Path || d.Change != record.Moved && d.From != "" {
			t.Fatalf("from %d to %d: %q is told twice, or of itself: %+v", a, b, d.Path, d)
		}
		seen[d.Path] = true
		was, had := from[old]
		rec := was.record()
		switch {
		case (d.Before == nil) != (d.Change == record.Added) || (d.After == nil) != (d.Change == record.Removed):
			t.Fatalf("from %d to %d: %q %s with %v and %v", a, b, d.Path, d.Change, d.Before, d.After)
		case d.Before != nil && (!had || Classify(&rec, d.Before) != 0):
			t.Fatalf("from %d to %d: %q was %+v, not %+v", a, b, old, rec, d.Before)
		case d.Change == record.Moved && d.Before.Ino != d.After.Ino:
			t.Fatalf("from %d to %d: %q is another file than %q", a, b, d.Path, d.From)
		case d.Change != record.Moved && d.Before != nil && d.After != nil && Classify(d.Before, d.After) != d.Change:
			t.Fatalf("from %d to %d: %q is %s", a, b, d.Path, d.Change)
		}
		if d.Before != nil {
			delete(result, old)
		}
	}
	for _, d := range diff {
		if d.After != nil {
			result[d.Path] = *d.After
		}
	}
	for p, n := range to {
		want, got := n.record(), result[p]
		if got.Kind == file.None || Classify(&got, &want) != 0 {
			t.Fatalf("from %d to %d: %q should be %+v, is %+v", a, b, p, want, got)
		}
		delete(result, p)
	}
	for p := range result {
		t.Fatalf("from %d to %d: %q should be gone", a, b, p)
	}
	if a == b && len(diff) > 0 {
		t.Fatalf("snapshot %d differs from itself: %+v", a, diff)
	}
}

func TestListingsAndDifferencesAreThoseOfTheTrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		check(t, p.db.Hold(bg))
		defer p.db.Release()
		for i, tr := range p.trees {
			got, err := p.db.listing(p.seqs[i], "")
			check(t, err)
			want := tr.paths()
			for j := range got {
				r := tr[got[j].Path].record()
				if j >= len(want) || got[j].Path != want[j] || Classify(&got[j].Record, &r) != 0 || got[j].Ino != r.Ino {
					t.Fatalf("snapshot %d holds %+v\n%s", p.seqs[i], got[j], p)
				}
			}
			if len(got) != len(want) {
				t.Fatalf("snapshot %d holds %q, want %q\n%s", p.seqs[i], paths(got), want, p)
			}
			for j, other := range p.trees {
				checkDiff(t, p.db, p.seqs[i], p.seqs[j], tr, other)
			}
		}
	})
}

func TestDiffTellsWhatBecameOfEachPath(t *testing.T) {
	f := func(id uint64, text string) node { return node{id, file.Regular, text, 0o644, 1} }
	d := func(id uint64) node { return node{id, file.Folder, "", 0o755, 1} }
	later := func(n node) node { n.mtime++; return n }
	moded := func(n node) node { n.mode = 0o700; return n }
	for _, c := range []struct {
		name     string
		trees    []tree
		forward  string
		backward string
	}{
		{"nothing", []tree{{"a": f(1, "x")}, {"a": f(1, "x")}}, "", ""},
		{"a new file", []tree{{}, {"a": f(1, "x")}}, "added a", "removed a"},
		{"an edit", []tree{{"a": f(1, "x")}, {"a": f(1, "yy")}}, "modified a", "modified a"},
		{"a mode", []tree{{"a": f(1, "x")}, {"a": moded(f(1, "x"))}}, "metadata a", "metadata a"},
		{"a time", []tree{{"a": f(1, "x")}, {"a": later(f(1, "x"))}}, "metadata a", "metadata a"},
		{"the time of a folder", []tree{{"a": d(1)}, {"a": later(d(1))}}, "", ""},
		{"a file becomes a folder", []tree{{"a": f(1, "x")}, {"a": d(2)}}, "type a", "type a"},
		{"a rename", []tree{{"a": f(1, "x")}, {"b": f(1, "x")}}, "moved b from a", "moved a from b"},
		{"a rename over another file", []tree{{"a": f(1, "x"), "b": f(2, "y")}, {"b": f(1, "x")}}, "moved b from a",
			"moved a from b, added b"},
		{"a swap", []tree{{"a": f(1, "x"), "b": f(2, "y")}, {"a": f(2, "y"), "b": f(1, "x")}},
			"moved a from b, moved b from a", "moved a from b, moved b from a"},
		{"a rename and a new file in its place", []tree{{"a": f(1, "x")}, {"a": f(2, "z"), "b": f(1, "x")}},
			"added a, moved b from a", "moved a from b"},
		{"renamed twice", []tree{{"a": f(1, "x")}, {"b": f(1, "x")}, {"c": f(1, "x")}}, "moved c from a", "moved a from c"},
		{"renamed away and back", []tree{{"a": f(1, "x")}, {"b": f(1, "x")}, {"a": f(1, "x")}}, "", ""},
		{"came and went", []tree{{}, {"a": f(1, "x")}, {}}, "", ""},
		{"renamed, then removed", []tree{{"a": f(1, "x")}, {"b": f(1, "x")}, {}}, "removed a", "added a"},
		{"removed and made again as it was", []tree{{"a": f(1, "x")}, {}, {"a": f(1, "x")}}, "", ""},
		{"edited and edited back", []tree{{"a": f(1, "x")}, {"a": f(1, "y")}, {"a": f(1, "x")}}, "", ""},
		{"a renamed file, then a folder in its new place", []tree{{"a": f(1, "x")}, {"b": f(1, "x")}, {"b": d(2)}},
			"removed a, added b", "added a, removed b"},
		{"a renamed folder", []tree{{"a": d(1), "a/x": f(2, "x")}, {"b": d(1), "b/x": f(2, "x")}},
			"moved b from a, moved b/x from a/x", "moved a from b, moved a/x from b/x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, old := newDB(t), tree{}
			for i, tr := range c.trees {
				db.add(t, uint64(i+1), tr.changes(old))
				old = maps.Clone(tr)
			}
			say := func(a, b int) (s string) {
				for d, err := range db.Diff(bg, uint64(a), uint64(b)) {
					check(t, err)
					if s != "" {
						s += ", "
					}
					s += d.Change.String() + " " + d.Path
					if d.From != "" {
						s += " from " + d.From
					}
				}
				return s
			}
			n := len(c.trees)
			if got := say(1, n); got != c.forward {
				t.Errorf("forward: got %q, want %q", got, c.forward)
			}
			if got := say(n, 1); got != c.backward {
				t.Errorf("backward: got %q, want %q", got, c.backward)
			}
			checkDiff(t, db, 1, uint64(n), c.trees[0], c.trees[n-1])
			checkDiff(t, db, uint64(n), 1, c.trees[n-1], c.trees[0])
		})
	}
}

// TestContentWithoutAHash: where a record was made from a tree, size and time have to do.
func TestContentWithoutAHash(t *testing.T) {
	recordAt := func(size, sec int64, hash byte, flags record.Flags) *record.Record {
		r := &record.Record{Flags: flags, Stored: record.Copied}
		r.Kind, r.Size, r.Mtime.Sec, r.Hash[0] = file.Regular, size, sec, hash
		return r
	}
	for _, c := range []struct {
		a, b *record.Record
		same bool
	}{
		{recordAt(1, 1, 1, record.Hashed), recordAt(1, 1, 1, record.Hashed), true},
		{recordAt(1, 1, 1, record.Hashed), recordAt(1, 2, 1, record.Hashed), true},
		{recordAt(1, 1, 1, record.Hashed), recordAt(1, 1, 2, record.Hashed), false},
		{recordAt(1, 1, 1, record.Hashed), recordAt(1, 1, 0, 0), true},
		{recordAt(1, 1, 0, 0), recordAt(1, 1, 0, 0), true},
		{recordAt(1, 1, 0, 0), recordAt(1, 2, 0, 0), false},
		{recordAt(1, 1, 0, 0), recordAt(2, 1, 0, 0), false},
	} {
		if c.a.SameContent(c.b) != c.same || c.b.SameContent(c.a) != c.same {
			t.Errorf("%+v and %+v: want %v", c.a, c.b, c.same)
		}
		if (Classify(c.a, c.b) == record.Modified) == c.same {
			t.Errorf("%+v and %+v are %v", c.a, c.b, Classify(c.a, c.b))
		}
	}
}
