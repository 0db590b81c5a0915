package index

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
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
			return fmt.Sprintf("%s %q from %q, %v, %s, %s, %+v, %+v", d.Change, d.Path, d.From, d.After != nil, d.Reason, d.Stored, d.Before, d.After)
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
						t.Fatalf("from %d to %d: difference %d of %d and %d is another\n got %v\nwant %v\n%s", a, p.seqs[n], j, len(got), len(want[i]), got, want[i], p)
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
