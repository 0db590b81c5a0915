package index

import (
	"context"
	"iter"

	bolt "go.etcd.io/bbolt"
)

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
				h, err := headerOf(tx, newest)
				if err != nil {
					return err
				}
				l, err := newLoader(tx, h.bucket())
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
