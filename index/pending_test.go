package index

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/record"
)

// What a change set would change is what it changes when it becomes a snapshot, against every older one. The
// records of an import that was never published do not count.
func TestAPendingChangeSetDiffersAsTheSnapshotWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		check(t, p.db.Hold(bg))
		n := len(p.seqs) - 1
		newest, old := uint64(0), tree{}
		if n > 0 {
			newest, old = p.seqs[n-1], p.trees[n-1]
		}
		say := func(d Difference) string {
			return fmt.Sprintf("%s %q from %q, %v, %s, %s, %+v, %+v", d.Change, d.Path, d.From, d.After != nil, d.Reason,
				d.Stored, d.Before, d.After)
		}
		before := append([]uint64{0}, p.seqs[:n]...)
		want := make([][]Difference, len(before))
		for i, a := range before {
			var err error
			want[i], err = collect(p.db.Diff(bg, a, p.seqs[n]))
			check(t, err)
		}
		compare := func() {
			set := NewPending(newest)
			for _, e := range p.trees[n].changes(old) {
				set.Add(&e)
			}
			for i, a := range before {
				got, err := collect(p.db.DiffPending(bg, a, set))
				check(t, err)
				for j := range max(len(got), len(want[i])) {
					if j >= len(got) || j >= len(want[i]) || say(got[j]) != say(want[i][j]) {
						t.Fatalf("from %d to %d: difference %d of %d and %d is another\n got %v\nwant %v\n%s", a, p.seqs[n], j, len(got),
							len(want[i]), got, want[i], p)
					}
				}
			}
		}
		compare()
		for _, a := range before { // beside records of other paths than its own
			want, err := collect(p.db.Diff(bg, a, newest))
			check(t, err)
			got, err := collect(p.db.DiffPending(bg, a, NewPending(newest)))
			if err != nil || len(got) != len(want) {
				t.Fatalf("from %d, nothing is pending: %d differences, want %d, %v\n%s", a, len(got), len(want), err, p)
			}
		}
		check(t, p.db.Undo(bg, p.seqs[n]))
		check(t, p.db.Hold(bg))
		defer p.db.Release()
		compare()
	})
}

// Another folder with the same metadata has no record of its own in a change set, and yet is not the one that was
// there.
func TestAPendingMoveOutOfAFolderThatAnotherReplaced(t *testing.T) {
	db := newDB(t)
	d := func(id uint64) node { return node{id, file.Folder, "", 0o755, 1} }
	first := tree{"a": d(1), "c": d(2)}
	db.add(t, 1, first.changes(tree{}))
	moved := record.Entry{Path: "b", Record: d(1).record()}
	moved.Change, moved.From = record.Moved, "a"
	gone := record.Entry{Path: "c", Record: record.Record{Change: record.Removed, Reason: record.Gone}}
	p := NewPending(1)
	p.Add(&moved)
	p.Add(&gone)
	got, err := collect(db.DiffPending(bg, 1, p))
	check(t, err)
	db.add(t, 2, []record.Entry{moved, gone})
	want, err := collect(db.Diff(bg, 1, 2))
	check(t, err)
	if fmt.Sprintf("%+v", changesOf(got)) != fmt.Sprintf("%+v", changesOf(want)) || len(want) != 3 {
		t.Errorf("got %+v, want %+v", changesOf(got), changesOf(want))
	}
}

func changesOf(all []Difference) (said []string) {
	for _, d := range all {
		said = append(said, d.Change.String()+" "+d.Path+" from "+d.From)
	}
	return said
}
