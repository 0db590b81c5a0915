package index

import (
	"context"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Holding runs f while the database is held, so that many small look-ups do not open it again.
func (db *DB) Holding(ctx context.Context, f func() error) error {
	if db.held != nil {
		return f()
	}
	if err := db.Hold(ctx); err != nil {
		return err
	}
	return errors.Join(f(), db.Release())
}

// Mark is another string whenever the index is another one, or says something else: what was read of it is true as long
// as its mark stays. It is the file's fingerprint with the number of its last transaction, which grows with every
// write, also where two come within one tick of the clock that the file's times are of.
func (db *DB) Mark(ctx context.Context) (mark string, err error) {
	err = db.Holding(ctx, func() error {
		print, _, err := fingerprint(db.held.file)
		if err != nil {
			return err
		}
		return db.view(ctx, func(tx *bolt.Tx) error {
			mark = fmt.Sprintf("%s-%x", print, tx.ID())
			return nil
		})
	})
	return mark, err
}
