package index

import (
	"context"
	"errors"
	"iter"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
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
// one made it, or its link leads to nothing.
func (t *tracer) step(p *place, r *Record) (bool, error) {
	if !r.Stored.Shares() {
		return false, nil
	}
	bucket := p.bucket
	if r.Stored == Linked {
		bucket--
	}
	path := r.shared(p.path)
	seqs, key, err := t.seqs(path)
	if err != nil {
		return false, err
	}
	older := place{path, at(seqs, bucket)}
	if older.bucket == 0 {
		return false, nil
	}
	var rec Record
	if err := t.b.record(older.bucket, key, &rec); err != nil {
		return false, err
	}
	for r.Stored == Linked && !rec.hasInode() { // it was gone for a while
		if older.bucket = at(seqs, older.bucket-1); older.bucket == 0 {
			return false, nil
		}
		if err := t.b.record(older.bucket, key, &rec); err != nil {
			return false, err
		}
		if rec.hasInode() && !rec.back(r) {
			return false, nil // what was linked is in no snapshot any more
		}
	}
	circle := rec.Stored == Joined && older.bucket == p.bucket
	if !rec.hasInode() || rec.Kind != r.Kind || circle {
		return false, nil
	}
	*p, *r = older, rec
	return true, nil
}

// next goes from the record at p, which is r, to a newer one of the same inode: of the same path, or of the one that
// the file moved to; false if there is none.
func (t *tracer) next(p *place, r *Record) (bool, error) {
	seqs, key, err := t.seqs(p.path)
	bucket := after(seqs, p.bucket)
	if err != nil || bucket == 0 {
		return false, err
	}
	var rec Record
	if err := t.b.record(bucket, key, &rec); err != nil {
		return false, err
	}
	path := p.path
	if back, err := t.back(seqs, key, bucket, r, &rec); back != 0 || err != nil {
		*p, *r = place{path, back}, rec
		return err == nil, err
	}
	if !rec.hasInode() || rec.Stored != Linked || rec.shared(path) != p.path {
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
		if !rec.hasInode() || rec.Stored != Linked || rec.shared(path) != p.path {
			return false, nil
		}
	}
	*p, *r = place{path, bucket}, rec
	return true, nil
}

// back is the bucket with the record that brings the inode of r back to its path, where the record gone in a bucket says
// that it is not there, and gone becomes that record; 0 if none does.
func (t *tracer) back(seqs []uint64, key []byte, bucket uint64, r, gone *Record) (uint64, error) {
	if gone.hasInode() || gone.To != "" {
		return 0, nil
	}
	var rec Record
	for !rec.hasInode() {
		if bucket = after(seqs, bucket); bucket == 0 {
			return 0, nil
		}
		if err := t.b.record(bucket, key, &rec); err != nil {
			return 0, err
		}
	}
	if rec.Stored != Linked || rec.From != "" || rec.Link != "" || !r.back(&rec) {
		return 0, nil
	}
	*gone = rec
	return bucket, nil
}

// born follows the inode of the record at p, which is r, back to the record that made it, or to one in a
// bucket up to oldest. r becomes that record.
func (t *tracer) born(p place, r *Record, oldest uint64) (place, error) {
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

// Inode is an inode of the snapshots' trees: where the record is that made it. What shares an inode has equal ones.
type Inode struct{ born place }

// LinkedEntry is an Entry with its inode in the tree.
type LinkedEntry struct {
	*Entry
	Inode Inode // the zero Inode where the source had one name of the file
}

// LinkedEntries is Entries with the inodes of files with several names. That of the source, in the record, may have been
// learned anew for some names of a file and not for others. Where damage hides what made an inode, it is one of its own.
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
func inodesOf(tx *bolt.Tx, seq uint64, entries []Entry, inodes []Inode) ([]Inode, error) {
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
		if errors.Is(err, ErrDamaged) {
			born, err = here, nil
		}
		if err != nil {
			return nil, err
		}
		inodes = append(inodes, Inode{born})
	}
	return inodes, nil
}
