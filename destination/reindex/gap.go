package reindex

import (
	"context"
	"errors"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// returns are the files with several names that were away in the tree before and are linked to an older one: by
// inode, the path by which that is known.
type returns map[uint64]string

// returned finds the files with several names that came back. Their other names become joined records of the one that
// is found first.
func (m *treeReader) returned(ctx context.Context, e *destination.OlderTrees) (returns, error) {
	found := returns{}
	for it, err := range m.out.All() {
		if err != nil {
			return nil, err
		}
		rec := &it.Record
		if !isNew(rec) || m.now.names(rec.Ino) < 2 || found[rec.Ino] != "" {
			continue
		}
		old, err := m.overGap(ctx, e, it.Path, rec)
		if err != nil {
			return nil, err
		}
		if old != nil {
			found[rec.Ino] = it.Path
		}
	}
	return found, nil
}

// overGap looks in the last snapshot that had something at path, where the snapshot before has nothing. It returns
// the record there, with its Since, if its tree has the same inode as rec there; else nil.
func (m *treeReader) overGap(ctx context.Context, e *destination.OlderTrees, path string,
	rec *record.Record) (*record.Record, error) {
	if rec.Kind != file.Regular || m.now.names(rec.Ino) == 0 || m.before != nil && m.before.names(rec.Ino) > 0 {
		return nil, nil
	}
	old, last, since, err := m.r.d.DB.LastHeld(ctx, m.seq, path, true)
	if errors.Is(err, index.ErrNotFound) || err == nil && old.Kind != file.Regular {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	tree := e.Tree(m.r.d, m.r.older[last])
	if tree == nil {
		return nil, nil
	}
	dir, name := record.Split(path)
	d, err := tree.Dir(dir)
	if err == nil {
		defer d.Close()
		var was file.Stat
		if was, err = d.Lstat(name); err == nil && was.Kind == file.Regular && was.Ino == rec.Ino {
			old.Since = since
			return &old, nil
		}
	}
	if file.DiskFailed(err) {
		return nil, err
	}
	return nil, nil // gone from there, or it cannot be entered
}

// takeReturned turns rec into a link over the snapshots in which it was away, if it is one.
func (d *decider) takeReturned(ctx context.Context, path string, rec *record.Record) (bool, error) {
	first := d.returns[rec.Ino]
	if first != "" && first != path {
		old, err := d.overGap(ctx, d.elders, first, rec)
		if err != nil || old == nil {
			return false, err
		}
		d.takeBack(rec, old)
		rec.Stored, rec.Link = record.Joined, first
		return true, nil
	}
	old, err := d.overGap(ctx, d.elders, path, rec)
	if err != nil || old == nil {
		return false, err
	}
	d.takeBack(rec, old)
	rec.Stored, rec.Since = record.Linked, old.Since
	return true, nil
}

// takeBack gives rec what is known about its inode.
func (d *decider) takeBack(rec, old *record.Record) {
	change, names := rec.Change, max(d.now.names(rec.Ino), 1)
	*rec = *old
	rec.Change, rec.Reason, rec.Nlink = change, record.Returned, names
	rec.From, rec.To, rec.Link, rec.Since = "", "", "", 0
}
