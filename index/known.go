package index

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
)

// identityPrefix is where the names of a source file begin in the bucket identity.
func identityPrefix(r *Record) []byte {
	return appendOrdered(appendOrdered(nil, uint64(r.Volume)), r.Ino)
}

func contentPrefix(size int64, hash *[32]byte) []byte {
	b := appendOrdered(nil, uint64(size))
	if hash != nil {
		b = append(b, hash[:8]...)
	}
	return b
}

// ByIdentity are the entries of the newest snapshot with the source identity (volume, inode, birth
// time) of r, in key order, at most max.
func (db *DB) ByIdentity(ctx context.Context, newest uint64, r *Record, max int) ([]Entry, error) {
	if r.Ino == 0 {
		return nil, nil
	}
	return db.byPrefix(ctx, newest, bucketIdentity, identityPrefix(r), max, func(o *Record) bool { return o.SameIdentity(r) })
}

// ByContent are the regular files of the newest snapshot with this size and hash, in key order, at most
// max.
func (db *DB) ByContent(ctx context.Context, newest uint64, size int64, hash [32]byte, max int) ([]Entry, error) {
	return db.byPrefix(ctx, newest, bucketContent, contentPrefix(size, &hash), max, func(o *Record) bool {
		return o.Kind == file.Regular && o.Size == size && o.Has(Hashed) && o.Hash == hash
	})
}

// HasSize reports whether the newest snapshot holds a regular file of this size.
func (db *DB) HasSize(ctx context.Context, size int64) (has bool, err error) {
	prefix := contentPrefix(size, nil)
	err = db.view(ctx, func(tx *bolt.Tx) error {
		k, _ := tx.Bucket(bucketContent).Cursor().Seek(prefix)
		has = len(k) > len(prefix) && string(k[:len(prefix)]) == string(prefix)
		return nil
	})
	return has, err
}

func (db *DB) byPrefix(ctx context.Context, seq uint64, bucket, prefix []byte, max int, is func(*Record) bool) (found []Entry, err error) {
	err = db.view(ctx, func(tx *bolt.Tx) error {
		found = nil
		b := openBuckets(tx)
		c := tx.Bucket(bucket).Cursor()
		for k, _ := c.Seek(prefix); len(k) > len(prefix) && string(k[:len(prefix)]) == string(prefix) && len(found) < max; k, _ = c.Next() {
			path, err := pathOf(k[len(prefix):])
			if err != nil {
				return err
			}
			e := Entry{Path: path}
			if _, err := lookup(tx, b, seq, path, &e.Record); err != nil {
				return damaged("%q is in %s but not in the newest snapshot", path, bucket)
			}
			if is(&e.Record) {
				found = append(found, e)
			}
		}
		return nil
	})
	return found, err
}
