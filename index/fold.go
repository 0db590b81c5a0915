package index

import (
	"bytes"
	"context"
	"iter"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// Fold makes snapshot next follow snapshot prev, 0 for none: the headers of those between go, and their
// records become one bucket with next's, holding what merged yields, which is what Merged has yielded.
// Readers do not see the snapshots between any more as soon as it begins. It can be stopped at any point and begun
// again with the same stream.
func (db *DB) Fold(ctx context.Context, prev uint64, next *record.Header,
	merged iter.Seq2[*record.Entry, error]) error {
	return db.updates(ctx, func(update updater) error {
		var f folding
		err := update(func(tx *bolt.Tx) (err error) {
			f, err = beginFold(tx, prev, next)
			return err
		})
		if err != nil {
			return err
		}
		set := pull(ctx, merged)
		defer set.stop()
		if err := f.pull(set); err != nil {
			return err
		}
		return update.stages(ctx,
			func(t *txn) (bool, error) { return f.change(t, set) },
			f.empty,
			func(t *txn) (bool, error) { return true, f.end(t.Tx) },
		)
	})
}

// folding is the state of a Fold between its transactions.
type folding struct {
	prev    uint64
	next    *record.Header
	victims []uint64      // sequence numbers
	buckets []uint64      // of the victims and of next
	target  uint64        // the bucket that stays
	entry   *record.Entry // the next of the merged ones, nil at the end
	key     []byte        // its key
	after   []byte        // keys up to this one were looked at
	edits   []foldEdit
	looked  bool // all keys were
}

// foldEdit is what is to be done to one path.
type foldEdit struct {
	key, value []byte // nil to delete
	seqs       []byte // nil: as they are; empty: no more
}

// beginFold hides the snapshots between and chooses the bucket that stays: the one with the most records.
func beginFold(tx *bolt.Tx, prev uint64, next *record.Header) (f folding, err error) {
	f = folding{prev: prev, next: next}
	most := int64(-1)
	c := tx.Bucket(bucketSnapshots).Cursor()
	var hide []record.Header
	for k, v := c.Seek(seqKey(prev + 1)); k != nil && bytes.Compare(k, seqKey(next.Seq)) <= 0; k, v = c.Next() {
		h, err := parseHeader(k, v)
		if err != nil {
			return f, err
		}
		f.buckets = append(f.buckets, h.BucketSeq())
		if h.Records > most {
			most, f.target = h.Records, h.BucketSeq()
		}
		if h.Seq != next.Seq {
			f.victims = append(f.victims, h.Seq)
			hide = append(hide, h)
		}
	}
	if len(f.buckets) == len(f.victims) {
		return f, damaged("no header of snapshot %d", next.Seq)
	}
	for i := range hide {
		hide[i].State = record.Deleting
		if err := putHeader(tx, &hide[i]); err != nil {
			return f, err
		}
	}
	return f, nil
}

// pull takes the next merged entry.
func (f *folding) pull(set *puller) error {
	f.entry, f.key = nil, nil
	if !set.next() {
		return set.err
	}
	f.entry, f.key = set.e, appendKey(nil, set.e.Path)
	return nil
}

// foldScan is how many keys are looked at at once, and foldEdits how many of them are then changed at most. Most
// need no change.
const (
	foldScan  = 64 << 10
	foldEdits = 4 << 10
)

// change puts right the records of all paths.
func (f *folding) change(t *txn, set *puller) (done bool, err error) {
	target, paths := t.Bucket(bucketRecords).Bucket(seqKey(f.target)), t.Bucket(bucketPaths)
	if target == nil {
		return false, damaged("no records in bucket %d", f.target)
	}
	pages, put := t.pages, 0
	defer func() { fill(target, put, t.pages-pages) }()
	for {
		for ; len(f.edits) > 0; f.edits = f.edits[1:] {
			if !t.room() {
				return false, nil
			}
			put++
			if err := f.edits[0].make(t, target, paths); err != nil {
				return false, err
			}
		}
		if f.looked {
			return true, nil
		}
		if err := f.look(t, paths, set); err != nil {
			return false, err
		}
		forget(t.Tx)
	}
}

func (e *foldEdit) make(t *txn, target, paths *bolt.Bucket) (err error) {
	if e.value != nil {
		err = t.put(target, e.key, e.value)
	} else {
		err = t.delete(target, e.key)
	}
	switch {
	case err != nil || e.seqs == nil:
	case len(e.seqs) > 0:
		err = t.put(paths, e.key, e.seqs)
	default:
		err = t.delete(paths, e.key)
	}
	return err
}

// look finds what is to be done to the next paths.
func (f *folding) look(t *txn, paths *bolt.Bucket, set *puller) error {
	sources, err := f.sources(t.Bucket(bucketRecords))
	if err != nil {
		return err
	}
	f.edits = f.edits[:0:0]
	for n := 0; n < foldScan && len(f.edits) < foldEdits; n++ {
		key := f.key
		for i := range sources {
			if k := sources[i].k; k != nil && (key == nil || bytes.Compare(k, key) < 0) {
				key = k
			}
		}
		if f.looked = key == nil; f.looked {
			return nil
		}
		var want, have []byte
		elsewhere := false
		if bytes.Equal(key, f.key) {
			want = seal(record.Append(nil, &f.entry.Record), key)
		}
		f.after = append(f.after[:0], key...)
		for i := range sources {
			s := &sources[i]
			if !bytes.Equal(s.k, f.after) {
				continue
			}
			if s.bucket == f.target {
				have = s.v
			} else {
				elsewhere = true
			}
			s.k, s.v = s.c.Next()
		}
		if same := bytes.Equal(want, have); !same || elsewhere {
			e := foldEdit{key: bytes.Clone(f.after), value: want}
			if elsewhere || (want == nil) != (have == nil) {
				if e.seqs, err = f.seqs(t, paths, e.key, want != nil); err != nil {
					return err
				}
			}
			f.edits = append(f.edits, e)
		}
		if want != nil {
			if err := f.pull(set); err != nil {
				return err
			}
		}
	}
	return nil
}

// sources are the buckets, each at the first key that was not looked at.
func (f *folding) sources(root *bolt.Bucket) (sources []holder, err error) {
	for _, b := range f.buckets {
		bucket := root.Bucket(seqKey(b))
		if bucket == nil {
			return nil, damaged("no records in bucket %d", b)
		}
		c := bucket.Cursor()
		s := holder{bucket: b, c: c}
		if s.k, s.v = c.Seek(f.after); f.after != nil && bytes.Equal(s.k, f.after) {
			s.k, s.v = s.c.Next()
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// seqs is the sealed list of the buckets that hold a record for key: of those that are folded only the one
// that stays, if it holds one. Empty if there are none.
func (f *folding) seqs(t *txn, paths *bolt.Bucket, key []byte, holds bool) ([]byte, error) {
	t.count(t.Tx, 1)
	old, err := seqsAt(paths, key)
	if err != nil {
		return nil, err
	}
	var seqs []uint64
	for _, s := range old {
		if s <= f.prev {
			seqs = append(seqs, s)
		}
	}
	if holds {
		seqs = append(seqs, f.target)
	}
	for _, s := range old {
		if s > f.next.Seq {
			seqs = append(seqs, s)
		}
	}
	if len(seqs) == 0 {
		return []byte{}, nil
	}
	return seal(appendSeqs(nil, seqs), key), nil
}

// empty takes the records out of the buckets that go. bbolt looks at every page of a bucket to delete it, within
// one transaction.
func (f *folding) empty(t *txn) (done bool, err error) {
	for _, b := range f.buckets {
		if b == f.target {
			continue
		}
		bucket := t.Bucket(bucketRecords).Bucket(seqKey(b))
		for {
			keys := front(bucket)
			if len(keys) == 0 {
				break
			}
			for _, k := range keys {
				if !t.room() {
					return false, nil
				}
				if err := t.delete(bucket, k); err != nil {
					return false, err
				}
			}
		}
	}
	return true, nil
}

// end removes the headers of the deleted snapshots and their buckets, which are empty by now.
func (f *folding) end(tx *bolt.Tx) error {
	for _, seq := range f.victims {
		if err := tx.Bucket(bucketSnapshots).Delete(seqKey(seq)); err != nil {
			return err
		}
	}
	for _, b := range f.buckets {
		if b == f.target {
			continue
		}
		if err := tx.Bucket(bucketRecords).DeleteBucket(seqKey(b)); err != nil {
			return err
		}
	}
	h := *f.next
	h.Bucket, h.Merged = f.target, nil
	if h.Bucket == h.Seq {
		h.Bucket = 0
	}
	return putHeader(tx, &h)
}
