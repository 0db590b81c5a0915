package reindex

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"syscall"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// write makes the change set from what compare found, durable before the index knows of it. A damaged set of the same
// number is put aside.
func (m *treeReader) write(ctx context.Context, s *step) error {
	folders, err := m.folders()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(m.r.work.Path(), destination.ChangeSetName(s.seq)),
		os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := record.NewChangeWriter(f, &m.head)
	if err != nil {
		return err
	}
	elders := &destination.OlderTrees{}
	defer elders.Close()
	returns, err := m.returned(ctx, elders)
	if err != nil {
		return err
	}
	d := &decider{treeReader: m, folders: folders, elders: elders, returns: returns, made: map[uint64]string{}}
	if err := d.writeAll(ctx, w); err != nil {
		return err
	}
	m.head.Removed -= d.elsewhere
	if err := errors.Join(w.End(&m.head), f.Sync(), f.Close()); err != nil {
		return err
	}
	name := destination.ChangeSetName(s.seq)
	if err := destination.ClearPlace(m.r.d.ChangesDir, name); err != nil {
		return err
	}
	err = m.r.d.ChangesDir.Link(m.r.d.ChangesDir, name, name+".replaced")
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := m.r.work.Replace(destination.ChangeSetName(s.seq), m.r.d.ChangesDir,
		destination.ChangeSetName(s.seq)); err != nil {
		return err
	}
	return m.r.d.ChangesDir.Sync()
}

// folders finds the folders that moved, by what moved in them: if a file kept its name, its folder has another path,
// and so on upwards while the names agree. It maps new paths to old ones.
func (m *treeReader) folders() (map[string]string, error) {
	from := map[string]string{}
	taken := map[string]bool{}
	for e, err := range m.out.All() {
		if err != nil {
			return nil, err
		}
		if !isNew(&e.Record) {
			continue
		}
		old, ok := m.moves[e.Ino]
		if !ok {
			continue
		}
		to := e.Path
		for to != "" && old != "" {
			toDir, toName := record.Split(to)
			oldDir, oldName := record.Split(old)
			if toName != oldName || toDir == oldDir || from[toDir] != "" || taken[oldDir] || !m.fresh.Has(toDir) ||
				!m.gone.Has(oldDir) {
				break
			}
			from[toDir], taken[oldDir] = oldDir, true
			to, old = toDir, oldDir
		}
	}
	return from, nil
}

// isNew reports whether compare found a record's inode where it was not before.
func isNew(rec *record.Record) bool {
	return rec.Exists() && rec.Kind != file.Folder && rec.Stored != record.Linked
}

// decider turns what compare found into the final records, in key order.
type decider struct {
	*treeReader
	folders   map[string]string
	elders    *destination.OlderTrees
	returns   returns
	made      map[uint64]string // by inode that is new in this snapshot and has several names: the first
	elsewhere int64             // tombstones of what moved

	next func() (*record.Entry, error, bool) // the hints
	hint *record.Entry                       // the next of them, nil at the end
}

func (d *decider) writeAll(ctx context.Context, w *record.ChangeWriter) error {
	next, stop := iter.Pull2(d.hints)
	defer stop()
	d.next = next
	if err := d.step(); err != nil {
		return err
	}
	for e, err := range d.out.All() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		for d.hint != nil && record.Compare(d.hint.Path, e.Path) < 0 {
			if err := d.unmatchedHint(ctx, w); err != nil {
				return err
			}
		}
		rec, hint := e.Record, (*record.Record)(nil)
		if d.hint != nil && d.hint.Path == e.Path {
			hint = &d.hint.Record
		}
		if err := d.decide(ctx, e.Path, &rec, hint); err != nil {
			return err
		}
		if err := d.put(w, e.Path, &rec); err != nil {
			return err
		}
		if hint != nil {
			if err := d.step(); err != nil {
				return err
			}
		}
	}
	for d.hint != nil {
		if err := d.unmatchedHint(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

func (d *decider) put(w *record.ChangeWriter, path string, rec *record.Record) error {
	record.Tally(&d.head, rec, true)
	if rec.Exists() {
		d.owners(rec)
	}
	if rec.Exists() && rec.Weak() {
		d.weak++
	}
	if rec.Has(record.Unreadable) {
		d.head.Errors++
	}
	if rec.Change == record.Moved && d.gone.Has(rec.From) {
		d.elsewhere++
	}
	return w.Add(path, rec)
}

// step goes to the next hint. Where damage begins there are no more.
func (d *decider) step() error {
	e, err, more := d.next()
	if d.hint = e; err != nil || !more {
		d.hint = nil
	}
	if errors.Is(err, record.ErrDamaged) || errors.Is(err, record.ErrTruncated) {
		return nil
	}
	return err
}

// unmatchedHint uses a hint about a path that compare did not meet. Only entries that were in the source and could
// not be made in the tree need one: nothing else knows of them.
func (d *decider) unmatchedHint(ctx context.Context, w *record.ChangeWriter) error {
	path, rec := d.hint.Path, d.hint.Record
	if err := d.step(); err != nil {
		return err
	}
	if absent, err := d.absent(path, &rec); !absent || err != nil {
		return err
	}
	if _, err := d.lookup(ctx, path); !errors.Is(err, index.ErrNotFound) {
		return err
	}
	rec.Change, rec.From, rec.To = record.Added, "", ""
	return d.put(w, path, &rec)
}

// absent reports whether a hint is about an entry that the tree has a folder for and does not hold.
func (d *decider) absent(path string, hint *record.Record) (bool, error) {
	if !hint.Exists() || hint.Stored != record.Absent || hint.Kind == file.Folder {
		return false, nil
	}
	dir, name := record.Split(path)
	parent, err := d.now.tree.Dir(dir)
	for _, e := range [...]error{fs.ErrNotExist, fs.ErrPermission, syscall.ENOTDIR, syscall.ELOOP} {
		if errors.Is(err, e) {
			return false, nil
		}
	}
	if err != nil {
		return false, err
	}
	defer parent.Close()
	there, err := destination.Exists(parent, name)
	return err == nil && !there, err
}
