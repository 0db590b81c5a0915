package index

import (
	"cmp"
	"context"
	"iter"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// Version is a record and the snapshot that introduced it.
type Version struct {
	Seq uint64
	record.Record
}

// History is every record of one path, oldest first, tombstones included.
type History struct {
	Path     string
	Versions []Version
}

// Versions are all records of path; none if no snapshot ever held it.
func (db *DB) Versions(ctx context.Context, path string) (h History, err error) {
	h.Path = path
	err = db.view(ctx, func(tx *bolt.Tx) (err error) {
		h.Versions, err = versionsAt(tx, openBuckets(tx), path)
		return err
	})
	return h, err
}

// versionsAt are all records of path.
func versionsAt(tx *bolt.Tx, b *buckets, path string) ([]Version, error) {
	key := appendKey(nil, path)
	seqs, err := seqsAt(tx.Bucket(bucketPaths), key)
	if err != nil {
		return nil, err
	}
	return versions(b, key, seqs)
}

func versions(b *buckets, key []byte, seqs []uint64) ([]Version, error) {
	all := make([]Version, 0, len(seqs))
	for _, s := range seqs {
		v := Version{Seq: s}
		if err := b.record(s, key, &v.Record); err != nil {
			return nil, err
		}
		if !v.OnlyTrail() {
			all = append(all, v)
		}
	}
	return all, nil
}

// Histories yields the history of every path at and below dir, in key order, that match accepts. Only
// accepted paths cost more than a step of a cursor. match must not keep the path.
func (db *DB) Histories(ctx context.Context, dir string, match func(path []byte) bool) iter.Seq2[History, error] {
	return func(yield func(History, error) bool) {
		within := appendKey(nil, dir)
		next := within
		if dir == "" {
			next = nil
			file.ReadAhead(db.path)
		}
		for more := true; more; {
			var found []History
			err := db.view(ctx, func(tx *bolt.Tx) error {
				b := openBuckets(tx)
				var path []byte
				more = false
				scan, k, v, err := scanPaths(tx, within, next)
				for n := 0; k != nil && err == nil; k, v, err = scan.next() {
					if n++; n > 64*pageSize || len(found) == pageSize {
						next, more = append([]byte(nil), k...), true
						break
					}
					if path = appendPath(path[:0], k); !match(path) {
						continue
					}
					p, err := pathOf(k)
					if err != nil {
						return err
					}
					seqs, err := seqsOf(k, v, nil)
					if err != nil {
						return err
					}
					vs, err := versions(b, k, seqs)
					if err != nil {
						return err
					}
					if len(vs) > 0 {
						found = append(found, History{p, vs})
					}
				}
				return err
			})
			if err != nil {
				yield(History{}, err)
				return
			}
			for _, h := range found {
				if !yield(h, nil) {
					return
				}
			}
		}
	}
}

// LastHeld is what path was before it was gone, or could not be read, where the newest snapshot does not hold it: the
// record, the sequence number of the last complete snapshot that holds it, and Record.Since of what is linked to that.
// ErrNotFound if there is none, or, unless moved is set, if it has moved away from there.
func (db *DB) LastHeld(ctx context.Context, newest uint64, path string,
	moved bool) (rec record.Record, last, since uint64, err error) {
	err = db.view(ctx, func(tx *bolt.Tx) error {
		b := openBuckets(tx)
		key := appendKey(nil, path)
		seqs, err := seqsAt(tx.Bucket(bucketPaths), key)
		if err != nil {
			return err
		}
		gone := uint64(0)
		for s := at(seqs, newest); s > 0; s = at(seqs, s-1) {
			if err := b.record(s, key, &rec); err != nil {
				return err
			}
			if !rec.HasInode() {
				if rec.To != "" && !moved { // what was here lives on there
					break
				}
				gone = s
				continue
			}
			if gone == 0 {
				break
			}
			if last, err = lastComplete(tx, s, gone); err != nil || last == 0 {
				return cmp.Or(err, error(ErrNotFound))
			}
			since, err = (&tracer{tx: tx, b: b}).since(place{path, s}, &rec)
			return err
		}
		return ErrNotFound
	})
	return rec, last, since, err
}

// lastComplete is the last complete snapshot from first on and before end; 0 if there is none.
func lastComplete(tx *bolt.Tx, first, end uint64) (uint64, error) {
	c := tx.Bucket(bucketSnapshots).Cursor()
	step := c.Prev
	if k, _ := c.Seek(seqKey(end)); k == nil {
		step = c.Last
	}
	for k, v := step(); k != nil; k, v = c.Prev() {
		h, err := parseHeader(k, v)
		switch {
		case err != nil:
			return 0, err
		case h.Seq < first:
			return 0, nil
		case h.State == record.Complete:
			return h.Seq, nil
		}
	}
	return 0, nil
}
