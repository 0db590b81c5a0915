package index

import (
	"fmt"
	"slices"
	"testing"

	"snap/internal/file"
	"snap/record"
)

// bordered is a tree whose listing has a folder in front of, at and behind the borders of pages, and
// folders that hold one page, one entry less and one more.
func bordered() tree {
	tr := tree{"": {1, file.Folder, "", 0o755, 0}}
	id := uint64(1)
	add := func(path string, kind file.Kind) {
		id++
		tr[path] = node{id, kind, path, 0o644, 1}
	}
	fill := func(dir string, n int) {
		for i := range n {
			add(fmt.Sprintf("%s/%05d", dir, i), file.Regular)
		}
	}
	// Row 0 is the root. The folder b is the last row of the first page, c of another one.
	add("a", file.Folder)
	fill("a", pageSize-3)
	add("b", file.Folder)
	fill("b", pageSize-1) // with itself exactly one page
	add("c", file.Folder)
	fill("c", pageSize)
	add("d", file.Folder)
	fill("d", pageSize-2)
	add("e", file.Folder)
	return tr
}

func (tr tree) below(dir string) (all []string) {
	for _, p := range tr.paths() {
		if record.Within(p, dir) {
			all = append(all, p)
		}
	}
	return all
}

func TestPagesJoinWithoutASeam(t *testing.T) {
	db := newDB(t)
	first := bordered()
	// The second snapshot has none of the first's files: pages of tombstones. A third brings d back.
	second := tree{"": first[""], "z": {90000, file.Folder, "", 0o755, 0}}
	third := tree{"": first[""], "z": second["z"]}
	for _, p := range first.below("d") {
		third[p] = node{first[p].id + 100000, first[p].kind, p, 0o600, 3}
	}
	old := tree{}
	trees := []tree{first, second, third}
	for i, tr := range trees {
		db.add(t, uint64(i+1), tr.changes(old))
		old = tr
	}
	for i, tr := range trees {
		for _, dir := range []string{"", "b", "c", "d", "e", "z", "b/04094"} {
			got, err := db.listing(uint64(i+1), dir)
			check(t, err)
			if want := tr.below(dir); !slices.Equal(paths(got), want) {
				t.Errorf("snapshot %d, %q: %d entries, want %d", i+1, dir, len(got), len(want))
			}
			for _, e := range got {
				if e.Ino != tr[e.Path].id {
					t.Fatalf("snapshot %d: %q is file %d, want %d", i+1, e.Path, e.Ino, tr[e.Path].id)
				}
			}
		}
		hs, err := collect(db.Histories(bg, []string{"", "b", "d"}[i], func([]byte) bool { return true }))
		check(t, err)
		union := tree{}
		for _, tr := range trees {
			for p, n := range tr {
				union[p] = n
			}
		}
		if want := union.below([]string{"", "b", "d"}[i]); len(hs) != len(want) || hs[len(hs)-1].Path != want[len(want)-1] {
			t.Errorf("%d histories, want %d", len(hs), len(want))
		}
	}
	for _, step := range [][2]uint64{{1, 3}, {3, 1}} {
		checkDiff(t, db, step[0], step[1], trees[step[0]-1], trees[step[1]-1])
	}
}

// Between two entries nothing is held open: the consumer may stop, wait, or write.
func TestAListingHoldsNothingOpen(t *testing.T) {
	db := newDB(t)
	tr := bordered()
	db.add(t, 1, tr.changes(tree{}))
	n := 0
	for e, err := range db.Entries(bg, 1, "") {
		check(t, err)
		if n++; n == 10 {
			db.add(t, 2, []record.Entry{{Path: "a/00001", Record: record.Record{Change: record.Removed}}})
		}
		if e.Path == "a/00100" {
			break
		}
	}
	if n != 103 {
		t.Errorf("stopped after %d entries", n)
	}
}
