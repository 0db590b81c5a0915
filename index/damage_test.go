package index

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// largeHistory is three snapshots of 200 files in folders, with edits, moves and removals: enough
// for several levels of pages.
func largeHistory(t tb) *DB {
	now := tree{"": {1, file.Folder, "", 0o755, 0}}
	for i := range 200 {
		dir := fmt.Sprintf("folder %02d", i%12)
		now[dir] = node{uint64(10 + i%12), file.Folder, "", 0o755, 0}
		now[fmt.Sprintf("%s/file %04d.txt", dir, i)] = node{uint64(100 + i), file.Regular, fmt.Sprint(i % 120), 0o644,
			int64(i)}
	}
	db, old := newDB(t), tree{}
	for seq := uint64(1); seq <= 3; seq++ {
		db.add(t, seq, now.changes(old))
		old = maps.Clone(now)
		l := &life{now: now, clock: 1e6 * int64(seq), ids: 1e6 * seq}
		for i, p := range now.paths() {
			switch n := now[p]; {
			case n.kind == file.Folder:
			case i%5 == 0:
				l.put(p, file.Regular, "edited")
			case i%7 == 0:
				l.remove(p)
			case i%11 == 0:
				l.move(p, p+".moved")
			}
		}
	}
	return db
}

// answers are what the reading calls say, packed, or their errors.
func (db *DB) answers() (said map[string]string, errs map[string]error) {
	said, errs = map[string]string{}, map[string]error{}
	if err := db.Hold(bg); err != nil {
		return said, map[string]error{"Hold": err}
	}
	defer db.Release()
	var b []byte
	add := func(name string, r *record.Record) {
		if b = append(b, name...); r != nil {
			b = record.Append(b, r)
		}
	}
	answer := func(err error, question ...any) {
		q := fmt.Sprint(question...)
		if said[q] = string(b); err != nil && !errors.Is(err, ErrNotFound) {
			delete(said, q)
			errs[q] = err
		}
		b = b[:0]
	}
	heads, err := db.Snapshots(bg)
	add(fmt.Sprint(heads), nil)
	answer(err, "Snapshots")
	for seq := uint64(1); seq <= 3; seq++ {
		for _, dir := range []string{"", "folder 07"} {
			err = nil
			for e, e2 := range db.Entries(bg, seq, dir) {
				if err = e2; err == nil {
					add(e.Path, &e.Record)
				}
			}
			answer(err, "Entries ", dir, seq)
		}
		for i := range 5 {
			path := fmt.Sprintf("folder %02d/file %04d.txt", i, 24*i+i)
			r, since, err := db.Lookup(bg, seq, path)
			add(fmt.Sprint(since), &r)
			answer(err, "Lookup ", seq, path)
		}
	}
	err = nil
	for h, e2 := range db.Histories(bg, "", func([]byte) bool { return true }) {
		err = e2
		for i := range h.Versions {
			add(fmt.Sprint(h.Path, h.Versions[i].Seq), &h.Versions[i].Record)
		}
	}
	answer(err, "Histories")
	err = db.Editions(bg, func(s *Edition) error {
		add(fmt.Sprint(s.Path, s.Seq, s.Next), &s.Record)
		return nil
	})
	answer(err, "Editions")
	for _, dir := range []string{"", "folder 07"} {
		children, _, err := db.Children(bg, 2, dir, "", 100)
		for i := range children {
			add(fmt.Sprint(children[i].Path, children[i].Since, children[i].Records), &children[i].Record)
		}
		answer(err, "Children ", dir)
		gone, _, err := db.Departed(bg, 3, dir, "", 100)
		add(fmt.Sprint(gone), nil)
		answer(err, "Departed ", dir)
		touched, err := db.Touched(bg, dir)
		add(fmt.Sprint(touched), nil)
		answer(err, "Touched ", dir)
		changed, err := db.ChangedBelow(bg, 1, 2, []string{dir, "folder 08"}, 9)
		add(fmt.Sprint(changed), nil)
		answer(err, "ChangedBelow ", dir)
	}
	flagged, _, err := db.Flagged(bg, 3, func(r *record.Record) bool { return r.Size == 1 }, "", 100)
	for i := range flagged {
		add(flagged[i].Path, &flagged[i].Record)
	}
	answer(err, "Flagged")
	usage, err := db.Usage(bg)
	add(fmt.Sprint(usage), nil)
	answer(err, "Usage")
	usage, err = db.Freeable(bg, []uint64{1, 3})
	add(fmt.Sprint(usage), nil)
	answer(err, "Freeable")
	for _, pair := range [][2]uint64{{1, 2}, {1, 3}, {3, 2}} {
		err = nil
		for d, e2 := range db.Diff(bg, pair[0], pair[1]) {
			err = e2
			add(d.Change.String()+d.Path+d.From, d.Before)
			add("", d.After)
		}
		answer(err, "Diff ", pair)
	}
	for i := range 3 {
		path := fmt.Sprintf("folder %02d/file %04d.txt", i, 24*i+i)
		steps, err := db.Follow(bg, path)
		for i := range steps {
			add(fmt.Sprint(steps[i].Path, steps[i].Seq), &steps[i].Record)
		}
		answer(err, "Follow ", path)
	}
	return said, errs
}

// TestAFlippedBitIsNoCrash flips one bit of a real index at a time and asks everything. Nothing may panic,
// every error must be one that says what to do, and what is no error must be right. Only where the flip is
// in a meta page bbolt takes the one before, and so the state before the last commit: whole, but older.
// Of 20,000 flips, 9 did that, and one more was a wrong answer: the pages have no checksums of their own.
func TestAFlippedBitIsNoCrash(t *testing.T) {
	db := largeHistory(t)
	right, errs := db.answers()
	if len(errs) > 0 || len(right) < 20 {
		t.Fatalf("%d answers, errors %v", len(right), errs)
	}
	f, err := os.OpenFile(db.path, os.O_RDWR, 0)
	check(t, err)
	defer f.Close()
	size, meta := int64(0), int64(0) // of the pages in use, and of the two meta pages
	check(t, db.view(bg, func(tx *bolt.Tx) error {
		size, meta = tx.Size(), 2*int64(tx.DB().Info().PageSize)
		return nil
	}))
	r := rand.New(rand.NewPCG(1, 1))
	outcome := map[string]int{}
	for range 150 {
		at, bit := r.Int64N(size), byte(1)<<r.IntN(8)
		flip(t, f, at, bit)
		said, errs := db.answers()
		flip(t, f, at, bit)
		result := "unnoticed and right"
		for question, err := range errs {
			if !errors.Is(err, record.ErrDamaged) && !errors.Is(err, record.ErrNewer) {
				t.Errorf("byte %d, %08b: %s: %v", at, bit, question, err)
			}
			result = "an error"
		}
		for question, answer := range said {
			if answer != right[question] {
				if result = "wrong"; at >= meta {
					t.Errorf("byte %d, %08b: %s: a wrong answer", at, bit, question)
				}
			}
		}
		outcome[result]++
	}
	t.Logf("%d bytes: %v", size, outcome)
	if outcome["an error"] == 0 {
		t.Error("no damage was noticed")
	}
}

// TestWritingToADamagedIndexIsNoCrash: an import, a Learn and an Undo end, with or without an error.
func TestWritingToADamagedIndexIsNoCrash(t *testing.T) {
	db := largeHistory(t)
	good, err := os.ReadFile(db.path)
	check(t, err)
	newest, err := db.listing(3, "")
	check(t, err)
	size := int64(0)
	check(t, db.view(bg, func(tx *bolt.Tx) error { size = tx.Size(); return nil }))
	set := newest[:0:0]
	for i, e := range newest {
		if e.Change = record.Modified; i%9 == 0 {
			set = append(set, e)
		}
	}
	r := rand.New(rand.NewPCG(2, 2))
	outcome := map[string]int{}
	for range 60 {
		bad := slices.Clone(good)
		for range 10 {
			bad[r.Int64N(size)] ^= 1 << r.IntN(8)
		}
		check(t, os.WriteFile(db.path, bad, 0o600))
		for name, err := range map[string]error{
			"import": db.Import(bg, 4, all(set), func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }),
			"learn":  db.Learn(bg, 3, all(set)),
			"undo":   db.Undo(bg, 3),
		} {
			switch {
			case err == nil:
				outcome[name+" ended well"]++
			case errors.Is(err, record.ErrDamaged), errors.Is(err, record.ErrNewer):
				outcome[name+" ended with an error"]++
			default:
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, name := range []string{"import", "learn", "undo"} {
		if outcome[name+" ended with an error"] == 0 {
			t.Errorf("no damage kept %s from writing: %v", name, outcome)
		}
	}
}

func flip(t tb, f *os.File, at int64, bit byte) {
	var b [1]byte
	_, err := f.ReadAt(b[:], at)
	check(t, err)
	b[0] ^= bit
	_, err = f.WriteAt(b[:], at)
	check(t, err)
}
