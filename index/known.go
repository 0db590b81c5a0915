package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// identityPrefix is where the names of a source file begin in the bucket identity.
func identityPrefix(b []byte, r *record.Record) []byte {
	return appendOrdered(appendOrdered(b, uint64(r.Volume)), r.Ino)
}

func contentPrefix(b []byte, size int64, hash *[32]byte) []byte {
	if b = appendOrdered(b, uint64(size)); hash != nil {
		b = append(b, hash[:8]...)
	}
	return b
}

// inIdentity and inContent say which entries of the newest snapshot are in these buckets.
func inIdentity(r *record.Record) bool { return r.Exists() && r.Ino != 0 }
func inContent(r *record.Record) bool {
	return r.Exists() && r.Kind == file.Regular && r.Has(record.Hashed) && r.Stored != record.Absent && r.Size > 0
}

// identityKey appends the key in the bucket identity of the entry with the key path.
func identityKey(b []byte, r *record.Record, path []byte) []byte {
	return append(identityPrefix(b, r), path...)
}

// contentKey appends the key in the bucket content of the entry with the key path. It leads to the bucket identity,
// which has the path; nameSum distinguishes the names of a file there. Without an inode number it has the path
// itself.
func contentKey(b []byte, r *record.Record, path []byte) []byte {
	if b = contentPrefix(b, r.Size, &r.Hash); r.Ino == 0 {
		return append(append(b, pathFollows), path...)
	}
	sum := nameSum(path)
	return append(identityPrefix(b, r), sum[:]...)
}

// pathFollows stands in a content key where the length of a volume's number, 0 to 8, stands in others.
const pathFollows = 0xff

// nameSum is FNV-1a of the key of a path, 48 bits of it: among 65,000 names of one file, as many as ext4 can have,
// two are the same with a probability of 10^-5, and then one of them is not found by its content.
func nameSum(path []byte) (sum [6]byte) {
	h := uint64(14695981039346656037)
	for _, c := range path {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 48 // all of its bits count
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], h)
	copy(sum[:], b[2:])
	return sum
}

// ByIdentity are the entries of the newest snapshot with the source identity (volume, inode, birth
// time) of r, in key order, at most max.
func (db *DB) ByIdentity(ctx context.Context, newest uint64, r *record.Record,
	max int) (found []record.Entry, err error) {
	if r.Ino == 0 {
		return nil, nil
	}
	prefix := identityPrefix(nil, r)
	err = db.view(ctx, func(tx *bolt.Tx) error {
		found = nil
		b := openBuckets(tx)
		c := tx.Bucket(bucketIdentity).Cursor()
		for k, _ := c.Seek(prefix); within(k, prefix) && len(found) < max; k, _ = c.Next() {
			e, there, err := newestEntry(tx, b, newest, k[len(prefix):], bucketIdentity)
			if err != nil {
				return err
			}
			if there && e.SameIdentity(r) {
				found = append(found, e)
			}
		}
		return nil
	})
	return found, err
}

// ByContent are the regular files of the newest snapshot with this size and hash, at most max.
func (db *DB) ByContent(ctx context.Context, newest uint64, size int64, hash [32]byte,
	max int) (found []record.Entry, err error) {
	prefix := contentPrefix(nil, size, &hash)
	err = db.view(ctx, func(tx *bolt.Tx) error {
		found = nil
		b := openBuckets(tx)
		c := tx.Bucket(bucketContent).Cursor()
		for k, _ := c.Seek(prefix); within(k, prefix) && len(found) < max; k, _ = c.Next() {
			path, err := pathOfContent(tx, k[len(prefix):])
			if err != nil && ahead(tx, newest) {
				continue
			}
			if err != nil {
				return err
			}
			e, there, err := newestEntry(tx, b, newest, path, bucketContent)
			if err != nil {
				return err
			}
			if there && inContent(&e.Record) && e.Size == size && e.Hash == hash {
				found = append(found, e)
			}
		}
		return nil
	})
	return found, err
}

// pathOfContent is the key of the path that a key in content is for; rest is what follows its prefix.
func pathOfContent(tx *bolt.Tx, rest []byte) ([]byte, error) {
	if rest[0] == pathFollows {
		return rest[1:], nil
	}
	var sum [6]byte
	if n := len(rest) - len(sum); n > 1 {
		prefix := rest[:n]
		copy(sum[:], rest[n:])
		c := tx.Bucket(bucketIdentity).Cursor()
		for k, _ := c.Seek(prefix); within(k, prefix); k, _ = c.Next() {
			if path := k[n:]; nameSum(path) == sum {
				return path, nil
			}
		}
	}
	return nil, damaged("an entry of content without one of identity")
}

// HasSize reports whether the newest snapshot holds a regular file of this size.
func (db *DB) HasSize(ctx context.Context, size int64) (has bool, err error) {
	prefix := contentPrefix(nil, size, nil)
	err = db.view(ctx, func(tx *bolt.Tx) error {
		k, _ := tx.Bucket(bucketContent).Cursor().Seek(prefix)
		has = within(k, prefix)
		return nil
	})
	return has, err
}

// within reports whether key goes on after prefix.
func within(key, prefix []byte) bool { return len(key) > len(prefix) && bytes.HasPrefix(key, prefix) }

// newestEntry is the entry with the key path, which bucket says is there; false if that is of a run that died.
func newestEntry(tx *bolt.Tx, b *buckets, newest uint64, path, bucket []byte) (e record.Entry, there bool, err error) {
	if e.Path, err = pathOf(path); err != nil {
		return e, false, err
	}
	switch _, err = lookup(tx, b, newest, e.Path, &e.Record); {
	case err == nil:
		return e, true, nil
	case errors.Is(err, ErrNotFound) && ahead(tx, newest):
		return e, false, nil
	}
	return e, false, damaged("%q is in %s but not in the newest snapshot", e.Path, bucket)
}

// ahead reports whether there are records of a snapshot after the newest: those of a run that died before it was
// published, which a run that writes takes out first, and one that only looks does not. Until then identity and content
// are partly that snapshot's.
func ahead(tx *bolt.Tx, newest uint64) bool {
	k, _ := tx.Bucket(bucketRecords).Cursor().Last()
	return len(k) == 8 && binary.BigEndian.Uint64(k) > newest
}
