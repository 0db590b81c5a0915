package index

import (
	"bytes"
	"context"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// TouchedExactly is how many entries of a snapshot Touched counts exactly: so many of their records are read.
const TouchedExactly = 16

// Touched counts for each snapshot that has changed something below the folder dir how many entries these are, by
// the number that their records lie under. The folder itself does not count.
//
// Keys and lists of snapshots are read, and the records of the first TouchedExactly entries of each snapshot: of
// these, those that show no change to people do not count. Beyond, all count: a snapshot that is not in the answer
// has changed nothing, one that is has, and small numbers are right.
func (db *DB) Touched(ctx context.Context, dir string) (map[uint64]int, error) {
	t := touching{dir: dir, counts: map[uint64]int{}, within: appendKey(nil, dir)}
	if dir == "" {
		file.ReadAhead(db.path)
	} else {
		t.next = t.within
	}
	for more := true; more; {
		err := db.view(ctx, func(tx *bolt.Tx) (err error) {
			more, err = t.page(tx)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for seq, n := range t.counts {
		if n == 0 {
			delete(t.counts, seq)
		}
	}
	return t.counts, nil
}

// touching is the state of it.
type touching struct {
	dir    string
	within []byte // the key of dir
	next   []byte // where to go on
	counts map[uint64]int
}

// page counts a page of paths; more reports whether there are others.
func (t *touching) page(tx *bolt.Tx) (more bool, err error) {
	b := openBuckets(tx)
	var seqs []uint64
	n := 0
	scan, k, v, err := scanPaths(tx, t.within, t.next)
	for ; k != nil && err == nil; k, v, err = scan.next() {
		if n > 64*pageSize {
			t.next = bytes.Clone(k)
			return true, nil
		}
		if bytes.Equal(k, t.within) { // dir itself
			continue
		}
		if seqs, err = seqsOf(k, v, seqs[:0]); err != nil {
			return false, err
		}
		n += len(seqs)
		for _, s := range seqs {
			if t.counts[s] >= TouchedExactly {
				t.counts[s]++
			} else if changes, err := changesBelow(b, s, k, t.dir); err != nil {
				return false, err
			} else if changes {
				t.counts[s]++
			}
		}
	}
	return false, err
}

// changesBelow reports whether the record of key in bucket seq shows people a change below the folder dir.
func changesBelow(b *buckets, seq uint64, key []byte, dir string) (bool, error) {
	body, ok := unseal(b.value(seq, key), key)
	if !ok {
		return false, damaged("the record of %q in snapshot %d", appendPath(nil, key), seq)
	}
	var r record.Record
	if err := record.Parse(alias(body), &r); err != nil {
		return false, err
	}
	return toldWithin(&r, dir), nil
}

// toldWithin reports whether the record, of a path below the folder dir, shows people a change there. What moved within
// dir is told where it is now.
func toldWithin(r *record.Record, dir string) bool {
	switch {
	case r.Change == record.Silent || r.OnlyTrail():
		return false
	case r.Change == record.Removed && r.To != "":
		return !record.Within(r.To, dir)
	}
	return true
}

// ChangedBelow counts, for each of the folders dirs, the entries below it that the records of the snapshots after the
// one with the number before, up to seq, show people a change of; most of each at most. It reads these records alone.
func (db *DB) ChangedBelow(ctx context.Context, before, seq uint64, dirs []string, most int) (counts []int, err error) {
	err = db.view(ctx, func(tx *bolt.Tx) error {
		counts = make([]int, len(dirs))
		t := touches{}
		root := tx.Bucket(bucketRecords)
		c := root.Cursor()
		for b, _ := c.Seek(seqKey(before + 1)); b != nil && bytes.Compare(b, seqKey(seq)) <= 0; b, _ = c.Next() {
			bucket := root.Bucket(b)
			if bucket == nil {
				return damaged("the records of a snapshot")
			}
			for i, dir := range dirs {
				n, err := changedIn(tx, &t, bucket, dir, most-counts[i])
				if err != nil {
					return err
				}
				counts[i] += n
			}
		}
		return nil
	})
	return counts, err
}

// changedIn counts the changes in one bucket below the folder dir, most at most.
func changedIn(tx *bolt.Tx, t *touches, bucket *bolt.Bucket, dir string, most int) (n int, err error) {
	prefix := append(appendKey(nil, dir), 0)
	if dir == "" {
		prefix = nil
	}
	c, k, v, err := seekWhole(bucket, prefix)
	up := rising{last: prefix}
	for ; err == nil && k != nil && n < most; k, v = c.Next() {
		if err := whole(k, v); err != nil {
			return n, err
		}
		if err := up.step(k); err != nil {
			return n, err
		}
		if !bytes.HasPrefix(k, prefix) {
			break
		}
		if len(k) == 1 && k[0] == 0 { // the source itself
			continue
		}
		t.touch(tx, k)
		var r record.Record
		if err := record.Parse(alias(v[:len(v)-4]), &r); err != nil {
			return n, err
		}
		if toldWithin(&r, dir) {
			n++
		}
	}
	return n, err
}
