package index

import (
	"context"
	"iter"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// SetHeader replaces a snapshot's header: its state, tags or note.
func (db *DB) SetHeader(ctx context.Context, h *record.Header) error {
	return db.updates(ctx, func(update updater) error {
		return update(func(tx *bolt.Tx) error {
			if tx.Bucket(bucketSnapshots).Get(seqKey(h.Seq)) == nil {
				return ErrNotFound
			}
			return putHeader(tx, h)
		})
	})
}

// Learn replaces, in the newest records, what is true of the source only: volume, inode, birth time, ctime, and whether
// they are racy. The next run then need not read those files again. Entries whose path is gone are passed over.
func (db *DB) Learn(ctx context.Context, newest uint64, facts iter.Seq2[*record.Entry, error]) error {
	return db.learn(ctx, newest, false, facts)
}

// LearnOlder is Learn without the records of snapshot newest itself: what that was made from was seen later.
func (db *DB) LearnOlder(ctx context.Context, newest uint64, facts iter.Seq2[*record.Entry, error]) error {
	return db.learn(ctx, newest, true, facts)
}

func (db *DB) learn(ctx context.Context, newest uint64, older bool, facts iter.Seq2[*record.Entry, error]) error {
	return db.updates(ctx, func(update updater) error {
		set := pull(ctx, facts)
		defer set.stop()
		return update.stages(ctx, func(t *txn) (done bool, err error) {
			h, err := headerOf(t.Tx, newest)
			if err != nil {
				return false, err
			}
			spare := uint64(0)
			if older {
				spare = h.BucketSeq()
			}
			return t.atOnce(h.BucketSeq(), func(l *loader) (bool, error) {
				for set.e != nil || set.next() {
					if !l.room() {
						return false, nil
					}
					if err := l.learn(set.e, spare); err != nil {
						return false, err
					}
					set.e = nil
				}
				return true, set.err
			})
		})
	})
}

// learn enters the fact into the newest record of its path, unless that is in the bucket spare.
func (l *loader) learn(e *record.Entry, spare uint64) error {
	key := appendKey(nil, e.Path)
	seqs, err := l.seqs(key)
	if err != nil || len(seqs) == 0 {
		return err
	}
	seq := seqs[len(seqs)-1]
	if seq == spare {
		return nil
	}
	var r record.Record
	if err := l.read(seq, key, &r); err != nil || !r.Exists() {
		return err
	}
	old := r
	r.Learn(&e.Record)
	if err := l.replace(key, &old, &r); err != nil {
		return err
	}
	return l.put(l.root.Bucket(seqKey(seq)), key, &r)
}

// atOnce runs f with a loader of the bucket seq and makes, in the same transaction, the edits of identity and
// content that f leads to: they are right whenever it stops. f asks l.room before each entry.
func (t *txn) atOnce(seq uint64, f func(l *loader) (done bool, err error)) (done bool, err error) {
	l, err := newLoader(t, seq, newHints(""))
	if err != nil {
		return false, err
	}
	l.hints.identity.again, l.hints.content.again = true, true
	if done, err = f(l); err == nil {
		err = l.hints.make(t)
	}
	return done, err
}

// room is that of the transaction, counting the edits that it will make.
func (l *loader) room() bool {
	return l.t.room() && len(l.hints.identity.list)+len(l.hints.content.list) < batchPages
}
