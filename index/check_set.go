package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"snap/internal/file"
	"snap/record"
)

// CheckSet calls found where the records of a snapshot are not those of its change set, which set yields: the same
// paths in the same order with equal records, but for what snap has learned of the source since (volume, inode, birth
// time, ctime, racy), and for what Import adds: where files went, and records of folders whose name another one took.
// The error is what stopped it, an error of set among others.
func (db *DB) CheckSet(ctx context.Context, h *record.Header, set iter.Seq2[*record.Entry, error],
	found func(error)) error {
	b, err := db.open(ctx, checking)
	if err != nil {
		return err
	}
	defer b.Close()
	return db.guard(func() error {
		c, err := newChecker(ctx, b.file, found)
		if err != nil {
			return err
		}
		value, err := c.records(h.BucketSeq())
		if err != nil {
			return err
		}
		if value == nil {
			c.foundf("no records of snapshot %q", h.Name)
			return nil
		}
		return compareSet(c.walk(fmt.Sprintf("the records of snapshot %q", h.Name), value, false, true), set)
	})
}

// records is the value of a bucket of records, nil if it is not there.
func (c *checker) records(bucket uint64) (value []byte, err error) {
	if err := c.top(); err != nil {
		return nil, err
	}
	w := c.bucket(bucketRecords, true, false)
	for k, v, ok := w.Next(); ok && value == nil; k, v, ok = w.Next() {
		if len(k) == 8 && binary.BigEndian.Uint64(k) == bucket {
			value = bytes.Clone(v)
		}
	}
	return value, w.Err
}

// compareSet goes through the records and a change set side by side.
func compareSet(w *bucketWalk, set iter.Seq2[*record.Entry, error]) error {
	var key, mine, theirs []byte
	var r record.Record
	k, v, ok := w.Next()
	// alone reports the record at k, which the change set has not.
	alone := func() {
		if record.Parse(string(v), &r) != nil || !added(&r) {
			w.tell(damaged("a record of %q, which the change set has not", appendPath(nil, k)))
		}
		k, v, ok = w.Next()
	}
	for e, err := range set {
		if err != nil {
			return err
		}
		key = appendKey(key[:0], e.Path)
		for ok && bytes.Compare(k, key) < 0 {
			alone()
		}
		if !ok || !bytes.Equal(k, key) {
			if w.Err != nil {
				return w.Err
			}
			if !w.Lost {
				w.tell(damaged("no record of %q, which the change set has", e.Path))
			}
			continue
		}
		if err := record.Parse(string(v), &r); err != nil {
			w.tell(fmt.Errorf("%q: %w", e.Path, err))
		} else {
			mine, theirs = record.Append(mine[:0], unlearned(r)), record.Append(theirs[:0], unlearned(e.Record))
			if !bytes.Equal(mine, theirs) {
				w.tell(damaged("the record of %q is not that of the change set", e.Path))
			}
		}
		k, v, ok = w.Next()
	}
	for ok {
		alone()
	}
	return w.Err
}

// added reports whether the record may be one that Import made.
func added(r *record.Record) bool {
	return r.Change == record.Silent && r.Kind == file.Folder && r.Reason == record.NoReason && r.To != ""
}

// unlearned is r without what is learned of the source later, and without what Import adds.
func unlearned(r record.Record) *record.Record {
	r.Volume, r.Ino, r.Btime, r.Ctime, r.To = 0, 0, file.Time{}, file.Time{}, ""
	r.Flags &^= record.Racy
	return &r
}
