package index

import (
	"bytes"
	"context"
	"iter"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// Import loads a change set as the newest snapshot and writes its header in state Prepared, last: the
// header makes the rest visible. The snapshot must be newer than every other in the index. changes is
// ranged over twice when files moved; header is asked for at the end, and its error ends the import. When Import
// fails, Undo takes back what it did.
//
// Records come in the order of their keys. What they change in identity and content does not, and is made
// after them, sorted. A small import is one transaction.
func (db *DB) Import(ctx context.Context, seq uint64, changes iter.Seq2[*record.Entry, error],
	header func() (*record.Header, error)) error {
	return db.updates(ctx, func(update updater) error {
		in := &importing{seq: seq, hints: newHints(filepath.Dir(db.path))}
		defer in.hints.close()
		set := pull(ctx, changes)
		defer func() { set.stop() }()
		return update.stages(ctx,
			func(t *txn) (bool, error) { return in.records(t, set) },
			func(t *txn) (bool, error) {
				if !in.moves {
					return true, nil
				}
				if !in.again {
					set.stop()
					set, in.again = pull(ctx, changes), true
				}
				return in.moved(t, set)
			},
			in.hints.begin,
			in.hints.identity.stage,
			in.hints.content.stage,
			func(t *txn) (bool, error) {
				end, err := header()
				if err != nil {
					return false, err
				}
				h := *end
				h.Seq, h.State = seq, record.Prepared
				return true, putHeader(t.Tx, &h)
			},
		)
	})
}

// importing is the state of an Import between its transactions.
type importing struct {
	seq   uint64
	hints *hints
	moves bool // there are any
	again bool // the change set is ranged over for the second time
}

// records puts the records of the change set.
func (in *importing) records(t *txn, set *puller) (done bool, err error) {
	// An empty change set has a bucket too.
	if _, err := t.Bucket(bucketRecords).CreateBucketIfNotExists(seqKey(in.seq)); err != nil {
		return false, err
	}
	l, err := newLoader(t, in.seq, in.hints)
	if err != nil {
		return false, err
	}
	defer l.close()
	for set.e != nil || set.next() {
		if !t.room() {
			return false, nil
		}
		in.moves = in.moves || set.e.Change == record.Moved
		if err := l.add(set.e); err != nil {
			return false, err
		}
		set.e = nil
	}
	return true, set.err
}

// moved notes where the files that moved went.
func (in *importing) moved(t *txn, set *puller) (done bool, err error) {
	l, err := newLoader(t, in.seq, in.hints)
	if err != nil {
		return false, err
	}
	defer l.close()
	for set.e != nil || set.next() {
		if set.e.Change == record.Moved {
			if !t.room() {
				return false, nil
			}
			if err := l.moved(set.e.From, set.e.Path); err != nil {
				return false, err
			}
		}
		set.e = nil
	}
	return true, set.err
}

// puller takes the entries of a stream one by one.
type puller struct {
	ctx  context.Context // of pull: the loader that calls next has no other
	pull func() (*record.Entry, error, bool)
	stop func()
	e    *record.Entry // that is to be dealt with next, nil for the one that next finds
	err  error         // that ended the stream
}

func pull(ctx context.Context, entries iter.Seq2[*record.Entry, error]) *puller {
	p := &puller{ctx: ctx}
	p.pull, p.stop = iter.Pull2(entries)
	return p
}

// next takes the next entry; false at the end and after an error.
func (p *puller) next() bool {
	if p.err == nil {
		p.err = p.ctx.Err()
	}
	if p.err != nil {
		return false
	}
	var ok bool
	if p.e, p.err, ok = p.pull(); !ok || p.err != nil {
		p.e = nil
		return false
	}
	return true
}

// loader changes the index for one snapshot within one transaction.
type loader struct {
	t       *txn
	seq     uint64 // the number of its bucket
	paths   *bolt.Bucket
	records *bolt.Bucket
	root    *bolt.Bucket
	hints   *hints
	added   int   // new paths
	pages   int64 // of t when it began

	key, buf, before, after []byte // scratch
	old                     record.Record
}

// newLoader changes the records in the bucket seq.
func newLoader(t *txn, seq uint64, k *hints) (*loader, error) {
	l := &loader{t: t, seq: seq, paths: t.Bucket(bucketPaths), root: t.Bucket(bucketRecords), hints: k, pages: t.pages}
	if l.records = l.root.Bucket(seqKey(seq)); l.records == nil {
		return nil, damaged("no records of snapshot %d", seq)
	}
	return l, nil
}

// close says how full the pages are to be.
func (l *loader) close() {
	fill(l.paths, l.added, l.t.pages-l.pages)
	l.records.FillPercent = 0.95 // nothing comes between records later; some of them grow
}

// add puts one record of the newest snapshot.
func (l *loader) add(e *record.Entry) error {
	l.key = appendKey(l.key[:0], e.Path)
	var old *record.Record
	seqs, err := l.seqs(l.key)
	if err != nil {
		return err
	}
	if n := len(seqs); n > 0 {
		old = &l.old
		if err := l.read(seqs[n-1], l.key, old); err != nil {
			return err
		}
	}
	if err := l.replace(l.key, old, &e.Record); err != nil {
		return err
	}
	if n := len(seqs); n == 0 || seqs[n-1] != l.seq {
		if n > 0 && seqs[n-1] > l.seq {
			return damaged("%q has a record newer than the newest snapshot", e.Path)
		}
		if n == 0 {
			l.added++
		}
		if err := l.t.put(l.paths, l.key, seal(appendSeqs(nil, append(seqs, l.seq)), l.key)); err != nil {
			return err
		}
	}
	return l.put(l.records, l.key, &e.Record)
}

// put packs a record into a bucket.
func (l *loader) put(b *bolt.Bucket, key []byte, r *record.Record) error {
	l.buf = record.Append(l.buf[:0], r)
	v := make([]byte, 0, len(l.buf)+4)
	return l.t.put(b, key, seal(append(v, l.buf...), key))
}

// moved notes in the record that took the place of from, a tombstone as a rule, where the file went. A
// folder whose place another one with the same metadata took has no record in the change set: it gets a
// silent one here, so that renames can be followed from both ends.
func (l *loader) moved(from, to string) error {
	key := appendKey(nil, from)
	var r record.Record
	seqs, err := l.seqs(key)
	if err != nil || len(seqs) == 0 {
		return err
	}
	last := seqs[len(seqs)-1]
	if err := l.read(last, key, &r); err != nil {
		return err
	}
	if last != l.seq {
		if r.Kind != file.Folder {
			return nil // it is still there: another hard link
		}
		r.Change, r.Stored, r.Reason, r.From = record.Silent, record.Made, record.NoReason, ""
		if err := l.t.put(l.paths, key, seal(appendSeqs(nil, append(seqs, l.seq)), key)); err != nil {
			return err
		}
	}
	r.To = to
	return l.put(l.records, key, &r)
}

// seqs is the list of snapshots with a record for key.
func (l *loader) seqs(key []byte) ([]uint64, error) { return seqsAt(l.paths, key) }

func (l *loader) read(seq uint64, key []byte, r *record.Record) error {
	b := l.root.Bucket(seqKey(seq))
	if b == nil {
		return damaged("no records of snapshot %d", seq)
	}
	v := b.Get(key)
	l.t.touch(l.t.Tx, v)
	body, ok := unseal(v, key)
	if !ok {
		return damaged("the record of %q in snapshot %d", appendPath(nil, key), seq)
	}
	return record.Parse(string(body), r)
}

// replace notes what changes in identity and content when the newest record of a path is another one than
// before. Either may be nil.
func (l *loader) replace(key []byte, old, now *record.Record) error {
	for _, k := range []struct {
		edits *edits
		in    func(*record.Record) bool
		key   func([]byte, *record.Record, []byte) []byte
	}{{&l.hints.identity, inIdentity, identityKey}, {&l.hints.content, inContent, contentKey}} {
		was, is := old != nil && k.in(old), now != nil && k.in(now)
		if l.before, l.after = l.before[:0], l.after[:0]; was {
			l.before = k.key(l.before, old, key)
		}
		if is {
			l.after = k.key(l.after, now, key)
		}
		if bytes.Equal(l.before, l.after) {
			continue
		}
		if was {
			if err := k.edits.add(l.before, false); err != nil {
				return err
			}
		}
		if is {
			if err := k.edits.add(l.after, true); err != nil {
				return err
			}
		}
	}
	return nil
}
