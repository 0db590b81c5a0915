package index

import (
	"context"
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
				if _, err := tx.Bucket(bucketRecords).CreateBucketIfNotExists(seqKey(seq)); err != nil {
					return err
				}
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
	seq      uint64 // the number of its bucket
	paths    *bolt.Bucket
	records  *bolt.Bucket
	root     *bolt.Bucket
	identity edits
	content  edits
}

// edits are changes of a bucket of keys, collected so that they can be made in key order.
type edits map[string]bool // true: put, false: delete

// newLoader changes the records in the bucket seq.
func newLoader(tx *bolt.Tx, seq uint64) (*loader, error) {
	l := &loader{seq: seq, paths: tx.Bucket(bucketPaths), root: tx.Bucket(bucketRecords), identity: edits{}, content: edits{}}
	if l.records = l.root.Bucket(seqKey(seq)); l.records == nil {
		return nil, damaged("no records of snapshot %d", seq)
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
	if inIdentity(r) {
		l.identity[string(append(identityPrefix(r), key...))] = put
	}
	if inContent(r) {
		l.content[string(append(contentPrefix(r.Size, &r.Hash), key...))] = put
	}
}

// inIdentity and inContent say which entries of the newest snapshot are in these buckets.
func inIdentity(r *Record) bool { return r.Ino != 0 }
func inContent(r *Record) bool {
	return r.Kind == file.Regular && r.Has(Hashed) && r.Stored != Absent && r.Size > 0
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
