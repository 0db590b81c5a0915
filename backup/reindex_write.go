package backup

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"snap/index"
	"snap/internal/file"
)

// write makes the change set of what compare found, durable before the index knows of it. A damaged set of
// the same number is put aside.
func (m *treeReader) write(ctx context.Context, s *step) error {
	folders, err := m.folders()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(m.r.work.Path(), setFile(s.seq)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := index.NewChangeWriter(f, &m.head)
	if err != nil {
		return err
	}
	d := &decider{treeReader: m, ctx: ctx, folders: folders, made: map[uint64]string{}}
	if err := d.all(w); err != nil {
		return err
	}
	m.head.Removed -= d.elsewhere
	if err := errors.Join(w.End(&m.head), f.Sync(), f.Close()); err != nil {
		return err
	}
	err = m.r.d.changes.Link(m.r.d.changes, setFile(s.seq), setFile(s.seq)+".replaced")
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := m.r.work.Replace(setFile(s.seq), m.r.d.changes, setFile(s.seq)); err != nil {
		return err
	}
	return m.r.d.changes.Sync()
}

// folders finds the folders that moved, by what moved in them: a file that kept its name tells that its
// folder has another, and so on upwards while the names agree. It maps new paths to old ones.
func (m *treeReader) folders() (map[string]string, error) {
	from := map[string]string{}
	taken := map[string]bool{}
	for e, err := range m.out.all() {
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
			toDir, toName := index.Split(to)
			oldDir, oldName := index.Split(old)
			if toName != oldName || toDir == oldDir || from[toDir] != "" || taken[oldDir] || !m.fresh.has(toDir) || !m.gone.has(oldDir) {
				break
			}
			from[toDir], taken[oldDir] = oldDir, true
			to, old = toDir, oldDir
		}
	}
	return from, nil
}

// isNew reports whether compare found a record's inode where it was not before.
func isNew(rec *index.Record) bool {
	return rec.Exists() && rec.Kind != file.Folder && rec.Stored != index.Linked
}

// decider turns what compare found into the final records, in key order.
type decider struct {
	*treeReader
	ctx       context.Context
	folders   map[string]string
	made      map[uint64]string // of inodes that are new in this snapshot and have several names, the first
	elsewhere int64             // tombstones of what moved

	next func() (*index.Entry, error, bool) // the hints
	hint *index.Entry                       // the next of them, nil at the end
}

func (d *decider) all(w *index.ChangeWriter) error {
	next, stop := iter.Pull2(d.hints)
	defer stop()
	d.next = next
	d.step()
	for e, err := range d.out.all() {
		if err == nil {
			err = d.ctx.Err()
		}
		if err != nil {
			return err
		}
		for d.hint != nil && index.Compare(d.hint.Path, e.Path) < 0 {
			if err := d.alone(w); err != nil {
				return err
			}
		}
		rec, hint := e.Record, (*index.Record)(nil)
		if d.hint != nil && d.hint.Path == e.Path {
			hint = &d.hint.Record
		}
		if err := d.decide(e.Path, &rec, hint); err != nil {
			return err
		}
		if err := d.put(w, e.Path, &rec); err != nil {
			return err
		}
		if hint != nil {
			d.step()
		}
	}
	for d.hint != nil {
		if err := d.alone(w); err != nil {
			return err
		}
	}
	return nil
}

func (d *decider) put(w *index.ChangeWriter, path string, rec *index.Record) error {
	tally(&d.head, rec, true)
	if rec.Exists() {
		d.owners(rec)
	}
	if rec.Exists() && rec.Weak() {
		d.weak++
	}
	if rec.Has(index.Unreadable) {
		d.head.Errors++
	}
	if rec.Change == index.Moved && d.gone.has(rec.From) {
		d.elsewhere++
	}
	return w.Add(path, rec)
}

// step goes to the next hint. Where they cannot be read on there are no more.
func (d *decider) step() {
	e, err, more := d.next()
	if d.hint = e; err != nil || !more {
		d.hint = nil
	}
}

// alone deals with a hint about a path that compare did not tell of. Only what was in the source and could
// not be brought into the tree needs it: nothing else tells of that.
func (d *decider) alone(w *index.ChangeWriter) error {
	path, rec := d.hint.Path, d.hint.Record
	d.step()
	if !d.absent(path, &rec) {
		return nil
	}
	if _, err := d.lookup(path); !errors.Is(err, index.ErrNotFound) {
		return err
	}
	rec.Change, rec.From, rec.To = index.Added, "", ""
	return d.put(w, path, &rec)
}

// absent reports whether a hint is about an entry that the tree has a folder for and does not hold.
func (d *decider) absent(path string, hint *index.Record) bool {
	if !hint.Exists() || hint.Stored != index.Absent || hint.Kind == file.Folder {
		return false
	}
	dir, name := index.Split(path)
	parent, err := d.now.tree.Dir(dir)
	if err != nil {
		return false
	}
	defer parent.Close()
	there, err := exists(parent, name)
	return err == nil && !there
}

// lookup is the record of a path in the snapshot before.
func (d *decider) lookup(path string) (*index.Record, error) {
	rec, _, err := d.r.d.DB.Lookup(d.ctx, d.seq, path)
	return &rec, err
}

// decide makes of the record of an entry that differs the best that is known.
func (d *decider) decide(path string, rec, hint *index.Record) error {
	if !rec.Exists() {
		if hint != nil && d.absent(path, hint) {
			*rec = *hint
			rec.Change, rec.From, rec.To = index.Modified, "", ""
		}
		return nil
	}
	if rec.Kind == file.Folder {
		return d.folder(path, rec, hint)
	}
	if !isNew(rec) { // the number of its names changed
		return nil
	}
	ino := rec.Ino
	if from, ok := d.moves[ino]; ok {
		delete(d.moves, ino)
		if _, ok := d.links[ino]; !ok {
			d.links[ino] = from
		}
		if done, err := d.inherit(rec, from, index.Moved, index.SameIdentity); done || err != nil {
			return err
		}
	}
	if from, ok := d.links[ino]; ok {
		if done, err := d.inherit(rec, from, rec.Change, index.HardLink); done || err != nil {
			return err
		}
	}
	if hint != nil {
		if err := d.better(path, rec, hint); err != nil {
			return err
		}
	}
	if d.now.names(ino) > 1 {
		if first, ok := d.made[ino]; ok {
			rec.Stored, rec.Link = index.Joined, first
		} else {
			d.made[ino] = path
		}
	}
	return nil
}

// inherit gives rec what the snapshot before knew of the same inode at the path from; false if it knew of
// something else there.
func (d *decider) inherit(rec *index.Record, from string, change index.Change, reason index.Reason) (bool, error) {
	old, err := d.lookup(from)
	if errors.Is(err, index.ErrNotFound) || err == nil && (old.Kind != rec.Kind || old.Stored == index.Absent) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	now, before := int64(rec.Nlink), int64(max(d.before.names(rec.Ino), 1))
	*rec = *old
	rec.Nlink = uint32(max(int64(old.Nlink)+now-before, 1))
	rec.Change, rec.Reason, rec.Stored, rec.From, rec.To, rec.Link = change, reason, index.Linked, from, "", ""
	return true, nil
}

// better replaces a weak record by what the remains of the change set say, if they are about what is in the
// tree.
func (d *decider) better(path string, rec, hint *index.Record) error {
	if !hint.Exists() || hint.Stored == index.Absent || hint.Kind != rec.Kind || hint.Rdev != rec.Rdev || hint.Target != rec.Target ||
		rec.Kind == file.Regular && (hint.Size != rec.Size || !closeEnough(rec.Mtime, hint.Mtime)) {
		return nil
	}
	change, stored, n := rec.Change, rec.Stored, rec.Nlink
	*rec = *hint
	rec.Stored, rec.From, rec.To, rec.Link = stored, "", "", ""
	if rec.Kind != file.Folder {
		rec.Nlink = max(rec.Nlink, n)
	}
	if hint.Stored == index.Cloned {
		rec.Stored = index.Cloned
	}
	rec.Change = change
	if hint.Change == index.Moved && d.gone.has(hint.From) {
		if _, err := d.lookup(hint.From); err == nil {
			rec.Change, rec.From = index.Moved, hint.From
			return nil
		} else if !errors.Is(err, index.ErrNotFound) {
			return err
		}
	}
	if change == index.Added || d.seq == 0 {
		return nil
	}
	old, err := d.lookup(path)
	if err != nil {
		return err
	}
	if rec.Change = index.Classify(old, rec); rec.Change == 0 {
		rec.Change = index.Silent
	}
	return nil
}

// folder decides about a folder: it moved if what is in it tells so.
func (d *decider) folder(path string, rec, hint *index.Record) error {
	change, reason := rec.Change, rec.Reason
	if hint != nil && hint.Exists() && hint.Kind == file.Folder {
		if err := d.better(path, rec, hint); err != nil {
			return err
		}
	}
	from, ok := d.folders[path]
	if !ok || change != index.Added {
		if rec.Change != index.Moved {
			rec.Reason = reason
		}
		return nil
	}
	old, err := d.lookup(from)
	if err != nil {
		return err
	}
	rec.Change, rec.Reason, rec.From = index.Moved, index.SameIdentity, from
	if rec.Volume == index.TreeVolume {
		rec.Volume, rec.Ino, rec.Btime, rec.Ctime = old.Volume, old.Ino, old.Btime, old.Ctime
	}
	return nil
}

// owners names the owners that no change set has named.
func (d *decider) owners(rec *index.Record) {
	o := &d.r.o
	if _, ok := d.head.Users[rec.UID]; !ok && o.Users != nil {
		d.head.Users[rec.UID] = o.Users(rec.UID)
	}
	if _, ok := d.head.Groups[rec.GID]; !ok && o.Groups != nil {
		d.head.Groups[rec.GID] = o.Groups(rec.GID)
	}
}
