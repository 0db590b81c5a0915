package index

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/record"
)

// oneLevel is what Children answer, taken from the whole listing.
func oneLevel(t tb, db *DB, seq uint64, dir string) (all []record.Entry) {
	t.Helper()
	listing, err := db.listing(seq, dir)
	check(t, err)
	for _, e := range listing {
		if in, _ := record.Split(e.Path); e.Path != "" && in == dir && e.Path != dir {
			all = append(all, e)
		}
	}
	return all
}

// allPages collects all pages of n; key is what the next page is asked for with.
func allPages[T any](t tb, n int, key func(T) string, page func(after string, n int) ([]T, bool, error)) (all []T) {
	t.Helper()
	for after := ""; ; {
		got, more, err := page(after, n)
		check(t, err)
		if len(got) > n || more && len(got) < n {
			t.Fatalf("a page of %d has %d, and more: %v", n, len(got), more)
		}
		all = append(all, got...)
		if !more {
			return all
		}
		after = key(got[len(got)-1])
	}
}

func childName(c Child) string { return nameIn(c.Path) }

func nameIn(path string) string {
	_, name := record.Split(path)
	return name
}

func TestChildrenAreThoseOfTheListing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		check(t, p.db.Hold(bg))
		defer p.db.Release()
		known := map[string]bool{"": true, "never": true}
		for _, tr := range p.trees {
			for path := range tr {
				known[path] = true
			}
		}
		n := rapid.IntRange(1, 5).Draw(t, "page")
		for dir := range known {
			var names []string // of all that was ever there
			for path := range known {
				if in, name := record.Split(path); in == dir && path != "" {
					names = append(names, name)
				}
			}
			for _, seq := range p.seqs {
				want := oneLevel(t, p.db, seq, dir)
				got := allPages(t, n, childName, func(after string, n int) ([]Child, bool, error) {
					return p.db.Children(bg, seq, dir, after, n)
				})
				sameChildren(t, p, seq, dir, got, want)
				for _, after := range append(names, "a\x01", "\xff", "a/b") {
					got, more, err := p.db.Children(bg, seq, dir, after, 100)
					check(t, err)
					behind := slices.DeleteFunc(slices.Clone(want), func(e record.Entry) bool {
						_, name := record.Split(e.Path)
						first, _, _ := strings.Cut(after, "/")
						return record.Compare(name, after) <= 0 || name == first
					})
					if more {
						t.Fatalf("more than 100 in %q", dir)
					}
					sameChildren(t, p, seq, dir, got, behind)
				}
			}
		}
	})
}

func sameChildren(t tb, p *past, seq uint64, dir string, got []Child, want []record.Entry) {
	t.Helper()
	var entries []record.Entry
	for _, c := range got {
		entries = append(entries, c.Entry)
		_, since, err := p.db.Lookup(bg, seq, c.Path)
		check(t, err)
		h, err := p.db.Versions(bg, c.Path)
		check(t, err)
		if c.Since != since || c.Records != len(h.Versions) {
			t.Fatalf("%q at %d: since %d of %d records, want %d of %d", c.Path, seq, c.Since, c.Records, since,
				len(h.Versions))
		}
	}
	if !sameEntries(entries, want) {
		t.Fatalf("%q at %d: %q, want %q\n%s", dir, seq, paths(entries), paths(want), p)
	}
}

// What was ever in a folder is in it, or departed, or came later.
func TestWhatDepartedWasThereAndIsNot(t *testing.T) {
	met := 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		check(t, p.db.Hold(bg))
		defer p.db.Release()
		dirs := map[string]bool{"": true}
		for _, tr := range p.trees {
			for path := range tr {
				dirs[path] = true
			}
		}
		n := rapid.IntRange(1, 4).Draw(t, "page")
		for dir := range dirs {
			was := map[string]bool{}
			for i, seq := range p.seqs {
				for path := range p.trees[i] {
					if in, _ := record.Split(path); in == dir && path != "" {
						was[path] = true
					}
				}
				var want []string
				for path := range was {
					if _, here := p.trees[i][path]; !here {
						want = append(want, path)
					}
				}
				slices.SortFunc(want, record.Compare)
				got := allPages(t, n, func(h History) string { return nameIn(h.Path) },
					func(after string, n int) ([]History, bool, error) { return p.db.Departed(bg, seq, dir, after, n) })
				var names []string
				for _, h := range got {
					names = append(names, h.Path)
					all, err := p.db.Versions(bg, h.Path)
					check(t, err)
					if fmt.Sprint(all) != fmt.Sprint(h) {
						t.Fatalf("%q: %v, want %v", h.Path, h, all)
					}
				}
				if !slices.Equal(names, want) {
					t.Fatalf("gone from %q by %d: %q, want %q\n%s", dir, seq, names, want, p)
				}
				met += len(want)
			}
		}
	})
	if met == 0 && !testing.Short() {
		t.Error("nothing was ever gone")
	}
}

// Folders with more in them than a page, and than is stepped through, and gone by names in between.
func TestChildrenBehindLargeFolders(t *testing.T) {
	db := newDB(t)
	folder := node{1, file.Folder, "", 0o755, 0}
	first, id := tree{"": folder}, uint64(2)
	file := func() node {
		id++
		return node{id, file.Regular, "x", 0o644, 1}
	}
	for _, size := range []int{0, 1, stepsToEnd - 1, stepsToEnd, stepsToEnd + 1, 3 * stepsToEnd, pageSize + 1} {
		dir := fmt.Sprintf("in/%05d", size)
		first["in"], first[dir] = folder, node{id + 1e6, folder.kind, "", 0o755, 0}
		first[dir+"."] = file()
		for i := range size {
			first[fmt.Sprintf("%s/%05d", dir, i)] = file()
		}
	}
	db.add(t, 1, first.changes(tree{}))
	second := tree{}
	for path, n := range first {
		if !strings.HasPrefix(path, "in/00008") {
			second[path] = n
		}
	}
	db.add(t, 2, second.changes(first))
	for seq, want := range map[uint64]int{1: 14, 2: 12} {
		for n := 1; n <= want+1; n++ {
			got := allPages(t, n, childName, func(after string, n int) ([]Child, bool, error) {
				return db.Children(bg, seq, "in", after, n)
			})
			if level := oneLevel(t, db, seq, "in"); len(got) != want || len(level) != want {
				t.Fatalf("%d in pages of %d, %d in the listing, want %d", len(got), n, len(level), want)
			}
		}
	}
	if many, _, err := db.Children(bg, 1, "in/04097", "", pageSize*2); err != nil || len(many) != pageSize+1 {
		t.Errorf("%d, %v", len(many), err)
	}
}
