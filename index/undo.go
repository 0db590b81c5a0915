package index

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	bolt "go.etcd.io/bbolt"
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
			bucket = h.bucket()
			return errors.Join(err, tx.Bucket(bucketSnapshots).Delete(seqKey(seq)))
		})
		if err != nil {
			return err
		}
		return undoRecords(update, bucket)
	})
}

// Clean takes back imports that never ended, and finishes what Undo began: records without a header.
func (db *DB) Clean(ctx context.Context) error {
	var loose []uint64
	err := db.view(ctx, func(tx *bolt.Tx) (err error) {
		loose, err = looseBuckets(tx)
		return err
	})
	if err != nil || len(loose) == 0 {
		return err
	}
	return db.updates(ctx, func(update updater) error {
		for _, bucket := range slices.Backward(loose) {
			if err := undoRecords(update, bucket); err != nil {
				return err
			}
		}
		return nil
	})
}

// looseBuckets are the buckets of records that are no snapshot's, oldest first.
func looseBuckets(tx *bolt.Tx) (loose []uint64, err error) {
	owned := map[uint64]bool{}
	err = tx.Bucket(bucketSnapshots).ForEach(func(k, v []byte) error {
		h, err := parseHeader(k, v)
		owned[h.bucket()] = true
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
func headerOf(tx *bolt.Tx, seq uint64) (Header, error) {
	k := seqKey(seq)
	v := tx.Bucket(bucketSnapshots).Get(k)
	if v == nil {
		return Header{}, ErrNotFound
	}
	return parseHeader(k, v)
}

// undoRecords takes back all records of a bucket, and the bucket. Every path in it must have none that are newer.
func undoRecords(update updater, bucket uint64) (err error) {
	for more := true; more && err == nil; {
		err = update(func(tx *bolt.Tx) error {
			records := tx.Bucket(bucketRecords).Bucket(seqKey(bucket))
			if records == nil {
				more = false
				return nil
			}
			l, err := newLoader(tx, bucket)
			if err != nil {
				return err
			}
			var keys [][]byte
			c := records.Cursor()
			for k, _ := c.First(); k != nil && len(keys) < batchSize; k, _ = c.Next() {
				keys = append(keys, append([]byte(nil), k...))
			}
			for _, key := range keys {
				if err := l.undo(key); err != nil {
					return err
				}
			}
			if err := l.close(tx); err != nil {
				return err
			}
			if len(keys) < batchSize {
				more = false
				return tx.Bucket(bucketRecords).DeleteBucket(seqKey(bucket))
			}
			return nil
		})
	}
	return err
}

func (l *loader) undo(key []byte) error {
	var r Record
	if err := l.read(l.seq, key, &r); err != nil {
		return err
	}
	l.drop(key, &r)
	seqs, err := l.seqs(key)
	if err != nil {
		return err
	}
	if i := slices.Index(seqs, l.seq); i >= 0 {
		seqs = slices.Delete(seqs, i, i+1)
	}
	if len(seqs) == 0 {
		err = l.paths.Delete(key)
	} else {
		if err := l.read(seqs[len(seqs)-1], key, &r); err != nil {
			return err
		}
		l.show(key, &r)
		err = l.paths.Put(key, seal(appendSeqs(nil, seqs), key))
	}
	return errors.Join(err, l.records.Delete(key))
}
