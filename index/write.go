package index

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"slices"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
)

// batchSize is how many records one transaction takes: measured, 20,000 load twice as fast as one
// transaction for all and need a fraction of its memory.
const batchSize = 20000

// Import loads a change set as the newest snapshot and writes its header in state Prepared, last: the
// header makes the rest visible. The snapshot must be newer than every other in the index. changes is
// ranged over twice when files moved; header is asked for after the first time. When Import fails, Undo
// takes back what it did.
func (db *DB) Import(ctx context.Context, seq uint64, changes iter.Seq2[*Entry, error], header func() *Header) error {
	return db.updates(ctx, func(update updater) error {
		moves := false
		err := batches(ctx, changes, func(batch []Entry) error {
			return update(func(tx *bolt.Tx) error {
				l, err := newLoader(tx, seq)
				if err != nil {
					return err
				}
				for i := range batch {
					moves = moves || batch[i].Change == Moved
					if err := l.add(&batch[i]); err != nil {
						return err
					}
				}
				return l.close(tx)
			})
		})
		if err == nil && moves {
			err = batches(ctx, changes, func(batch []Entry) error {
				return update(func(tx *bolt.Tx) error {
					l, err := newLoader(tx, seq)
					for i := 0; i < len(batch) && err == nil; i++ {
						if batch[i].Change == Moved {
							err = l.moved(batch[i].From, batch[i].Path)
						}
					}
					return err
				})
			})
		}
		if err != nil {
			return err
		}
		return update(func(tx *bolt.Tx) error {
			h := *header()
			h.Seq, h.State = seq, Prepared
			// An empty change set has a bucket too.
			if _, err := tx.Bucket(bucketRecords).CreateBucketIfNotExists(seqKey(seq)); err != nil {
				return err
			}
			return putHeader(tx, &h)
		})
	})
}

// batches hands entries to f, up to batchSize at a time.
func batches(ctx context.Context, entries iter.Seq2[*Entry, error], f func([]Entry) error) error {
	batch := make([]Entry, 0, 1024)
	for e, err := range entries {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		batch = append(batch, *e)
		if len(batch) == batchSize {
			if err := f(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return f(batch)
}

// loader changes the index for one snapshot within one transaction.
type loader struct {
	seq      uint64
	paths    *bolt.Bucket
	records  *bolt.Bucket
	root     *bolt.Bucket
	identity edits
	content  edits
}

// edits are changes of a bucket of keys, collected so that they can be made in key order.
type edits map[string]bool // true: put, false: delete

func newLoader(tx *bolt.Tx, seq uint64) (*loader, error) {
	l := &loader{seq: seq, paths: tx.Bucket(bucketPaths), root: tx.Bucket(bucketRecords), identity: edits{}, content: edits{}}
	var err error
	l.records, err = l.root.CreateBucketIfNotExists(seqKey(seq))
	if err != nil {
		return nil, err
	}
	l.records.FillPercent, l.paths.FillPercent = 0.9, 0.9
	return l, nil
}

// add puts one record of the newest snapshot.
func (l *loader) add(e *Entry) error {
	key := appendKey(nil, e.Path)
	var before Record
	seqs, err := l.seqs(key)
	if err != nil {
		return err
	}
	if n := len(seqs); n > 0 {
		if err := l.read(seqs[n-1], key, &before); err != nil {
			return err
		}
		l.drop(key, &before)
	}
	if n := len(seqs); n == 0 || seqs[n-1] != l.seq {
		if n > 0 && seqs[n-1] > l.seq {
			return damaged("%q has a record newer than the newest snapshot", e.Path)
		}
		seqs = append(seqs, l.seq)
		if err := l.paths.Put(key, seal(appendSeqs(nil, seqs), key)); err != nil {
			return err
		}
	}
	l.show(key, &e.Record)
	return l.records.Put(key, seal(appendRecord(nil, &e.Record), key))
}

// moved notes in the record that took the place of from, a tombstone as a rule, where the file went. A
// folder whose place another one with the same metadata took has no record in the change set: it gets a
// silent one here, so that renames can be followed from both ends.
func (l *loader) moved(from, to string) error {
	key := appendKey(nil, from)
	var r Record
	seqs, err := l.seqs(key)
	if err != nil || len(seqs) == 0 {
		return err
	}
	last := seqs[len(seqs)-1]
	if err := l.read(last, key, &r); err != nil {
		return err
	}
	if last != l.seq {
		if r.Kind != file.Folder {
			return nil // it is still there: another hard link
		}
		r.Change, r.Stored, r.Reason, r.From = Silent, Made, NoReason, ""
		if err := l.paths.Put(key, seal(appendSeqs(nil, append(seqs, l.seq)), key)); err != nil {
			return err
		}
	}
	r.To = to
	return l.records.Put(key, seal(appendRecord(nil, &r), key))
}

// seqs is the list of snapshots with a record for key.
func (l *loader) seqs(key []byte) ([]uint64, error) { return seqsAt(l.paths, key) }

func (l *loader) read(seq uint64, key []byte, r *Record) error {
	b := l.root.Bucket(seqKey(seq))
	if b == nil {
		return damaged("no records of snapshot %d", seq)
	}
	body, ok := unseal(b.Get(key), key)
	if !ok {
		return damaged("the record of %q in snapshot %d", appendPath(nil, key), seq)
	}
	return parseRecord(string(body), r)
}

// show and drop enter a record into identity and content, and take it out.
func (l *loader) show(key []byte, r *Record) { l.list(key, r, true) }
func (l *loader) drop(key []byte, r *Record) { l.list(key, r, false) }

func (l *loader) list(key []byte, r *Record, put bool) {
	if !r.Exists() {
		return
	}
	if r.Ino != 0 {
		l.identity[string(append(identityPrefix(r), key...))] = put
	}
	if r.Kind == file.Regular && r.Has(Hashed) && r.Stored != Absent && r.Size > 0 {
		l.content[string(append(contentPrefix(r.Size, &r.Hash), key...))] = put
	}
}

// close makes the collected edits.
func (l *loader) close(tx *bolt.Tx) error {
	return errors.Join(l.identity.apply(tx.Bucket(bucketIdentity)), l.content.apply(tx.Bucket(bucketContent)))
}

func (e edits) apply(b *bolt.Bucket) error {
	keys := make([]string, 0, len(e))
	for k := range e {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		var err error
		if e[k] {
			err = b.Put([]byte(k), nil)
		} else {
			err = b.Delete([]byte(k))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// SetHeader replaces a snapshot's header: its state, tags or note.
func (db *DB) SetHeader(ctx context.Context, h *Header) error {
	return db.updates(ctx, func(update updater) error {
		return update(func(tx *bolt.Tx) error {
			if tx.Bucket(bucketSnapshots).Get(seqKey(h.Seq)) == nil {
				return ErrNotFound
			}
			return putHeader(tx, h)
		})
	})
}

// Learn replaces what the newest records say of the source alone: volume, inode, birth time, ctime, and
// that they are no longer racy. The next run then need not read those files again. Entries whose path
// is gone are passed over.
func (db *DB) Learn(ctx context.Context, newest uint64, facts iter.Seq2[*Entry, error]) error {
	return db.updates(ctx, func(update updater) error {
		return batches(ctx, facts, func(batch []Entry) error {
			return update(func(tx *bolt.Tx) error {
				l, err := newLoader(tx, newest)
				if err != nil {
					return err
				}
				for i := range batch {
					if err := l.learn(&batch[i]); err != nil {
						return err
					}
				}
				return l.close(tx)
			})
		})
	})
}

func (l *loader) learn(e *Entry) error {
	key := appendKey(nil, e.Path)
	seqs, err := l.seqs(key)
	if err != nil || len(seqs) == 0 {
		return err
	}
	seq := seqs[len(seqs)-1]
	var r Record
	if err := l.read(seq, key, &r); err != nil || !r.Exists() {
		return err
	}
	l.drop(key, &r)
	r.Volume, r.Ino, r.Btime, r.Ctime = e.Volume, e.Ino, e.Btime, e.Ctime
	r.Flags = r.Flags&^Racy | e.Flags&Racy
	l.show(key, &r)
	return l.root.Bucket(seqKey(seq)).Put(key, seal(appendRecord(nil, &r), key))
}

// Undo takes the newest snapshot back, or an import that did not finish: afterwards the index is as if
// it had never begun. It can be stopped and begun again at any point.
func (db *DB) Undo(ctx context.Context, seq uint64) error {
	return db.updates(ctx, func(update updater) error {
		err := update(func(tx *bolt.Tx) error { return tx.Bucket(bucketSnapshots).Delete(seqKey(seq)) })
		for more := true; more && err == nil; {
			err = update(func(tx *bolt.Tx) error {
				records := tx.Bucket(bucketRecords).Bucket(seqKey(seq))
				if records == nil {
					more = false
					return nil
				}
				l, err := newLoader(tx, seq)
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
					return tx.Bucket(bucketRecords).DeleteBucket(seqKey(seq))
				}
				return nil
			})
		}
		return err
	})
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

// Unfinished are the sequence numbers with records but without a header: imports that never ended.
func (db *DB) Unfinished(ctx context.Context) (seqs []uint64, err error) {
	err = db.view(ctx, func(tx *bolt.Tx) error {
		seqs = nil
		headers := tx.Bucket(bucketSnapshots)
		return tx.Bucket(bucketRecords).ForEachBucket(func(k []byte) error {
			if headers.Get(k) == nil && len(k) == 8 {
				seqs = append(seqs, binary.BigEndian.Uint64(k))
			}
			return nil
		})
	})
	return seqs, err
}
