package index

import (
	"context"
	"iter"
	"sort"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// Pending is a change set against the newest snapshot that is in no snapshot, as a dry run finds it. It is kept
// packed in memory.
type Pending struct {
	newest  uint64
	seq     uint64            // that it would get: one above newest
	keys    []string          // in key order
	records map[string][]byte // sealed, by key
	moves   [][2]string       // from and to, until they are settled
}

// NewPending is an empty change set against the newest snapshot.
func NewPending(newest uint64) *Pending {
	return &Pending{newest: newest, seq: newest + 1, records: map[string][]byte{}}
}

// Add appends a record. They come in key order, each path once.
func (p *Pending) Add(e *record.Entry) {
	if e.Change == record.Moved {
		p.moves = append(p.moves, [2]string{e.From, e.Path})
	}
	p.keys = append(p.keys, string(p.put(e.Path, &e.Record)))
}

func (p *Pending) put(path string, r *record.Record) (key []byte) {
	key = appendKey(nil, path)
	p.records[string(key)] = seal(record.Append(nil, r), key)
	return key
}

// DiffPending is Diff from snapshot a to what the source holds by p: the same as Diff to the snapshot that p
// would become. A record in it may lack the hash, since nobody has read the file yet: what is to be copied counts as
// Modified then, even where size and time are those that it had in a.
func (db *DB) DiffPending(ctx context.Context, a uint64, p *Pending) iter.Seq2[Difference, error] {
	return db.diff(ctx, a, p.seq, p)
}

// unread reports whether the content of path, whose record is r, is to be copied and nobody has read it. What an older
// snapshot has of the same size and time may yet be other bytes.
func (p *Pending) unread(path string, r *record.Record) bool {
	copies := r.Stored == record.Copied || r.Stored == record.Cloned || r.Stored == record.Joined
	return copies && r.Weak() && p.records[string(appendKey(nil, path))] != nil
}

// finish notes in the records of the places that files moved from where they went, as Import does.
func (p *Pending) finish(tx *bolt.Tx) error {
	b := openBuckets(tx)
	b.pending = p
	added := false
	for _, m := range p.moves {
		key := appendKey(nil, m[0])
		seqs, err := b.seqs(tx, key)
		if err != nil {
			return err
		}
		var r record.Record
		last := at(seqs, p.seq)
		if last == 0 {
			continue
		}
		if err := b.record(last, key, &r); err != nil {
			return err
		}
		if last != p.seq {
			if r.Kind != file.Folder {
				continue // it is still there: another hard link
			}
			r.Change, r.Stored, r.Reason, r.From, r.Link = record.Silent, record.Made, record.NoReason, "", ""
			p.keys, added = append(p.keys, string(key)), true
		}
		r.To = m[1]
		p.put(m[0], &r)
	}
	if p.moves = nil; added {
		sort.Strings(p.keys)
	}
	return nil
}

// seek stands before the first key from start on.
func (p *Pending) seek(start []byte) *pendingCursor {
	return &pendingCursor{p, sort.SearchStrings(p.keys, string(start))}
}

// pendingCursor goes through the records.
type pendingCursor struct {
	p *Pending
	i int
}

// Next is the next key and its sealed record, nil at the end.
func (c *pendingCursor) Next() (key, value []byte) {
	if c.i >= len(c.p.keys) {
		return nil, nil
	}
	k := c.p.keys[c.i]
	c.i++
	return []byte(k), c.p.records[k]
}
