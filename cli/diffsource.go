package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"snap/backup"
	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

// rehearse finds out what a backup made now would record, and writes nothing.
func (c *call) rehearse(d *query.Reader, q *diffQuery) (err error) {
	if err := q.checkSource(c, d.Dir); err != nil {
		return err
	}
	s, err := c.readSettings(d.Dir)
	if err != nil {
		return err
	}
	o, err := c.backupOptions(&s, d.Dir, sourcesIn(q.b))
	if err != nil {
		return err
	}
	o.DryRun, o.Force, o.AllowEmptySource = true, true, q.b.Files == 0 && len(o.Scan.Roots) == 0
	if err := checkLayout(&o, d.Dir); err != nil {
		return sourceHint(err, q.b)
	}
	dest, err := destination.Open(c.ctx, d.Dir, destination.Options{Mode: destination.ReadOnly, AnyUser: true, Trust: c.trusted(d.Dir)})
	if err != nil {
		return backupHint(err, d.Dir)
	}
	defer func() { err = errors.Join(err, dest.Close()) }()
	q.pending = index.NewPending(q.b.Seq)
	o.Planned = func(e *index.Entry) error {
		if !q.next {
			if err := q.compareContent(c, e); err != nil {
				return err
			}
		}
		q.pending.Add(e)
		return nil
	}
	r := &sourceReport{&backupReport{call: c, log: slog.New(slog.DiscardHandler), line: c.progress(), dryRun: true}}
	o.Report = r
	res, err := backup.Run(c.ctx, dest, o)
	r.line.End()
	if err != nil {
		return sourceHint(backupHint(err, d.Dir), q.b)
	}
	q.partial = res.Incomplete()
	return nil
}

// checkSource makes sure that the source of the snapshots is the one that is here.
func (q *diffQuery) checkSource(c *call, dest string) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	why := ""
	switch {
	case !q.a.SameSources(q.b):
		why = fmt.Sprintf("snapshot %s is of %s, but the newest one is of %s", quote.Name(q.a.Name), quote.All(q.a.AllSources()), quote.All(q.b.AllSources()))
	case q.b.Host != host:
		why = fmt.Sprintf("snapshot %s is of %s on %s, and this is %s", quote.Name(q.b.Name), quote.All(q.b.AllSources()), quote.Name(q.b.Host), quote.Name(host))
	default:
		return nil
	}
	return hint.With(errors.New("diff --source: "+why), "to compare the newest snapshot with a folder here: snap backup -n %s SRC", quote.Word(dest))
}

// sourceHint says of which snapshot the source is that is not there, or is empty.
func sourceHint(err error, h *index.Header) error {
	if guard := (*destination.GuardError)(nil); errors.As(err, &guard) { // the source is empty, or all of it is left out
		if !errors.Is(guard, backup.ErrEmptySource) {
			return withCode(exitRefused, hint.With(fmt.Errorf("diff --source: %w", guard), "%s", guard.Hint))
		}
		return withCode(exitRefused, hint.With(fmt.Errorf("diff --source: %w", guard), "is its disk mounted? If it is meant to be empty, everything was removed: snap ls -R %s", quote.Word(h.Name)))
	}
	if missing := (*backup.SourceMissingError)(nil); errors.As(err, &missing) {
		return hint.With(fmt.Errorf("diff --source: %w", missing), "it is the source of snapshot %s; is its disk mounted?", quote.Name(h.Name))
	}
	return err
}

// compareContent hashes a file that a backup would copy unread, if only its bytes can tell whether it is what
// snapshot a has: it may have been restored from there.
func (q *diffQuery) compareContent(c *call, e *index.Entry) error {
	if e.Kind != file.Regular || e.Change == index.Removed || e.Has(index.Hashed) {
		return nil
	}
	old, _, err := q.db.Lookup(c.ctx, q.a.Seq, e.Path)
	if errors.Is(err, index.ErrNotFound) {
		return nil
	}
	if err != nil || old.Kind != file.Regular || old.Size != e.Size || !old.Has(index.Hashed) {
		return err
	}
	hash, err := hashOf(c, q.b.Source, e.Path, e.Size, old.Has(index.SparseHash))
	if err == nil {
		e.TakeHash(&index.Record{Hash: hash, Flags: old.Flags})
	}
	return c.ctx.Err() // what cannot be read is told as modified
}

// hashOf is the hash of a file of the source, which no link leads out of, in the form that is asked for.
func hashOf(c *call, source, path string, size int64, sparse bool) (hash [32]byte, err error) {
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
	if _, err := file.Hash(c.ctx, f, size, h, make([]byte, 256<<10)); err != nil {
		return hash, err
	}
	return [32]byte(h.Sum(nil)), nil
}

// sourceReport tells of what could not be read, and leaves the rest to the answer.
type sourceReport struct{ *backupReport }

func (sourceReport) Entry(string, *index.Record, bool) {}
