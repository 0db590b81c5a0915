package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// Undo takes the newest snapshot back: afterwards the index is as if it had never been made. It can be
// stopped at any point; Clean then finishes it.
func (db *DB) Undo(ctx context.Context, seq uint64) error {
	return db.updates(ctx, func(update updater) error {
		bucket := seq
		err := update(func(tx *bolt.Tx) error {
			h, err := headerOf(tx, seq)
			if errors.Is(err, ErrNotFound) {
				return nil
			}
			bucket = h.BucketSeq()
			return errors.Join(err, tx.Bucket(bucketSnapshots).Delete(seqKey(seq)))
		})
		if err != nil {
			return err
		}
		return undoRecords(ctx, update, bucket)
	})
}

// Clean takes back imports that never ended, and finishes what Undo began: records without a header. The files
// that they left beside the index go too. Nobody else may be writing.
func (db *DB) Clean(ctx context.Context) error {
	left, _ := os.ReadDir(filepath.Dir(db.path))
	for _, e := range left {
		if ours, _ := filepath.Match(scratchName, e.Name()); ours {
			os.Remove(filepath.Join(filepath.Dir(db.path), e.Name())) // where it stays it is in nobody's way
		}
	}
	var loose []uint64
	err := db.view(ctx, func(tx *bolt.Tx) (err error) {
		loose, err = looseBuckets(tx, &db.headers)
		return err
	})
	if err != nil || len(loose) == 0 {
		return err
	}
	return db.updates(ctx, func(update updater) error {
		for _, bucket := range slices.Backward(loose) {
			if err := undoRecords(ctx, update, bucket); err != nil {
				return err
			}
		}
		return nil
	})
}

// looseBuckets are the buckets of records that are no snapshot's, oldest first.
func looseBuckets(tx *bolt.Tx, known *headers) (loose []uint64, err error) {
	owned := map[uint64]bool{}
	err = tx.Bucket(bucketSnapshots).ForEach(func(k, v []byte) error {
		h, err := known.parse(k, v)
		owned[h.BucketSeq()] = true
		return err
	})
	if err != nil {
		return nil, err
	}
	err = tx.Bucket(bucketRecords).ForEachBucket(func(k []byte) error {
		if len(k) != 8 {
			return damaged("a bucket of records with the name %q", k)
		}
		if b := binary.BigEndian.Uint64(k); !owned[b] {
			loose = append(loose, b)
		}
		return nil
	})
	return loose, err
}

// headerOf reads the header of a snapshot; ErrNotFound.
func headerOf(tx *bolt.Tx, seq uint64) (record.Header, error) {
	k := seqKey(seq)
	v := tx.Bucket(bucketSnapshots).Get(k)
	if v == nil {
		return record.Header{}, ErrNotFound
	}
	return parseHeader(k, v)
}

// undoRecords takes back all records of a bucket, and the bucket. Every path in it must have none that are newer.
func undoRecords(ctx context.Context, update updater, bucket uint64) error {
	return update.stages(ctx, func(t *txn) (done bool, err error) {
		root := t.Bucket(bucketRecords)
		if root.Bucket(seqKey(bucket)) == nil {
			return true, nil
		}
		done, err = t.atOnce(bucket, func(l *loader) (bool, error) {
			for {
				keys := front(l.records)
				for _, key := range keys {
					if !l.room() {
						return false, nil
					}
					if err := l.undo(key); err != nil {
						return false, err
					}
				}
				if len(keys) == 0 {
					return true, nil
				}
			}
		})
		if done && err == nil {
			err = root.DeleteBucket(seqKey(bucket))
		}
		return done, err
	})
}

// front are some of the first keys of a bucket. A cursor does not stay where it is while its bucket changes.
func front(records *bolt.Bucket) (keys [][]byte) {
	c := records.Cursor()
	for k, _ := c.First(); k != nil && len(keys) < 256; k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	return keys
}

func (l *loader) undo(key []byte) error {
	var r record.Record
	if err := l.read(l.seq, key, &r); err != nil {
		return err
	}
	seqs, err := l.seqs(key)
	if err != nil {
		return err
	}
	if i := slices.Index(seqs, l.seq); i >= 0 {
		seqs = slices.Delete(seqs, i, i+1)
	}
	var before *record.Record
	if n := len(seqs); n == 0 {
		err = l.t.delete(l.paths, key)
	} else {
		before = new(record.Record)
		if err := l.read(seqs[n-1], key, before); err != nil {
			return err
		}
		err = l.t.put(l.paths, key, seal(appendSeqs(nil, seqs), key))
	}
	return errors.Join(err, l.replace(key, &r, before), l.t.delete(l.records, key))
}
