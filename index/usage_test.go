package index

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/record"
)

// drawUsage draws inodes with the snapshots that hold them, also with some that were away for a while, and the
// snapshots that there are; some of those that hold an inode are missing.
func drawUsage(t *rapid.T) (u Usage, inodes []Span, there []uint64) {
	u = Usage{}
	var all []uint64
	for s := uint64(1); s <= 12; s++ {
		all = append(all, s)
	}
	for s := uint64(1); s <= 12; s += uint64(rapid.IntRange(1, 3).Draw(t, "step")) {
		there = append(there, s)
	}
	for range rapid.IntRange(0, 30).Draw(t, "inodes") {
		first := rapid.Uint64Range(1, 12).Draw(t, "first")
		last := rapid.Uint64Range(first, 12).Draw(t, "last")
		away := rapid.SliceOfN(rapid.Uint64Range(1, 12), 0, 5).Draw(t, "away")
		held := func(seq uint64) bool {
			return seq == first || seq == last || first < seq && seq < last && !slices.Contains(away, seq)
		}
		s, _ := SpanOf(all, held)
		for _, seq := range all {
			if s.Holds(seq) != held(seq) {
				t.Fatalf("%v of %d to %d without %v: %d", s, first, last, away, seq)
			}
		}
		inodes = append(inodes, s)
		a := u[s]
		a.Add(Amount{1, int64(len(inodes))})
		u[s] = a
	}
	return u, inodes, there
}

// heldBy is what the snapshots hold, counted one by one.
func heldBy(inodes []Span, snapshots []uint64) (held Amount) {
	for i, s := range inodes {
		if slices.ContainsFunc(snapshots, s.Holds) {
			held.Add(Amount{1, int64(i + 1)})
		}
	}
	return held
}

// What deleting frees is what the snapshots hold less than before.
func TestWhatDeletingFrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u, inodes, there := drawUsage(t)
		if got, want := u.Total(there), heldBy(inodes, there); got != want {
			t.Fatalf("total %+v, want %+v", got, want)
		}
		less := func(a, b Amount) Amount { return Amount{a.Inodes - b.Inodes, a.Bytes - b.Bytes} }
		for i, got := range u.Shares(there) {
			all := heldBy(inodes, there)
			want := Share{
				Held:  heldBy(inodes, there[i:i+1]),
				New:   less(heldBy(inodes, there[:i+1]), heldBy(inodes, there[:i])),
				Alone: less(all, heldBy(inodes, slices.Delete(slices.Clone(there), i, i+1))),
			}
			if got != want {
				t.Fatalf("%d of %d: %+v, want %+v", there[i], there, got, want)
			}
		}
		victims := rapid.Permutation(there).Draw(t, "order")
		victims = victims[:rapid.IntRange(0, len(victims)).Draw(t, "victims")]
		left := slices.Clone(there)
		for i, a := range u.Freed(there, victims) {
			before := heldBy(inodes, left)
			left = slices.DeleteFunc(left, func(s uint64) bool { return s == victims[i] })
			if a != less(before, heldBy(inodes, left)) {
				t.Fatalf("victim %d of %d: %+v", i, victims, a)
			}
		}
	})
}

func sameUsage(t tb, want, got Usage) {
	t.Helper()
	for s, a := range want {
		if got[s] != a {
			t.Fatalf("%v: %+v, want %+v\n%v", s, got[s], a, got)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
}

// linkedFile is a file with an inode of an older record.
func linkedFile(path string, stored record.Stored, change record.Change, from, link string, nlink uint32) record.Entry {
	r := node{id: 1, kind: file.Regular, text: "text", mode: 0o644, mtime: 1}.record()
	r.Stored, r.Change, r.From, r.Link, r.Nlink = stored, change, from, link, nlink
	return record.Entry{Path: path, Record: r}
}

func gone(path string) record.Entry {
	return record.Entry{Path: path, Record: record.Record{Change: record.Removed, Reason: record.Gone}}
}

// A file that is renamed for every snapshot is one inode.
func TestAFileThatMovesAlways(t *testing.T) {
	db := newDB(t)
	const n = 5 * stride
	name := func(i int) string { return fmt.Sprintf("%03d", (i*37)%1000) } // key order is not that of the moves
	db.add(t, 1, []record.Entry{linkedFile(name(1), record.Copied, record.Added, "", "", 1)})
	for i := 2; i <= n; i++ {
		set := []record.Entry{linkedFile(name(i), record.Linked, record.Moved, name(i-1), "", 1), gone(name(i - 1))}
		slices.SortFunc(set, func(a, b record.Entry) int { return record.Compare(a.Path, b.Path) })
		db.add(t, uint64(i), set)
	}
	u, err := db.Usage(bg)
	check(t, err)
	sameUsage(t, Usage{{First: 1, Last: n}: {1, 4}}, u)
}

// Records that contradict each other, as a source leaves them that changes while it is read, are counted
// without an error, and nothing less than nothing.
func TestUsageOfContradictions(t *testing.T) {
	for name, sets := range map[string][][]record.Entry{
		"a link to nothing": {{linkedFile("a", record.Linked, record.Added, "b", "", 1)}},
		"a join to nothing": {{linkedFile("a", record.Joined, record.Added, "", "b", 1)}},
		"joined in a circle": {{linkedFile("a", record.Joined, record.Added, "", "b", 1),
			linkedFile("b", record.Joined, record.Added, "", "a", 1)}},
		"joined to itself": {{linkedFile("a", record.Joined, record.Added, "", "a", 1)}},
		"one name more than was noticed": {{linkedFile("a", record.Copied, record.Added, "", "", 1)},
			{linkedFile("b", record.Linked, record.Moved, "a", "", 1)}, {gone("a")}},
		"a link to a folder": {{{Path: "a", Record: node{id: 1, kind: file.Folder}.record()}},
			{linkedFile("b", record.Linked, record.Moved, "a", "", 1)}},
	} {
		t.Run(name, func(t *testing.T) {
			db := newDB(t)
			for i, set := range sets {
				db.add(t, uint64(i+1), set)
			}
			u, err := db.Usage(bg)
			check(t, err)
			if len(u) == 0 {
				t.Error("nothing is counted")
			}
			for s, a := range u {
				if a.Inodes <= 0 || a.Bytes < 0 || s.First > s.Last {
					t.Errorf("%v: %+v", s, a)
				}
			}
		})
	}
}

// Snapshots whose trees are not there, or not yet, hold nothing.
func TestUsageOfCompleteSnapshotsOnly(t *testing.T) {
	db := newDB(t)
	db.add(t, 1, []record.Entry{linkedFile("a", record.Copied, record.Added, "", "", 1)})
	db.add(t, 2, []record.Entry{linkedFile("a", record.Copied, record.Modified, "", "", 1),
		linkedFile("b", record.Copied, record.Added, "", "", 1)})
	db.add(t, 3, []record.Entry{gone("a"), linkedFile("c", record.Copied, record.Added, "", "", 1)})
	for seq, state := range map[uint64]record.State{2: record.Deleting, 3: record.Prepared} {
		h := db.header(t, seq)
		h.State = state
		check(t, db.SetHeader(bg, &h))
	}
	u, err := db.Usage(bg)
	check(t, err)
	sameUsage(t, Usage{{First: 1, Last: 1}: {1, 4}}, u)
}

func BenchmarkUsage(b *testing.B) {
	many := func(b *testing.B) *DB {
		db := newDB(b)
		db.add(b, 1, manyEntries(1000000))
		return db
	}
	often := func(b *testing.B) *DB {
		db := newDB(b)
		set := manyEntries(20000)
		db.add(b, 1, set)
		r := rand.New(rand.NewPCG(1, 1))
		for s := range 1000 {
			var changed []record.Entry
			first := r.IntN(len(set) - 1000)
			for i := range 1000 {
				e := set[first+i]
				e.Change, e.Stored = record.Modified, record.Copied
				changed = append(changed, e)
			}
			db.add(b, uint64(s+2), changed)
		}
		return db
	}
	for name, make := range map[string]func(*testing.B) *DB{"1000000 files": many,
		"1000 snapshots with 1000 changes": often} {
		b.Run(name, func(b *testing.B) {
			db := make(b)
			b.ReportAllocs()
			for b.Loop() {
				u, err := db.Usage(bg)
				if err != nil || len(u) == 0 {
					b.Fatal(u, err)
				}
			}
		})
	}
}
