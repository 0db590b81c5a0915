package index

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"snap/record"
)

// A snapshot's own records are a change set that the index agrees with, whatever moved in a circle and whatever was
// deleted, and an index that is made of such sets alone has the same records and gives the same answers.
func TestOwnRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t)
		left := p.db.forget(t, p.seqs, drawVictims(t, p))
		again := newDB(t)
		own := func(db *DB, seq uint64) (set []record.Entry) {
			for e, err := range db.OwnRecords(bg, seq) {
				check(t, err)
				set = append(set, *e)
			}
			return set
		}
		for _, seq := range left {
			set, h := own(p.db, seq), p.db.header(t, seq)
			check(t, p.db.CheckSet(bg, &h, all(set), func(err error) { t.Fatalf("snapshot %d: %v\n%s", seq, err, p) }))
			again.add(t, seq, set)
		}
		for _, seq := range left {
			a, b := own(p.db, seq), own(again, seq)
			if !slices.EqualFunc(a, b, func(a, b record.Entry) bool {
				return a.Path == b.Path && string(record.Append(nil, &a.Record)) == string(record.Append(nil, &b.Record))
			}) {
				t.Fatalf("snapshot %d: %+v, made again %+v\n%s", seq, a, b, p)
			}
		}
		sameAnswers(t, "made again", answers(t, p.db, left), answers(t, again, left))
		sound(t, again)
	})
}
