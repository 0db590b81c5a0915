package index

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// place is where a record lies.
type place struct {
	path   string
	bucket uint64
}

// tracer finds out which records are of one inode.
type tracer struct {
	tx *bolt.Tx
	b  *buckets
}

// step goes from the record at p, which is r, to an older one of the same inode; false if there is none: this
// one made it, or its link leads to nothing. A tombstone leads to the inode that was at its path in snapshots that are
// deleted by now.
func (t *tracer) step(p *place, r *record.Record) (bool, error) {
	if !r.Stored.Shares() {
		return false, nil
	}
	older, rec, err := t.lead(*p, r)
	if err != nil || older.bucket == 0 {
		return false, err
	}
	circle := rec.Stored == record.Joined && older.bucket == p.bucket
	if !rec.HasInode() || r.Exists() && rec.Kind != r.Kind || circle {
		return false, nil
	}
	*p, *r = older, rec
	return true, nil
}

// lead is where the record at p, which is from and shares an inode, leads to, and the record there; the zero place if
// there is none.
func (t *tracer) lead(p place, from *record.Record) (older place, rec record.Record, err error) {
	same := func() bool {
		return older.bucket != 0 && (!from.Exists() || rec.SameContent(from) && rec.Mtime == from.Mtime)
	}
	if from.Stored == record.Linked && from.Since != 0 && t.owner(from.Since) == from.Since {
		if older, rec, err = t.run(from.OlderName(p.path), p.bucket-1, from.Since); err != nil || same() {
			return older, rec, err
		}
	}
	older = p
	for r := from; ; r = &rec {
		path, bucket, since := r.OlderName(older.path), older.bucket, uint64(0)
		if r.Stored == record.Linked {
			bucket, since = bucket-1, r.Since
		}
		if older, err = t.last(path, bucket, since, &rec); err != nil {
			return place{}, rec, err
		}
		if older.bucket == 0 || rec.Exists() || since == 0 || !rec.Stored.Shares() {
			break
		}
		// It says what was here in snapshots that are deleted by now.
	}
	if from.Since != 0 && !same() {
		return place{}, rec, nil
	}
	return older, rec, nil
}

// run is the last place at path, up to bucket, of the inode that the snapshot since has there, and the record there:
// that snapshot's record, or one that leads to it record by record. Another file may have taken the path since, even
// an equal copy.
func (t *tracer) run(path string, bucket, since uint64) (place, record.Record, error) {
	var first record.Record
	base, err := t.last(path, since, 0, &first)
	if err != nil || !first.HasInode() {
		return place{}, first, err
	}
	for {
		var rec record.Record
		p, err := t.last(path, bucket, 0, &rec)
		if err != nil || p.bucket <= base.bucket {
			return base, first, err
		}
		if leads, err := t.leadsTo(base, p, rec); err != nil || leads {
			return p, rec, err
		}
		bucket = p.bucket - 1
	}
}

// leadsTo reports whether the record at p, which is r, leads to the one at base by older records of the same path.
func (t *tracer) leadsTo(base, p place, r record.Record) (bool, error) {
	for p.bucket > base.bucket && r.HasInode() && r.Since == 0 {
		if more, err := t.step(&p, &r); err != nil || !more || p.path != base.path {
			return false, err
		}
	}
	return p == base, nil
}

// last is the place of the record that is in force at path in the snapshot of bucket, and becomes rec. With since it
// is the last one that has something there, in the snapshot with that number or a newer one. The zero place if there
// is none.
func (t *tracer) last(path string, bucket, since uint64, rec *record.Record) (place, error) {
	seqs, key, err := t.seqs(path)
	if err != nil {
		return place{}, err
	}
	for {
		p := place{path, at(seqs, bucket)}
		if p.bucket == 0 || since != 0 && t.owner(p.bucket) < since {
			return place{}, nil
		}
		if err := t.b.record(p.bucket, key, rec); err != nil {
			return place{}, err
		}
		if since == 0 || rec.HasInode() || !rec.Exists() && rec.Stored.Shares() {
			return p, nil
		}
		bucket = p.bucket - 1
	}
}

// owner is the number of the snapshot that a bucket of records is of.
func (t *tracer) owner(bucket uint64) uint64 {
	k, _ := t.tx.Bucket(bucketSnapshots).Cursor().Seek(seqKey(bucket))
	if len(k) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(k)
}

// since is the first snapshot, as far as the records say, from which on the inode of the record at p, which is r, was
// at its path without a break.
func (t *tracer) since(p place, r *record.Record) (uint64, error) {
	rec := *r
	for {
		older := p
		if rec.Since != 0 {
			return p.bucket, nil
		}
		if more, err := t.step(&older, &rec); err != nil || !more || older.path != p.path {
			return p.bucket, err
		}
		p = older
	}
}

// next goes from the record at p, which is r, to a newer one of the same inode: of the same path, or of the one that
// the file moved to; false if there is none.
func (t *tracer) next(p *place, r *record.Record) (bool, error) {
	seqs, key, err := t.seqs(p.path)
	bucket := after(seqs, p.bucket)
	if err != nil || bucket == 0 {
		return false, err
	}
	var rec record.Record
	if err := t.b.record(bucket, key, &rec); err != nil {
		return false, err
	}
	path := p.path
	if !rec.HasInode() || rec.Stored != record.Linked || rec.OlderName(path) != p.path {
		if path = rec.To; path == "" {
			return false, nil
		}
		seqs, key, err := t.seqs(path)
		if err != nil || at(seqs, bucket) != bucket {
			return false, err
		}
		if err := t.b.record(bucket, key, &rec); err != nil {
			return false, err
		}
		if !rec.HasInode() || rec.Stored != record.Linked || rec.OlderName(path) != p.path {
			return false, nil
		}
	}
	*p, *r = place{path, bucket}, rec
	return true, nil
}

// born follows the inode of the record at p, which is r, back to the record that made it, or to one in a
// bucket up to oldest. r becomes that record.
func (t *tracer) born(p place, r *record.Record, oldest uint64) (place, error) {
	for p.bucket > oldest {
		if more, err := t.step(&p, r); !more || err != nil {
			return p, err
		}
	}
	return p, nil
}

// seqs are the buckets with a record of path, and its key.
func (t *tracer) seqs(path string) (seqs []uint64, key []byte, err error) {
	key = appendKey(nil, path)
	seqs, err = t.b.seqs(t.tx, key)
	return seqs, key, err
}

// Inode is an inode of the snapshots' trees: where the record is that made it. Entries that share an inode have
// equal ones.
type Inode struct{ born place }

// LinkedEntry is an Entry with its inode in the tree.
type LinkedEntry struct {
	*record.Entry
	Inode Inode // the zero Inode where the source had one name of the file
}

// LinkedEntries is Entries with the inodes, in the tree, of files with several names. The inode number in the record is
// that of the source, and may be newer for some names of a file than for others. Where damage hides which record made
// an inode, the entry gets one of its own.
func (db *DB) LinkedEntries(ctx context.Context, seq uint64, dir string) iter.Seq2[LinkedEntry, error] {
	return func(yield func(LinkedEntry, error) bool) {
		var inodes []Inode
		i := 0
		trace := func(tx *bolt.Tx, p *page) (err error) {
			i = 0
			inodes, err = inodesOf(tx, seq, p.entries, inodes[:0])
			return err
		}
		for e, err := range db.entries(ctx, seq, dir, "", trace) {
			if err != nil {
				yield(LinkedEntry{}, err)
				return
			}
			if !yield(LinkedEntry{e, inodes[i]}, nil) {
				return
			}
			i++
		}
	}
}

// inodesOf appends the inodes of entries of snapshot seq to inodes.
func inodesOf(tx *bolt.Tx, seq uint64, entries []record.Entry, inodes []Inode) ([]Inode, error) {
	t := &tracer{tx: tx, b: openBuckets(tx)}
	for i := range entries {
		e := &entries[i]
		if e.Nlink < 2 || e.Ino == 0 || e.Kind == file.Folder {
			inodes = append(inodes, Inode{})
			continue
		}
		seqs, _, err := t.seqs(e.Path)
		if err != nil {
			return nil, err
		}
		here := place{e.Path, at(seqs, seq)}
		r := e.Record
		born, err := t.born(here, &r, 0)
		if errors.Is(err, record.ErrDamaged) {
			born, err = here, nil
		}
		if err != nil {
			return nil, err
		}
		inodes = append(inodes, Inode{born})
	}
	return inodes, nil
}
