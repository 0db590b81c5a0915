package index

import (
	"context"
	"iter"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// Merged yields the change set that snapshot next has against snapshot prev, 0 for none, once those
// between them are deleted: the records of all of them, one a path. Diff between any two snapshots that
// stay, the listings and the lives of files are the same with it. When all was yielded, the counts in
// next are those of the new change set.
//
// A path with records in one of the buckets alone keeps its record unless that names another path, so
// that this costs little more than reading them; twice that where newer snapshots are linked over gaps.
func (db *DB) Merged(ctx context.Context, prev uint64, next *record.Header) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		own := uint64(0) // the bucket of next's own changes
		trails := false  // newer snapshots are linked to older ones than that before them
		err := db.view(ctx, func(tx *bolt.Tx) error {
			h, err := headerOf(tx, next.Seq)
			if err == nil {
				own = h.BucketSeq()
			}
			if err == nil {
				trails, err = returnedAfter(tx, next.Seq)
			}
			return err
		})
		if err != nil {
			yield(nil, err)
			return
		}
		next.KeepRun()
		next.Added, next.Modified, next.Metadata, next.Moved, next.Removed, next.CopiedBytes, next.Returned = 0, 0, 0,
			0, 0, 0, 0
		m := &merging{db: db, prev: prev, next: next.Seq, own: own, trails: trails, made: map[place]string{}}
		if trails { // which names an inode has in the end must be known before the first tombstone says one of them
			for _, err := range m.paths(ctx) {
				if err != nil {
					yield(nil, err)
					return
				}
			}
		}
		for p, err := range m.paths(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			next.Linked += p.linked
			if p.Change == 0 {
				continue
			}
			next.Count(&p.Record)
			if !yield(&p.Entry, nil) {
				return
			}
		}
	}
}

// merging is the change set of snapshot next against prev while it is made.
type merging struct {
	db         *DB
	prev, next uint64
	own        uint64           // the bucket of next's own changes
	trails     bool             // newer snapshots are linked to older ones than that before them
	made       map[place]string // of inodes that came between the two and left the path, a name
}

// mergedPath is the merged record of a path; its Change is zero where none is left.
type mergedPath struct {
	record.Entry
	linked int64 // by how much it alters Header.Linked
}

// paths yields all that have records in the snapshots that become one.
func (m *merging) paths(ctx context.Context) iter.Seq2[*mergedPath, error] {
	return func(yield func(*mergedPath, error) bool) {
		var start []byte
		for more := true; more; {
			var page []mergedPath
			err := m.db.view(ctx, func(tx *bolt.Tx) (err error) {
				f := &follower{tx: tx, b: openBuckets(tx), from: m.prev, to: m.next, first: m.prev, last: m.next,
					made: m.made, trails: m.trails}
				start, err = f.each(start, func(path string, records []holder) error {
					e, newest, err := f.merge(path, records)
					if err != nil {
						return err
					}
					p := mergedPath{Entry: e}
					if records[len(records)-1].bucket == m.own {
						p.linked = ownInode(newest)
					}
					if e.Change != 0 {
						p.linked -= ownInode(&e.Record)
					}
					page = append(page, p)
					return nil
				})
				more = start != nil
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

// ownInode is 1 for an entry that is in the tree and is no folder and no hard link, else 0.
func ownInode(r *record.Record) int64 {
	if r.Exists() && r.Kind != file.Folder && r.Stored != record.Absent && !r.Stored.Shares() {
		return 1
	}
	return 0
}

// merge makes one record of those that the snapshots between hold for a path; a zero Change means that
// none is left. newest is the last of them.
func (f *follower) merge(path string, records []holder) (e record.Entry, newest *record.Record, err error) {
	last := records[len(records)-1]
	newest = new(record.Record)
	if err := last.parse(path, newest); err != nil {
		return e, nil, err
	}
	e = record.Entry{Path: path, Record: *newest}
	if len(records) == 1 && newest.To == "" && (newest.From == "" || last.first) &&
		(newest.Exists() || !newest.Stored.Shares()) {
		switch {
		case newest.Change == record.Removed && f.first == 0:
			return record.Entry{}, newest, nil
		case newest.Link != "" && (newest.Stored == record.Joined || !last.first):
			return e, newest, f.share(&e, last.bucket, newest)
		}
		return e, newest, nil
	}
	before, err := f.state(path, f.first)
	if err != nil {
		return e, nil, err
	}
	to, left := "", false // where the file went that was here before
	if before != nil {
		if to, left, err = f.moved(path, f.first); err != nil {
			return e, nil, err
		}
	}
	e.From, e.To = "", to
	if !newest.Exists() {
		e.Change = record.Removed
		if err := f.trail(&e, records); err != nil || before == nil && e.Stored == record.Absent {
			return record.Entry{}, newest, err
		}
		switch {
		case before == nil:
			e.Reason = record.NoReason
		case e.Reason == record.NoReason:
			e.Reason = record.Gone
		}
		return e, newest, nil
	}
	from, moved, err := f.moved(path, f.last)
	switch {
	case err != nil:
		return e, nil, err
	case moved:
		e.Change, e.From = record.Moved, from
	case before == nil || left:
		e.Change = record.Added
	default:
		if e.Change = Classify(before, newest); e.Change == 0 {
			e.Change = record.Silent
		}
	}
	if !moved && newest.From != "" && newest.Reason == record.HardLink {
		then := &follower{tx: f.tx, b: f.b, first: f.first, last: last.bucket - 1}
		if from, err := then.origin(newest.From); err != nil {
			return e, nil, err
		} else if from != nil {
			e.From = *from
		}
	}
	if e.Change != newest.Change {
		e.Reason = mergedReason[e.Change]
	}
	if !moved && before != nil && !left {
		stayed, err := f.stayed(path)
		if err != nil {
			return e, nil, err
		}
		if !stayed && e.Change != record.TypeChanged {
			e.Reason = record.Replaced
		}
	}
	return e, newest, f.share(&e, last.bucket, newest)
}

// stayed reports whether the file that is at path in the last snapshot is the one that was there in the first.
func (f *follower) stayed(path string) (bool, error) {
	o, err := f.origin(path)
	if err != nil || o == nil || *o != path {
		return false, err
	}
	t, err := f.target(path)
	return t != nil && *t == path, err
}

// mergedReason is the reason of a record whose change became another one when it was merged.
var mergedReason = [...]record.Reason{
	record.Added: record.NewPath, record.Modified: record.ContentDiffers, record.Metadata: record.OwnerOrMode,
	record.Moved: record.MovedAndEdited, record.TypeChanged: record.OtherKind,
	record.Silent: record.NoReason, record.Removed: record.Gone,
}

// share says in e, the merged record of a path whose newest record lies in bucket, which inode it has: one of
// the snapshot before, a new one, or that of another name with a new one.
func (f *follower) share(e *record.Entry, bucket uint64, newest *record.Record) error {
	if e.Kind == file.Folder || e.Stored == record.Absent {
		return nil
	}
	at := place{e.Path, bucket}
	maker := *newest
	born, err := f.born(at, &maker, f.first)
	if err != nil || born == at && maker.Stored.Shares() {
		return err
	}
	if born.bucket <= f.first {
		return f.linked(e, born, &maker)
	}
	name, err := f.nameOf(born, e, &maker)
	if err != nil {
		return err
	}
	e.Since = 0
	if e.Stored, e.Link = record.Joined, name; name != e.Path {
		return nil
	}
	e.Stored, e.Link, e.Holes = maker.Stored, "", maker.Holes
	e.Shared, e.Patched = maker.Shared, maker.Patched
	switch {
	case !maker.Stored.Shares():
	case e.Kind == file.Regular: // the snapshot that it was linked to is deleted, and so it is the first that is left
		e.Stored = record.Copied
	default:
		e.Stored = record.Made
	}
	return nil
}

// linked says in e that its inode is that of the record at older, which is r and of the first snapshot or one before
// it.
func (f *follower) linked(e *record.Entry, older place, r *record.Record) error {
	e.Stored, e.Link, e.Since = record.Linked, "", 0
	if from := e.OlderName(e.Path); from != older.path {
		e.Link = older.path
	}
	seqs, _, err := f.seqs(older.path)
	if err == nil && at(seqs, f.first) != older.bucket { // it is gone from there
		e.Since, err = (&tracer{tx: f.tx, b: f.b}).since(older, r)
	}
	return err
}

// trail says in e, the tombstone of a path, which inode of the first snapshot or the last was there between the two: a
// newer snapshot may be linked to that.
func (f *follower) trail(e *record.Entry, records []holder) error {
	if e.Stored, e.Link, e.Since = record.Absent, "", 0; !f.trails {
		return nil
	}
	var r record.Record
	at := place{path: e.Path}
	for i := len(records) - 1; i >= 0 && at.bucket == 0; i-- {
		if err := records[i].parse(e.Path, &r); err != nil {
			return err
		}
		if r.HasInode() && r.Kind == file.Regular || !r.Exists() && r.Stored.Shares() {
			at.bucket = records[i].bucket
		}
	}
	if at.bucket == 0 {
		return nil
	}
	born, err := f.born(at, &r, f.first)
	switch {
	case err != nil || !r.HasInode():
		return err
	case born.bucket <= f.first:
		return f.linked(e, born, &r)
	}
	name, err := f.lastName(born)
	if name != "" && name != e.Path {
		e.Stored, e.Link = record.Joined, name
	}
	return err
}

// returnedAfter reports whether records of snapshots after seq have Since.
func returnedAfter(tx *bolt.Tx, seq uint64) (bool, error) {
	c := tx.Bucket(bucketSnapshots).Cursor()
	for k, v := c.Seek(seqKey(seq + 1)); k != nil; k, v = c.Next() {
		if h, err := parseHeader(k, v); err != nil || h.Returned > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// nameOf is the path in the last snapshot whose record stands for an inode that was born between the two, of
// which e is a name: where it was born, by maker, if it is there still, else the first in key order.
func (f *follower) nameOf(born place, e *record.Entry, maker *record.Record) (string, error) {
	if born.path == e.Path {
		return e.Path, nil
	}
	name, err := f.lastName(born)
	if name == "" && err == nil {
		name = e.Path
		if e.Nlink > 1 || maker.Nlink > 1 {
			f.made[born] = name
		}
	}
	return name, err
}

// lastName is nameOf as far as it is known; "" if it is not.
func (f *follower) lastName(born place) (string, error) {
	seqs, key, err := f.seqs(born.path)
	if err != nil {
		return "", err
	}
	var r record.Record
	now := place{born.path, at(seqs, f.last)}
	if err := f.b.record(now.bucket, key, &r); err != nil {
		return "", err
	}
	if r.Exists() {
		if now, err = f.born(now, &r, f.first); err != nil || now == born {
			return born.path, err
		}
	}
	return f.made[born], nil
}
