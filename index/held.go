package index

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// EverHeld reports of each path whether any snapshot has, or had, a record for it.
func (db *DB) EverHeld(ctx context.Context, paths []string) (held []bool, err error) {
	err = db.view(ctx, func(tx *bolt.Tx) error {
		held = make([]bool, len(paths))
		b := tx.Bucket(bucketPaths)
		var key []byte
		for i, path := range paths {
			key = appendKey(key[:0], path)
			held[i] = b.Get(key) != nil
		}
		return nil
	})
	return held, err
}

// KnowsInode reports whether the newest complete snapshot has a source file with this inode number and birth time,
// under whatever name and on whichever of its file systems.
func (db *DB) KnowsInode(ctx context.Context, ino uint64, born file.Time) (bool, error) {
	all, err := db.Snapshots(ctx)
	if err != nil {
		return false, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].State != record.Complete {
			continue
		}
		for volume := range all[i].Volumes {
			r := record.Record{Volume: volume}
			r.Ino, r.Btime = ino, born
			found, err := db.ByIdentity(ctx, all[i].Seq, &r, 1)
			if len(found) > 0 || err != nil {
				return len(found) > 0, err
			}
		}
		return false, nil
	}
	return false, nil
}
