package index

import (
	"cmp"
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

// What nobody has read and is to be copied is not said to be as it was, because size and time agree by chance or
// because they were set. After the backup only the hash counts.
func TestWhatIsCopiedUnreadIsNotTakenForWhatItWas(t *testing.T) {
	db := newDB(t)
	was, since := node{1, file.Regular, "one", 0o644, 1}, node{1, file.Regular, "two", 0o644, 2}
	db.add(t, 1, tree{"a": was}.changes(tree{}))
	db.add(t, 2, tree{"a": since}.changes(tree{"a": was}))
	for _, c := range []struct {
		name   string
		stored record.Stored
		text   string // "": nobody has read it
		mode   uint16
		want   string
	}{
		{"copied unread", record.Copied, "", 0o644, "[modified a from ]"},
		{"cloned unread", record.Cloned, "", 0o644, "[modified a from ]"},
		{"another name of what is copied unread", record.Joined, "", 0o644, "[modified a from ]"},
		{"copied unread with another mode", record.Copied, "", 0o600, "[modified a from ]"},
		{"read, and other bytes", record.Copied, "six", 0o644, "[modified a from ]"},
		{"read, and the bytes that it had", record.Copied, "one", 0o644, "[]"},
		{"read, and the bytes that it had, with another mode", record.Copied, "one", 0o600, "[metadata a from ]"},
		{"linked to what was never read", record.Linked, "", 0o644, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := record.Entry{Path: "a", Record: node{1, file.Regular, cmp.Or(c.text, "six"), c.mode, 1}.record()}
			e.Change, e.Reason, e.Stored = record.Modified, record.SizeOrTime, c.stored
			if c.stored == record.Joined {
				e.Link = "b"
			}
			if c.text == "" {
				e.Flags &^= record.Hashed
			}
			p := NewPending(2)
			p.Add(&e)
			got, err := collect(db.DiffPending(bg, 1, p))
			check(t, err)
			if said := fmt.Sprint(changesOf(got)); said != c.want {
				t.Errorf("%s, want %s", said, c.want)
			}
		})
	}
}
