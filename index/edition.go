package index

import (
	"context"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// Edition is a record of a path, and from when to when it says what is there: from the first snapshot with a
// number of Seq or above, up to the last with one below Next; 0 is no end.
type Edition struct {
	Path string
	Version
	Next uint64
}

// Editions visits every record of every path that has a meaning, in key order and from old to new, tombstones too. It
// keeps nothing in memory. The edition and all its strings are valid during the visit, which must not use db.
func (db *DB) Editions(ctx context.Context, visit func(*Edition) error) error {
	return db.editions(ctx, func(s *Edition, _ *tracer) error {
		if s.OnlyTrail() {
			return nil
		}
		return visit(s)
	})
}

type editionVisitor func(*Edition, *tracer) error

func (db *DB) editions(ctx context.Context, visit editionVisitor) error {
	var start []byte
	for more := true; more; {
		err := db.view(ctx, func(tx *bolt.Tx) (err error) {
			start, err = visitEditions(tx, start, visit)
			more = start != nil
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// visitEditions visits the records of a page of paths from start on; next is where to go on, nil at the end.
func visitEditions(tx *bolt.Tx, start []byte, visit editionVisitor) (next []byte, err error) {
	t := &tracer{tx: tx, b: openBuckets(tx)}
	b := openBuckets(tx) // its cursors only go forward
	var seqs []uint64
	var path []byte
	var one Edition
	n := 0
	scan, k, v, err := scanPaths(tx, nil, start)
	for ; k != nil && err == nil; k, v, err = scan.next() {
		if n > 4*pageSize {
			return append([]byte(nil), k...), nil
		}
		if seqs, err = seqsOf(k, v, seqs[:0]); err != nil {
			return nil, err
		}
		if path = appendPath(path[:0], k); !validKey(k, alias(path)) {
			return nil, damaged("a path that cannot be: %q", path)
		}
		for i, s := range seqs {
			n++
			body, ok := unseal(b.value(s, k), k)
			if !ok {
				return nil, damaged("the record of %q in snapshot %d", path, s)
			}
			if one.Path, one.Seq, one.Next = alias(path), s, 0; i+1 < len(seqs) {
				one.Next = seqs[i+1]
			}
			if err := record.Parse(alias(body), &one.Record); err != nil {
				return nil, err
			}
			if err := visit(&one, t); err != nil {
				return nil, err
			}
		}
	}
	return nil, err
}

// editionsBetween visits, as editions, the records that came after snapshot first up to snapshot last, and ends those
// that say what is there in last with no end.
func (db *DB) editionsBetween(ctx context.Context, first, last uint64, visit editionVisitor) error {
	var start []byte
	var one Edition
	for more := true; more; {
		err := db.view(ctx, func(tx *bolt.Tx) (err error) {
			t := &tracer{tx: tx, b: openBuckets(tx)}
			f := &follower{tx: tx, b: openBuckets(tx), first: first, last: last}
			start, err = f.each(start, func(path string, records []holder) error {
				for i := range records {
					if one.Path, one.Seq, one.Next = path, records[i].bucket, 0; i+1 < len(records) {
						one.Next = records[i+1].bucket
					}
					if err := records[i].parse(path, &one.Record); err != nil {
						return err
					}
					if err := visit(&one, t); err != nil {
						return err
					}
				}
				return nil
			})
			more = start != nil
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// alias is b as a string, which is valid as long as b does not change.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
