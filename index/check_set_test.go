package index

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/record"
)

// A set that a snapshot was imported from agrees with it, and any difference is told.
func TestCheckSet(t *testing.T) {
	db := newDB(t)
	first := tree{"": {1, file.Folder, "", 0o755, 0}, "d": {2, file.Folder, "", 0o755, 0},
		"d/a": {3, file.Regular, "a", 0o644, 1}, "e": {4, file.Folder, "", 0o755, 0}}
	// The folders change places: Import adds a record that says where the one at d went.
	second := tree{"": first[""], "d": {4, file.Folder, "", 0o755, 0}, "e": {2, file.Folder, "", 0o755, 0},
		"e/a": first["d/a"]}
	sets := [][]record.Entry{first.changes(tree{}),
		slices.DeleteFunc(second.changes(first), func(e record.Entry) bool { return e.Path == "d" })}
	for i, set := range sets {
		db.add(t, uint64(i+1), set)
	}
	told := func(seq uint64, set []record.Entry) (texts []string) {
		h := db.header(t, seq)
		check(t, db.CheckSet(bg, &h, all(set), func(err error) { texts = append(texts, err.Error()) }))
		return texts
	}
	if n := db.counts(t)["records"]; n != len(sets[0])+len(sets[1])+1 {
		t.Fatalf("%d records: Import added none", n)
	}
	for i, set := range sets {
		if got := told(uint64(i+1), set); len(got) > 0 {
			t.Errorf("set %d: %q", i+1, got)
		}
	}
	fact := sets[1][len(sets[1])-1]
	fact.Ino, fact.Volume, fact.Ctime.Sec, fact.Btime.Sec, fact.Flags = 77, 7, 7, 7, fact.Flags|record.Racy
	check(t, db.Learn(bg, 2, all([]record.Entry{fact})))
	if got := told(2, sets[1]); len(got) > 0 {
		t.Errorf("learned: %q", got)
	}
	for name, c := range map[string]struct {
		change func(set []record.Entry) []record.Entry
		want   string
	}{
		"a record less": {func(s []record.Entry) []record.Entry { return slices.Delete(s, 1, 2) },
			`a record of "d", which the change set has not`},
		"the last less": {func(s []record.Entry) []record.Entry { return s[:len(s)-1] },
			`a record of "e", which the change set has not`},
		"a record more": {func(s []record.Entry) []record.Entry {
			return append(s,
				record.Entry{Path: "z", Record: s[2].Record})
		},
			`no record of "z", which the change set has`},
		"one in between": {func(s []record.Entry) []record.Entry {
			return slices.Insert(s, 2, record.Entry{Path: "d/A", Record: s[2].Record})
		},
			`no record of "d/A"`},
		"another mode": {func(s []record.Entry) []record.Entry { s[2].Mode++; return s },
			`the record of "d/a" is not that of the change set`},
		"another change": {func(s []record.Entry) []record.Entry { s[2].Change = record.Metadata; return s },
			`the record of "d/a"`},
		"another hash":   {func(s []record.Entry) []record.Entry { s[2].Hash[31]++; return s }, `the record of "d/a"`},
		"another reason": {func(s []record.Entry) []record.Entry { s[2].Reason++; return s }, `the record of "d/a"`},
	} {
		if got := told(1, c.change(slices.Clone(sets[0]))); len(got) != 1 || !strings.Contains(got[0], c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	h := db.header(t, 1)
	if err := db.CheckSet(bg, &h, cut(sets[0], 1, 2), func(error) {}); !errors.Is(err, errStopped) {
		t.Errorf("a set that ends in an error: %v", err)
	}
	h.Bucket = 55
	if err := db.CheckSet(bg, &h, all(sets[0]), func(err error) { h.Bucket = 0 }); err != nil || h.Bucket != 0 {
		t.Errorf("a snapshot without records: %v", err)
	}
}

// A merged set agrees with the folded records.
func TestCheckSetOfMergedSnapshots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		last := p.seqs[len(p.seqs)-1]
		set := p.db.fold(t, 0, last)
		h := p.db.header(t, last)
		check(t, p.db.CheckSet(bg, &h, all(set), func(err error) { t.Fatalf("%v\n%s", err, p) }))
	})
}
