package index

import (
	"context"
	"iter"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// OwnRecords yields the records of snapshot seq's own: its change set as it was imported, with what was learned of the
// source and noted of moves since. Another one than Merged makes, which says what became of each path and so may give
// a record another change.
func (db *DB) OwnRecords(ctx context.Context, seq uint64) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		for start, more := []byte(nil), true; more; more = start != nil {
			var page []record.Entry
			err := db.view(ctx, func(tx *bolt.Tx) error {
				h, err := headerOf(tx, seq)
				if err != nil {
					return err
				}
				page = page[:0]
				start, err = recordPage(tx, h.BucketSeq(), start, func(e *record.Entry) error {
					page = append(page, *e)
					return nil
				})
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page {
				if !yield(&page[i], nil) {
					return
				}
			}
		}
	}
}

// recordPage visits a page of the records in a bucket, from the key start on; next is where to go on, nil at the end.
func recordPage(tx *bolt.Tx, bucket uint64, start []byte, visit func(*record.Entry) error) (next []byte, err error) {
	b := tx.Bucket(bucketRecords).Bucket(seqKey(bucket))
	if b == nil {
		return nil, damaged("no records in bucket %d", bucket)
	}
	c := b.Cursor()
	n := 0
	for k, v := c.Seek(start); k != nil; k, v = c.Next() {
		if n++; n > pageSize {
			return append([]byte(nil), k...), nil
		}
		body, ok := unseal(v, k)
		e := record.Entry{Path: string(appendPath(nil, k))}
		if !ok || !validKey(k, e.Path) {
			return nil, damaged("the record of %q in snapshot %d", e.Path, bucket)
		}
		if err := record.Parse(string(body), &e.Record); err != nil {
			return nil, err
		}
		if err := visit(&e); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
