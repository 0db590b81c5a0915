package query

import (
	"context"
	"errors"
	"iter"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// Diff is a question for what one has to do to snapshot A to get B, or to get what the source holds.
type Diff struct {
	A, B    *record.Header // B is the newest snapshot where A is compared with the source
	Pending *index.Pending // what the source holds; nil: A is compared with B
	Next    bool           // B, or the source, comes directly after A: the records between are those of B
	Below   []string       // the folders or files that count; none: all

	db *index.DB
}

// Diff compares the snapshots at two positions. Behind the newest comes the source, for which the caller sets Pending.
func (d *Reader) Diff(a, b int, below []string) *Diff {
	return &Diff{A: &d.Snapshots[a], B: &d.Snapshots[min(b, d.Snapshots.Newest())], Next: b == a+1, Below: below, db: d.DB}
}

// Differences yields the differences that are asked for, in key order. A file that moved counts where it was and
// where it is.
func (q *Diff) Differences(ctx context.Context) iter.Seq2[index.Difference, error] {
	return func(yield func(index.Difference, error) bool) {
		for d, err := range q.all(ctx) {
			if err == nil && !q.asked(d.Path) && (d.Change != record.Moved || !q.asked(d.From)) {
				continue
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

func (q *Diff) all(ctx context.Context) iter.Seq2[index.Difference, error] {
	if q.Pending != nil {
		return q.db.DiffPending(ctx, q.A.Seq, q.Pending)
	}
	return q.db.Diff(ctx, q.A.Seq, q.B.Seq)
}

func (q *Diff) asked(path string) bool {
	for _, dir := range q.Below {
		if record.Within(path, dir) {
			return true
		}
	}
	return len(q.Below) == 0
}

// AddPending adds an entry of the source to Pending. A file that a backup would copy unread is hashed, if only its
// bytes can tell whether it is what A has: it may have been restored from there.
func (q *Diff) AddPending(ctx context.Context, e *record.Entry) error {
	if !q.Next {
		if err := q.compareContent(ctx, e); err != nil {
			return err
		}
	}
	q.Pending.Add(e)
	return nil
}

func (q *Diff) compareContent(ctx context.Context, e *record.Entry) error {
	if e.Kind != file.Regular || e.Change == record.Removed || e.Has(record.Hashed) {
		return nil
	}
	old, _, err := q.db.Lookup(ctx, q.A.Seq, e.Path)
	if errors.Is(err, index.ErrNotFound) {
		return nil
	}
	if err != nil || old.Kind != file.Regular || old.Size != e.Size || !old.Has(record.Hashed) {
		return err
	}
	hash, err := hashOf(ctx, q.B.Source, e.Path, e.Size, old.Has(record.SparseHash))
	if err == nil {
		e.TakeHash(&record.Record{Hash: hash, Flags: old.Flags})
	}
	return ctx.Err() // what cannot be read counts as modified
}

// hashOf is the hash of a file of the source, which no link leads out of, in the form that is asked for.
func hashOf(ctx context.Context, source, path string, size int64, sparse bool) (hash [32]byte, err error) {
	root, err := file.OpenRoot(source)
	if err != nil {
		return hash, err
	}
	defer root.Close()
	f, err := file.OpenBelow(root, path)
	if err != nil {
		return hash, err
	}
	defer f.Close()
	h := file.NewDigest()
	h.Begin(sparse)
	if _, err := file.Hash(ctx, f, size, h, make([]byte, 256<<10)); err != nil {
		return hash, err
	}
	return [32]byte(h.Sum(nil)), nil
}
