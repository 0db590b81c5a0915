package index

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/long"
	"snap/record"
)

// answers are what a database says of the snapshots seqs: listings, differences of all pairs, and the life
// of every path.
func answers(t tb, db *DB, seqs []uint64) map[string]string {
	t.Helper()
	said := map[string]string{}
	paths := map[string]bool{}
	for _, s := range seqs {
		listing, err := db.listing(s, "")
		check(t, err)
		for _, e := range listing {
			paths[e.Path] = true
			e.Change, e.Reason, e.From, e.To, e.Link, e.Stored = 0, 0, "", "", "", 0 // of the way there, not of the state
			said[fmt.Sprintf("ls %d %q", s, e.Path)] = fmt.Sprintf("%+v", e.Record)
		}
		for _, o := range seqs {
			diff, err := collect(db.Diff(bg, s, o))
			check(t, err)
			for _, d := range diff {
				said[fmt.Sprintf("diff %d %d %q", s, o, d.Path)] = fmt.Sprintf("%s from %q", d.Change, d.From)
			}
		}
	}
	return said
}

// forget deletes the snapshots that stand in gone, as backup does it: each run of them is folded into the one
// that follows, and those at the end are undone.
func (db *DB) forget(t tb, seqs []uint64, gone map[uint64]bool) (left []uint64) {
	t.Helper()
	prev := uint64(0)
	run := false
	for _, s := range seqs {
		if gone[s] {
			run = true
			continue
		}
		if run {
			db.fold(t, prev, s)
		}
		prev, run = s, false
		left = append(left, s)
	}
	for _, s := range slices.Backward(seqs) {
		if !gone[s] {
			break
		}
		check(t, db.Undo(bg, s))
	}
	return left
}

func (db *DB) header(t tb, seq uint64) record.Header {
	t.Helper()
	heads, err := db.Snapshots(bg)
	check(t, err)
	i := slices.IndexFunc(heads, func(h record.Header) bool { return h.Seq == seq })
	if i < 0 {
		t.Fatalf("no snapshot %d", seq)
	}
	return heads[i]
}

// fold folds what lies between two snapshots and returns the merged change set.
func (db *DB) fold(t tb, prev, next uint64) []record.Entry {
	t.Helper()
	h := db.header(t, next)
	set := db.merged(t, prev, &h)
	check(t, db.Fold(bg, prev, &h, all(set)))
	return set
}

func (db *DB) merged(t tb, prev uint64, h *record.Header) (set []record.Entry) {
	t.Helper()
	for e, err := range db.Merged(bg, prev, h) {
		check(t, err)
		set = append(set, *e)
	}
	h.Records = int64(len(set))
	return set
}

func drawVictims(t *rapid.T, p *past) map[uint64]bool {
	gone := map[uint64]bool{}
	for _, s := range p.seqs {
		if rapid.Bool().Draw(t, "deleted") {
			gone[s] = true
		}
	}
	return gone
}

func sameAnswers(t tb, what string, want, got map[string]string) {
	t.Helper()
	if d := difference(want, got); d != "" {
		t.Fatalf("%s: %s", what, d)
	}
}

// Deleting snapshots changes no answer about the others.
func TestDeletingKeepsEveryAnswerAboutTheOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		gone := drawVictims(t, p)
		var left []uint64
		for _, s := range p.seqs {
			if !gone[s] {
				left = append(left, s)
			}
		}
		want := answers(t, p.db, left)
		if got := p.db.forget(t, p.seqs, gone); !slices.Equal(got, left) {
			t.Fatalf("left: %d, want %d", got, left)
		}
		sameAnswers(t, "after deleting", want, answers(t, p.db, left))
		for i, s := range p.seqs {
			for j, o := range p.seqs {
				if !gone[s] && !gone[o] {
					checkDiff(t, p.db, s, o, p.trees[i], p.trees[j])
				}
			}
		}
		sound(t, p.db)

		// What is learned, imported and undone afterwards lands in the right place.
		if len(left) == 0 {
			return
		}
		newest := left[len(left)-1]
		before := p.db.dump(t)
		entries, err := p.db.listing(newest, "")
		check(t, err)
		for i := range entries {
			entries[i].Ctime.Sec++
		}
		check(t, p.db.Learn(bg, newest, all(entries)))
		sound(t, p.db)
		for i := range entries {
			entries[i].Ctime.Sec--
		}
		check(t, p.db.Learn(bg, newest, all(entries)))
		if d := difference(before, p.db.dump(t)); d != "" {
			t.Fatalf("learned there and back: %s", d)
		}
		p.db.add(t, newest+100, nil)
		check(t, p.db.Undo(bg, newest+100))
		if d := difference(before, p.db.dump(t)); d != "" {
			t.Fatalf("undone: %s", d)
		}
		check(t, p.db.Undo(bg, newest))
		sound(t, p.db)
		if left = left[:len(left)-1]; len(left) > 0 {
			for i, s := range p.seqs {
				if s == left[len(left)-1] {
					fresh := newDB(t)
					fresh.add(t, 1, p.trees[i].changes(tree{}))
					a, b := p.db.dump(t), fresh.dump(t)
					for _, d := range []map[string]string{a, b} {
						maps.DeleteFunc(d, func(k, _ string) bool { return !known(k) })
					}
					if d := difference(a, b); d != "" {
						t.Fatalf("identity and content: %s", d)
					}
				}
			}
		}
	})
}

func known(key string) bool {
	return len(key) > 7 && (key[:7] == "content" || len(key) > 8 && key[:8] == "identity")
}

// A merged change set imported in place of those that it was made of gives the same answers, and deleting
// more merges it again.
func TestAMergedChangeSetStandsForThoseItWasMadeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		n := len(p.seqs)
		from := rapid.IntRange(0, n-1).Draw(t, "prev")
		to := rapid.IntRange(from, n-1).Draw(t, "next")
		prev := uint64(0)
		left := slices.Clone(p.seqs[to:])
		if from > 0 {
			prev = p.seqs[from-1]
			left = slices.Concat(p.seqs[:from], left)
		}
		want := answers(t, p.db, left)
		set := p.db.fold(t, prev, p.seqs[to])
		sameAnswers(t, "folded", want, answers(t, p.db, left))

		again := newDB(t)
		old := tree{}
		for i, s := range p.seqs {
			switch {
			case i == to:
				again.add(t, s, set)
			case i < from || i > to:
				again.add(t, s, p.trees[i].changes(old))
			}
			old = p.trees[i]
		}
		sameAnswers(t, "imported", want, answers(t, again, left))
		counts := func(h record.Header) [5]int64 { return [5]int64{h.Added, h.Modified, h.Metadata, h.Moved, h.Removed} }
		if from > 0 {
			h, told := p.db.header(t, p.seqs[to]), [5]int64{}
			for d, err := range p.db.Diff(bg, prev, h.Seq) {
				check(t, err)
				switch d.Change {
				case record.Added:
					told[0]++
				case record.Modified, record.TypeChanged:
					told[1]++
				case record.Metadata:
					told[2]++
				case record.Moved:
					told[3]++
				case record.Removed:
					told[4]++
				}
			}
			if got := counts(h); got != told {
				t.Fatalf("the header counts %d, the difference is %d", got, told)
			}
		}
	})
}

// A fold that is stopped at any point and begun again ends as one that was not.
func TestAFoldCanBeStoppedAndBegunAgain(t *testing.T) {
	stopped := errors.New("stopped")
	cut := func(set []record.Entry, n int) iter.Seq2[*record.Entry, error] {
		return func(yield func(*record.Entry, error) bool) {
			for i := range set[:n] {
				if !yield(&set[i], nil) {
					return
				}
			}
			yield(nil, stopped)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		if len(p.seqs) < 2 {
			return
		}
		last := p.seqs[len(p.seqs)-1]
		h := p.db.header(t, last)
		set := p.db.merged(t, 0, &h)
		want := answers(t, p.db, []uint64{last})
		n := rapid.IntRange(0, len(set)).Draw(t, "entries")
		if err := p.db.Fold(bg, 0, &h, cut(set, n)); !errors.Is(err, stopped) {
			t.Fatal(err)
		}
		sameAnswers(t, "stopped", want, answers(t, p.db, []uint64{last}))
		for _, s := range p.seqs[:len(p.seqs)-1] {
			if got := p.db.header(t, s); got.State != record.Deleting && n > 0 {
				t.Fatalf("snapshot %d is %s", s, got.State)
			}
		}
		check(t, p.db.Clean(bg))
		check(t, p.db.Fold(bg, 0, &h, all(set)))
		sameAnswers(t, "begun again", want, answers(t, p.db, []uint64{last}))
		check(t, p.db.Clean(bg))
		sound(t, p.db)
	})
}

// Many transactions make one fold.
func TestALargeFold(t *testing.T) {
	db := newDB(t)
	set := manyEntries(long.Of(3*foldEdits, foldScan+foldEdits) + 100)
	db.add(t, 1, set)
	for i := range set {
		set[i].Mode, set[i].Change = 0o600, record.Metadata
	}
	db.add(t, 2, set[5:])
	db.add(t, 3, nil)
	want := answers(t, db, []uint64{3})
	db.fold(t, 0, 3)
	sameAnswers(t, "folded", want, answers(t, db, []uint64{3}))
	sound(t, db)
	if h := db.header(t, 3); h.Bucket != 1 || h.Added != int64(len(set)) {
		t.Errorf("the largest bucket stays: %+v", h)
	}
}

// sound makes sure that paths and records agree, and that each bucket is one snapshot's.
func sound(t tb, db *DB) {
	t.Helper()
	heads, err := db.Snapshots(bg)
	check(t, err)
	dump := db.dump(t)
	promised := map[string]bool{}
	last := uint64(0)
	for _, h := range heads {
		if b := h.BucketSeq(); b <= last || b > h.Seq {
			t.Fatalf("snapshot %d after %d has its records in %d", h.Seq, last, b)
		}
		last = h.Seq
		promised[fmt.Sprintf("records/%q", seqKey(h.BucketSeq()))] = true
	}
	for k, v := range dump {
		var key string
		if n, _ := fmt.Sscanf(k, "paths/%q", &key); n == 1 {
			body, ok := unseal([]byte(v), []byte(key))
			if !ok {
				t.Fatalf("%s is not whole", k)
			}
			seqs, err := parseSeqs(body, nil)
			check(t, err)
			for _, s := range seqs {
				promised[fmt.Sprintf("records/%q/%q", seqKey(s), key)] = true
			}
		}
	}
	for k := range dump {
		if len(k) > 8 && k[:8] == "records/" && !promised[k] {
			t.Fatalf("%s belongs to nothing", k)
		}
	}
	for k := range promised {
		if _, ok := dump[k]; !ok {
			t.Fatalf("%s is promised", k)
		}
	}
}
