package index

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/record"
)

var errStopped = errors.New("stopped")

// cut is set, ending in an error after n entries of the round-th time it is ranged over.
func cut(set []record.Entry, round, n int) iter.Seq2[*record.Entry, error] {
	rounds := 0
	return func(yield func(*record.Entry, error) bool) {
		rounds++
		for i := range set {
			if rounds == round && i == n {
				break
			}
			if !yield(&set[i], nil) {
				return
			}
		}
		if rounds == round {
			yield(nil, errStopped)
		}
	}
}

// TestUndoTakesAnImportBack imports a change set into a database with a random past, all of it or up to an
// error, and undoes it: the database must hold the same keys and values as before. A second attempt must
// then end like one in a database that never saw the first.
func TestUndoTakesAnImportBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		l := &life{now: maps.Clone(p.trees[len(p.trees)-1]), clock: 1000, ids: 1000}
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			l.step(t)
		}
		last := p.seqs[len(p.seqs)-1]
		set := l.now.changes(p.trees[len(p.trees)-1])
		before := p.db.dump(t)

		p.db.add(t, last+2, set)
		whole := p.db.dump(t)
		check(t, p.db.Undo(bg, last+2))
		if d := difference(before, p.db.dump(t)); d != "" {
			t.Fatalf("undone: %s", d)
		}

		round, n := rapid.IntRange(1, 2).Draw(t, "round"), rapid.IntRange(0, len(set)).Draw(t, "entries")
		err := p.db.Import(bg, last+2, cut(set, round, n),
			func() (*record.Header, error) { return &record.Header{Name: "s"}, nil })
		moves := false
		for _, e := range set {
			moves = moves || e.Change == record.Moved
		}
		if wanted := round == 1 || moves; errors.Is(err, errStopped) != wanted {
			t.Fatalf("stopped: %v, error %v", wanted, err)
		}
		if snaps, err2 := p.db.Snapshots(bg); err2 != nil || len(snaps) != len(p.seqs) && err != nil {
			t.Fatalf("half of an import shows: %d snapshots, %v", len(snaps), err2)
		}
		if err != nil {
			check(t, p.db.Clean(bg))
		} else {
			check(t, p.db.Undo(bg, last+2))
		}
		if d := difference(before, p.db.dump(t)); d != "" {
			t.Fatalf("stopped and undone: %s", d)
		}
		check(t, p.db.Clean(bg))
		check(t, p.db.Undo(bg, last+2))
		check(t, p.db.Undo(bg, last+9))
		if d := difference(before, p.db.dump(t)); d != "" {
			t.Fatalf("undone again: %s", d)
		}
		p.db.add(t, last+2, set)
		if d := difference(whole, p.db.dump(t)); d != "" {
			t.Fatalf("imported again: %s", d)
		}
	})
}

// Many transactions make one import, and one undo: between them, nothing shows.
func TestALargeImportStoppedBetweenTransactions(t *testing.T) {
	db := newDB(t)
	db.add(t, 1, manyEntries(10))
	before := db.dump(t)
	const n, records = 80_000, 30_000 // more than one transaction takes
	set := manyEntries(n)
	for i := range set {
		set[i].Mode = 0o600
	}
	err := db.Import(bg, 2, cut(set, 1, n-50), func() (*record.Header, error) { return &record.Header{Name: "s"}, nil })
	if !errors.Is(err, errStopped) {
		t.Fatal(err)
	}
	got, err := db.listing(1, "")
	check(t, err)
	if want := manyEntries(10); !sameEntries(got, want) {
		t.Errorf("snapshot 1 shows %d entries, want %d", len(got), len(want))
	}
	if n := len(db.dump(t)); n < 2*records {
		t.Fatalf("only %d keys: nothing was committed before the error", n)
	}
	check(t, db.Clean(bg))
	if d := difference(before, db.dump(t)); d != "" {
		t.Error(d)
	}
}

// identity and content hold the newest snapshot's entries and nothing else, whatever the past.
func TestIdentityAndContentAreThoseOfTheNewest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		for i := len(p.trees) - 1; i >= 0; i-- {
			fresh := newDB(t)
			fresh.add(t, 1, p.trees[i].changes(tree{}))
			got, want := p.db.dump(t), fresh.dump(t)
			for _, d := range []map[string]string{got, want} {
				maps.DeleteFunc(d, func(k, _ string) bool {
					return !strings.HasPrefix(k, "identity") &&
						!strings.HasPrefix(k, "content")
				})
			}
			if d := difference(want, got); d != "" {
				t.Fatalf("snapshot %d: %s", p.seqs[i], d)
			}
			check(t, p.db.Undo(bg, p.seqs[i])) // the one before is the newest again
		}
	})
}

func TestLearnChangesOnlyWhatItMay(t *testing.T) {
	db := smallHistory(t)
	before := db.dump(t)
	old, _, err := db.Lookup(bg, 7, "a")
	check(t, err)
	fact := record.Entry{Path: "a", Record: node{99, file.Symlink, "elsewhere", 0o777, 999}.record()}
	fact.Volume, fact.Flags, fact.Xattrs, fact.UID, fact.Nlink = 3, record.Racy|record.Unreadable,
		[]file.Xattr{{Name: "user.x"}}, 7, 8
	gone, never := fact, fact
	gone.Path, never.Path = "d/x", "never"
	check(t, db.Learn(bg, 7, all([]record.Entry{fact, gone, never})))

	want := old
	want.Volume, want.Ino, want.Btime, want.Ctime, want.Flags = 3, 99, fact.Btime, fact.Ctime, old.Flags|record.Racy
	got, since, err := db.Lookup(bg, 7, "a")
	check(t, err)
	if since != 5 || !sameRecord(&got, &want) {
		t.Errorf("since %d\ngot  %+v\nwant %+v", since, got, want)
	}
	var changed []string
	after := db.dump(t)
	for k, v := range after {
		if old, there := before[k]; !there || old != v {
			changed = append(changed, k)
		}
	}
	for k := range before {
		if _, there := after[k]; !there {
			changed = append(changed, k)
		}
	}
	if len(changed) != 5 { // the record; the identity and the content, old and new
		t.Errorf("%d keys changed: %q", len(changed), changed)
	}
	for id, want := range map[uint64]int{99: 1, old.Ino: 0} {
		r := record.Record{Volume: map[bool]uint32{true: 3, false: 1}[id == 99]}
		r.Ino, r.Btime = id, map[bool]file.Time{true: fact.Btime, false: old.Btime}[id == 99]
		if found, err := db.ByIdentity(bg, 7, &r, 9); err != nil || len(found) != want {
			t.Errorf("inode %d is found %d times, %v", id, len(found), err)
		}
	}
	// What the newest snapshot itself has been made of was seen later: a is of snapshot 5, so that only there it is
	// spared.
	learned := db.dump(t)
	later := fact
	later.Ino = 100
	check(t, db.LearnOlder(bg, 5, all([]record.Entry{later})))
	if d := difference(learned, db.dump(t)); d != "" {
		t.Errorf("the snapshot's own record has learned: %s", d)
	}
	check(t, db.LearnOlder(bg, 7, all([]record.Entry{later})))
	if got, _, err := db.Lookup(bg, 7, "a"); err != nil || got.Ino != 100 {
		t.Errorf("an older record has not learned: %+v, %v", got, err)
	}
	fact.Record = old // and no longer racy
	check(t, db.Learn(bg, 7, all([]record.Entry{fact})))
	if d := difference(before, db.dump(t)); d != "" {
		t.Errorf("learned back: %s", d)
	}
}

func TestSetHeader(t *testing.T) {
	db := smallHistory(t)
	all, err := db.Snapshots(bg)
	check(t, err)
	if len(all) != 5 || all[2].Seq != 4 || all[2].Name != "s4" || all[2].State != record.Complete {
		t.Fatalf("%+v", all)
	}
	h := all[2]
	h.Note, h.Tags = "a note", []string{"x", "y"}
	before := db.dump(t)
	check(t, db.SetHeader(bg, &h))
	again, err := db.Snapshots(bg)
	check(t, err)
	if again[2].Note != "a note" || fmt.Sprint(again[2].Tags) != "[x y]" || again[1].Note != "" {
		t.Errorf("%+v", again)
	}
	check(t, db.SetHeader(bg, &all[2]))
	if d := difference(before, db.dump(t)); d != "" {
		t.Error(d)
	}
	h.Seq = 3
	if err := db.SetHeader(bg, &h); !errors.Is(err, ErrNotFound) {
		t.Errorf("a snapshot that is not there: %v", err)
	}
}
