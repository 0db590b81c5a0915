package index

import (
	"bytes"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// buckets reads records of many snapshots within one transaction.
type buckets struct {
	touches
	tx      *bolt.Tx
	root    *bolt.Bucket
	cursors map[uint64]*cursor
	pending *Pending // records of a snapshot that is not there, nil for none

	// What seqs was asked for last: who follows a file asks again and again about one path, and who follows it through
	// renames about a few paths by turns. Lists of many numbers are kept, those of few are read again.
	lastKey  []byte
	lastSeqs []uint64
	kept     map[string][]uint64
	keptSize int // numbers
}

// A list of more than longList numbers is kept, and of all lists keepSeqs numbers, half a MiB.
const (
	longList = 16
	keepSeqs = 64 << 10
)

// cursor stands in one snapshot's bucket; neighbouring keys are found without a search.
type cursor struct {
	c    *bolt.Cursor
	k, v []byte
}

func openBuckets(tx *bolt.Tx) *buckets {
	return &buckets{tx: tx, root: tx.Bucket(bucketRecords), cursors: map[uint64]*cursor{}}
}

// value is the sealed record of key in snapshot seq, nil if there is none.
func (b *buckets) value(seq uint64, key []byte) []byte {
	if b.pending != nil && seq == b.pending.seq {
		return b.pending.records[string(key)]
	}
	c := b.cursors[seq]
	if c == nil {
		c = &cursor{}
		if r := b.root.Bucket(seqKey(seq)); r != nil {
			c.c = r.Cursor()
		}
		b.cursors[seq] = c
	}
	if c.c == nil {
		return nil
	}
	if c.k != nil {
		if string(c.k) == string(key) {
			return c.v
		}
		if c.k, c.v = c.c.Next(); string(c.k) == string(key) {
			return c.v
		}
	}
	c.k, c.v = c.c.Seek(key)
	b.touch(b.tx, c.k)
	if string(c.k) == string(key) {
		return c.v
	}
	return nil
}

// record reads the record of key in snapshot seq into r, which aliases nothing. A record that `paths`
// promises must be there.
func (b *buckets) record(seq uint64, key []byte, r *record.Record) error {
	v := b.value(seq, key)
	if v == nil {
		return damaged("snapshot %d has no record for %q", seq, appendPath(nil, key))
	}
	body, ok := unseal(v, key)
	if !ok {
		return damaged("the record of %q in snapshot %d", appendPath(nil, key), seq)
	}
	return record.Parse(string(body), r)
}

// seqs is seqsAt, with the snapshot that is pending as the newest. The list must not be changed.
func (b *buckets) seqs(tx *bolt.Tx, key []byte) ([]uint64, error) {
	if b.lastKey != nil && string(b.lastKey) == string(key) {
		return b.lastSeqs, nil
	}
	if seqs, ok := b.kept[string(key)]; ok {
		return seqs, nil
	}
	seqs, err := seqsAt(tx.Bucket(bucketPaths), key)
	if err != nil {
		return nil, err
	}
	if p := b.pending; p != nil {
		for len(seqs) > 0 && seqs[len(seqs)-1] > p.newest { // of one that was never published
			seqs = seqs[:len(seqs)-1]
		}
		if p.records[string(key)] != nil {
			seqs = append(seqs, p.seq)
		}
	}
	b.lastKey, b.lastSeqs = append(b.lastKey[:0], key...), seqs
	if len(seqs) > longList {
		if b.keptSize += len(seqs); b.kept == nil || b.keptSize > keepSeqs {
			b.kept, b.keptSize = map[string][]uint64{}, len(seqs)
		}
		b.kept[string(key)] = seqs
	}
	return seqs, nil
}

// seqsAt finds the list of snapshots that hold a record for key in the bucket paths, nil if none does.
//
// A damaged key leads bbolt's search astray, so that another key is not found although it is there. A list
// that is not there is proved: the keys on both sides must be whole and in order.
func seqsAt(paths *bolt.Bucket, key []byte) ([]uint64, error) {
	c := paths.Cursor()
	k, v := c.Seek(key)
	if string(k) == string(key) {
		return seqsOf(k, v, nil)
	}
	if err := whole(k, v); err != nil {
		return nil, err
	}
	if k != nil && string(k) < string(key) {
		return nil, damaged("the keys around %q", appendPath(nil, key))
	}
	return nil, wholeBefore(c, k, key)
}

// seekWhole finds the first key from start on in the bucket paths or in one of records, and proves that
// there is none before it.
func seekWhole(b *bolt.Bucket, start []byte) (c *bolt.Cursor, k, v []byte, err error) {
	c = b.Cursor()
	if k, v = c.Seek(start); len(start) > 0 && string(k) != string(start) {
		if err := wholeBefore(c, k, start); err != nil {
			return nil, nil, nil, err
		}
		k, v = c.Seek(start)
	}
	return c, k, v, nil
}

// wholeBefore makes sure that the key before k, where the search for start has ended, comes before start.
func wholeBefore(c *bolt.Cursor, k, start []byte) error {
	before, v := c.Prev, []byte(nil)
	if k == nil {
		before = c.Last
	}
	if k, v = before(); k != nil && string(k) >= string(start) {
		return damaged("the keys around %q", appendPath(nil, start))
	}
	return whole(k, v)
}

// whole checks the seal of a key and its value; nil is whole.
func whole(k, v []byte) error {
	if _, ok := unseal(v, k); !ok && k != nil {
		return damaged("the entry of %q", appendPath(nil, k))
	}
	return nil
}

// seqsOf reads the list of snapshots that hold a record for key.
func seqsOf(key, v []byte, seqs []uint64) ([]uint64, error) {
	body, ok := unseal(v, key)
	if !ok {
		return nil, damaged("the list of snapshots of %q", appendPath(nil, key))
	}
	return parseSeqs(body, seqs)
}

// pathScan goes through the bucket paths, as far as a folder reaches. It checks every key that it passes
// and the one that it ends before: nothing is left out because its key was damaged.
type pathScan struct {
	c      *bolt.Cursor
	within []byte
	up     rising
}

// scanPaths begins a scan of within at start, nil for the very first key.
func scanPaths(tx *bolt.Tx, within, start []byte) (s *pathScan, k, v []byte, err error) {
	s = &pathScan{within: within, up: rising{last: start}}
	if s.c, k, v, err = seekWhole(tx.Bucket(bucketPaths), start); err != nil {
		return nil, nil, nil, err
	}
	k, v, err = s.check(k, v)
	return s, k, v, err
}

// next is the next key and its list of snapshots, nil at the end.
func (s *pathScan) next() (k, v []byte, err error) { return s.check(s.c.Next()) }

func (s *pathScan) check(k, v []byte) ([]byte, []byte, error) {
	if k == nil {
		return nil, nil, nil
	}
	if err := whole(k, v); err != nil {
		return nil, nil, err
	}
	if err := s.up.step(k); err != nil {
		return nil, nil, err
	}
	if !keyWithin(k, s.within) {
		return nil, nil, nil
	}
	return k, v, nil
}

// rising makes sure that keys come in order. Where damage made the pages of the database lead elsewhere
// or in circles, a scan would otherwise repeat itself, or never end.
type rising struct {
	last  []byte // the key before, at first where the scan begins
	begun bool
}

func (r *rising) step(key []byte) error {
	if c := bytes.Compare(key, r.last); c < 0 || c == 0 && r.begun {
		return damaged("%q out of order", appendPath(nil, key))
	}
	r.last, r.begun = key, true
	return nil
}
