package reindex

import (
	"context"
	"errors"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
)

// returns are the files with several names that were away in the tree before and are linked to an older one: of each
// inode, the path that tells so.
type returns map[uint64]string

// returned finds the files with several names that came back. Their other names are joined to the one that is found
// first.
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

// overGap is the record of the inode that rec is of in the last snapshot that had something at path, where the snapshot
// before has not: with its Since. nil if that is not the inode, which its tree tells.
func (m *treeReader) overGap(ctx context.Context, e *destination.OlderTrees, path string,
	rec *index.Record) (*index.Record, error) {
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
	dir, name := index.Split(path)
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
	return nil, nil // gone from there, or not to be entered: its tree does not tell
}

// takeReturned makes of rec a link over the time in which it was away, if it is one.
func (d *decider) takeReturned(path string, rec *index.Record) (bool, error) {
	first := d.returns[rec.Ino]
	if first != "" && first != path {
		old, err := d.overGap(d.ctx, d.elders, first, rec)
		if err != nil || old == nil {
			return false, err
		}
		d.takeBack(rec, old)
		rec.Stored, rec.Link = index.Joined, first
		return true, nil
	}
	old, err := d.overGap(d.ctx, d.elders, path, rec)
	if err != nil || old == nil {
		return false, err
	}
	d.takeBack(rec, old)
	rec.Stored, rec.Since = index.Linked, old.Since
	return true, nil
}

// takeBack gives rec what is known of its inode.
func (d *decider) takeBack(rec, old *index.Record) {
	change, names := rec.Change, max(d.now.names(rec.Ino), 1)
	*rec = *old
	rec.Change, rec.Reason, rec.Nlink = change, index.Returned, names
	rec.From, rec.To, rec.Link, rec.Since = "", "", "", 0
}
