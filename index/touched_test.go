package index

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/record"
)

// changedPaths are the paths below dir that the step from old to now shows people a change of.
func changedPaths(old, now tree, dir string) (all []string) {
	set := now.changes(old)
	moved := map[string]string{} // where what was at a path is now
	for i := range set {
		if set[i].Change == record.Moved {
			moved[set[i].From] = set[i].Path
		}
	}
	for i := range set {
		e := &set[i]
		to, away := moved[e.Path]
		if e.Path == dir || !record.Within(e.Path, dir) || e.Change == record.Silent ||
			e.Change == record.Removed && away && record.Within(to, dir) {
			continue
		}
		all = append(all, e.Path)
	}
	return all
}

func TestTouchedCountsWhatChangedBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		most := rapid.IntRange(1, 4).Draw(t, "most")
		dirs := map[string]bool{"": true, "never": true}
		for _, tr := range p.trees {
			for path := range tr {
				dirs[path] = true
			}
		}
		for dir := range dirs {
			got, err := p.db.Touched(bg, dir)
			check(t, err)
			old, before := tree{}, uint64(0)
			for i, seq := range p.seqs {
				want := changedPaths(old, p.trees[i], dir)
				n, ok := got[seq]
				if ok != (len(want) > 0) || n != len(want) && n <= TouchedExactly || n < len(want) {
					t.Fatalf("below %q snapshot %d changed %q, counted %d\n%s", dir, seq, want, n, p)
				}
				below, err := p.db.ChangedBelow(bg, before, seq, []string{"a", dir}, most)
				check(t, err)
				if below[1] != min(most, len(want)) {
					t.Fatalf("below %q snapshot %d changed %q, counted %d of at most %d", dir, seq, want, below, most)
				}
				old, before = p.trees[i], seq
			}
		}
	})
}

// Beyond what is looked at all records count, so that a snapshot with many costs no more.
func TestTouchedBeyondWhatIsLookedAt(t *testing.T) {
	db := newDB(t)
	folder := node{1, file.Folder, "", 0o755, 0}
	first := tree{"": folder, "a": folder}
	for i := range TouchedExactly + 4 {
		first[fmt.Sprintf("a/%02d", i)] = node{uint64(10 + i), file.Folder, "", 0o755, 0}
	}
	db.add(t, 1, first.changes(tree{}))
	second := maps.Clone(first)
	for path, n := range second { // silent changes alone
		n.mtime++
		second[path] = n
	}
	db.add(t, 2, second.changes(first))
	got, err := db.Touched(bg, "a")
	check(t, err)
	if want := (map[uint64]int{1: TouchedExactly + 4}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFlaggedAreThoseOfTheListing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		size := rapid.Int64Range(0, 3).Draw(t, "size")
		flagged := func(r *record.Record) bool { return r.Size <= size }
		n := rapid.IntRange(2, 5).Draw(t, "page") // with the source itself, behind which no path begins
		for _, seq := range p.seqs {
			listing, err := p.db.listing(seq, "")
			check(t, err)
			want := slices.DeleteFunc(listing, func(e record.Entry) bool { return !flagged(&e.Record) })
			got := allPages(t, n, func(e record.Entry) string { return e.Path },
				func(after string, n int) ([]record.Entry, bool, error) {
					return p.db.Flagged(bg, seq, flagged, after, n)
				})
			if !sameEntries(got, want) {
				t.Fatalf("%d: %q, want %q\n%s", seq, paths(got), paths(want), p)
			}
		}
	})
}
