package index

import (
	"bytes"
	"context"
	"slices"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// Flagged are the entries of snapshot seq whose records flagged accepts, in key order: those behind the path after, n
// at most; more reports whether there are others. flagged must not keep the record.
//
// It is for what few entries have. The records of all snapshots up to this one are gone through, each where it lies,
// which is ten times as fast as to look up what is in force at each path; that is asked of the accepted ones alone. All
// this is one transaction, because a deletion moves records.
func (db *DB) Flagged(ctx context.Context, seq uint64, flagged func(*record.Record) bool, after string,
	n int) (all []record.Entry, more bool, err error) {
	f := flagSearch{seq: seq, flagged: flagged, n: n}
	if after != "" {
		f.after = appendKey(nil, after)
	}
	err = db.view(ctx, func(tx *bolt.Tx) error {
		root := tx.Bucket(bucketRecords)
		c := root.Cursor()
		for b, _ := c.First(); b != nil && bytes.Compare(b, seqKey(seq)) <= 0; b, _ = c.Next() {
			bucket := root.Bucket(b)
			if bucket == nil || len(b) != 8 {
				return damaged("the records of a snapshot")
			}
			if err := f.search(ctx, tx, b, bucket); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	f.cut()
	more = len(f.found) > n
	for _, e := range f.found[:min(len(f.found), n)] {
		all = append(all, e.Entry)
	}
	return all, more, nil
}

// flagSearch is the state of it.
type flagSearch struct {
	seq     uint64
	flagged func(*record.Record) bool
	after   []byte // keys up to this one do not count
	n       int
	found   []flaggedEntry
	last    []byte // there is one more than wanted up to this key; nil: not yet
}

type flaggedEntry struct {
	key []byte
	record.Entry
}

// search goes through the bucket that the key b leads to.
func (f *flagSearch) search(ctx context.Context, tx *bolt.Tx, b []byte, bucket *bolt.Bucket) error {
	var r record.Record
	t := touches{}
	c, k, v, err := seekWhole(bucket, f.after)
	if err != nil {
		return err
	}
	up := rising{last: f.after}
	for n := 0; k != nil; k, v = c.Next() {
		if n++; n%pageSize == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := whole(k, v); err != nil {
			return err
		}
		if err := up.step(k); err != nil {
			return err
		}
		t.touch(tx, k)
		if f.last != nil && bytes.Compare(k, f.last) > 0 {
			return nil
		}
		if err := record.Parse(alias(v[:len(v)-4]), &r); err != nil {
			return err
		}
		if !r.Exists() || !f.flagged(&r) || bytes.Equal(k, f.after) {
			continue
		}
		seqs, err := seqsAt(tx.Bucket(bucketPaths), k)
		if err != nil {
			return err
		}
		if !bytes.Equal(seqKey(at(seqs, f.seq)), b) { // a newer record is in force
			continue
		}
		if err := f.take(k, v[:len(v)-4]); err != nil {
			return err
		}
	}
	return nil
}

// take keeps an entry, and of all that were found not many more than are wanted.
func (f *flagSearch) take(k, body []byte) error {
	path, err := pathOf(k)
	if err != nil {
		return err
	}
	e := flaggedEntry{key: bytes.Clone(k)}
	e.Path = path
	if err := record.Parse(string(body), &e.Record); err != nil {
		return err
	}
	if f.found = append(f.found, e); len(f.found) >= 2*f.n+pageSize {
		f.cut()
	}
	return nil
}

// cut keeps one more than are wanted, in order.
func (f *flagSearch) cut() {
	slices.SortFunc(f.found, func(a, b flaggedEntry) int { return bytes.Compare(a.key, b.key) })
	if len(f.found) > f.n {
		f.found = f.found[:f.n+1]
		f.last = f.found[f.n].key
	}
}
