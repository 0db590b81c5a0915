package reindex

import (
	"context"
	"fmt"

	"snap/index"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/internal/stream"
	"snap/record"
	"snap/scan"
)

// compare goes through both trees and the listing of the snapshot before, side by side.
func (m *treeReader) compare(ctx context.Context) error {
	old := func(func(*record.Entry, error) bool) {}
	if m.seq > 0 {
		old = m.r.d.DB.Entries(ctx, m.seq, "")
	}
	walk := func(func(*scan.Item, error) bool) {}
	if m.before != nil {
		walk = m.before.walk(ctx, m.r.o.Jobs)
	}
	pairs := scan.Compare(m.now.walk(ctx, m.r.o.Jobs), old, func(uint64) uint32 { return 0 }, scan.Rules{})
	order := func(p *scan.Pair, was *scan.Item) int { return record.Compare(p.Path(), was.Path()) }
	for j, err := range stream.Join(pairs, walk, order) {
		if err != nil {
			return err
		}
		p, was := j.Left, j.Right
		if p == nil {
			continue
		}
		if err := m.visit(p.Path(), p.New, was, p.Old); err != nil {
			return err
		}
		if m.n++; m.n&1023 == 0 {
			m.r.o.Progress(progress.State{Stage: progress.Indexing, Files: m.n, Path: m.r.at})
		}
	}
	return ctx.Err()
}

// visit judges one path: what the tree has there, what the tree before had, and what the index says of that. Each may
// be nil.
func (m *treeReader) visit(path string, now, was *scan.Item, old *record.Entry) error {
	if now != nil && now.Err != nil {
		m.r.res.Notes = append(m.r.res.Notes, fmt.Errorf("what is in it is not in the index: %w", now.Err))
	}
	if now == nil {
		if old.Stored == record.Absent && (m.lost == "" || !record.Within(path, m.lost)) {
			m.keep(&old.Record) // it was in no tree: that says nothing
			return nil
		}
		return m.removed(path, was, old)
	}
	same := was != nil && now.Stat.Kind != file.Folder && file.SameFile(&now.Stat, &was.Stat)
	if was != nil && !same && was.Stat.Kind != file.Folder {
		m.leaves(path, &was.Stat)
	}
	touched := same && m.now.subvolume && now.Stat.Ctime != was.Stat.Ctime
	if old != nil && same && !touched {
		return m.linked(path, now, was, &old.Record)
	}
	rec, err := m.record(now, was, old)
	if err != nil {
		return err
	}
	if old != nil && touched {
		if index.Classify(&old.Record, rec) == 0 { // it has got or lost another name
			return m.linked(path, now, was, &old.Record)
		}
		if rec.Kind == file.Regular && rec.Size == old.Size && rec.Mtime == old.Mtime {
			rec.TakeHash(&old.Record)
		}
	}
	if old == nil {
		rec.Change, rec.Reason = record.Added, record.NewPath
		if rec.Kind == file.Folder {
			m.fresh.Add(path)
		}
		return m.add(path, rec)
	}
	rec.Change = index.Classify(&old.Record, rec)
	switch rec.Change {
	case record.Modified:
		rec.Reason = record.SizeOrTime
	case record.Metadata:
		rec.Reason = record.OwnerOrMode
	case record.TypeChanged:
		rec.Reason = record.OtherKind
	default:
		switch {
		case rec.Kind == file.Regular, rec.Kind != file.Folder && was != nil: // the same, with an inode of its own
			rec.Change, rec.Reason = record.Silent, record.FromTree
		case rec.Kind == file.Folder && path != "" && rec.Mtime != old.Mtime:
			rec.Change, rec.Reason = record.Silent, record.TimeOnly
		default:
			m.keep(&old.Record)
			return nil
		}
	}
	return m.add(path, rec)
}

// removed enters the tombstone of a path that the tree no longer has.
func (m *treeReader) removed(path string, was *scan.Item, old *record.Entry) error {
	if old.Kind == file.Folder && (m.lost == "" || !record.Within(path, m.lost)) {
		m.lost = path
	}
	if was != nil && was.Stat.Kind != file.Folder {
		m.leaves(path, &was.Stat)
	}
	m.gone.Add(path)
	return m.add(path, &record.Record{Change: record.Removed, Reason: record.Gone})
}

// leaves notes that an inode has lost its name at path, if the tree has it still.
func (m *treeReader) leaves(path string, s *file.Stat) {
	if _, ok := m.moves[s.Ino]; !ok && m.now.names(s.Ino) > 0 {
		m.moves[s.Ino] = path
	}
}

// linked decides about an inode that kept its path: the record stays, except for the number of its names.
func (m *treeReader) linked(path string, now, was *scan.Item, old *record.Record) error {
	n := m.now.names(now.Stat.Ino)
	if n > 1 {
		if _, ok := m.links[now.Stat.Ino]; !ok {
			m.links[now.Stat.Ino] = path
		}
	}
	if b := m.before.names(was.Stat.Ino); n != b && n > 0 && b > 0 {
		rec := *old
		rec.Nlink = uint32(max(int64(rec.Nlink)+int64(n)-int64(b), 1))
		rec.Change, rec.Stored, rec.Reason = record.Silent, record.Linked, record.Regrouped
		rec.From, rec.To, rec.Link, rec.Since = "", "", "", 0
		return m.add(path, &rec)
	}
	m.keep(old)
	return nil
}

// keep counts an unchanged entry.
func (m *treeReader) keep(old *record.Record) {
	if old.Has(record.Unreadable) {
		m.head.Errors++
	}
	record.Tally(&m.head, old, false)
}

func (m *treeReader) add(path string, rec *record.Record) error {
	return m.out.Add(&record.Entry{Path: path, Record: *rec})
}

// record is the unhashed record of an entry of the tree. What the destination cannot hold, such as owners, looks
// alike in both trees: there the record before is right.
func (m *treeReader) record(now, was *scan.Item, old *record.Entry) (*record.Record, error) {
	rec := &record.Record{Stat: now.Stat, Volume: record.TreeVolume, Stored: record.Made}
	rec.Dev, rec.Mount, rec.Ctime = 0, 0, file.Time{} // a copy's ctime is that of its last link
	if rec.Kind != file.Folder {
		rec.Nlink = max(m.now.names(now.Stat.Ino), 1)
	}
	if rec.Kind == file.Regular {
		rec.Stored = record.Copied
		rec.Took(now.Stat.Allocated)
	}
	if now.Err != nil {
		rec.Flags |= record.Unreadable
	}
	var err error
	if rec.Target, rec.Xattrs, err = m.now.readMeta(now); err != nil {
		return nil, err
	}
	if old == nil || was == nil || old.Kind != rec.Kind || was.Stat.Kind != rec.Kind {
		return rec, nil
	}
	_, xattrs, err := m.before.readMeta(was)
	if err != nil {
		return nil, err
	}
	if rec.Mode == was.Stat.Mode {
		rec.Mode = old.Mode
	}
	if rec.UID == was.Stat.UID {
		rec.UID = old.UID
	}
	if rec.GID == was.Stat.GID {
		rec.GID = old.GID
	}
	if rec.Mtime == was.Stat.Mtime {
		rec.Mtime = old.Mtime
	}
	if (&record.Record{Xattrs: xattrs}).SameOwnerMode(&record.Record{Xattrs: rec.Xattrs}) {
		rec.Xattrs = old.Xattrs
	}
	if rec.Kind == file.Folder { // each snapshot has its own, and the identity is the source's
		rec.Volume, rec.Ino, rec.Btime, rec.Ctime = old.Volume, old.Ino, old.Btime, old.Ctime
		rec.Nlink = uint32(max(int64(old.Nlink)+int64(rec.Nlink)-int64(was.Stat.Nlink), 1))
		rec.Flags |= old.Flags & record.Unreadable
	}
	return rec, nil
}

// readMeta reads what lstat does not return: a link's target, and the xattrs.
func (v *treeView) readMeta(it *scan.Item) (target string, xattrs []file.Xattr, err error) {
	if it.Stat.Kind == file.Folder {
		d, err := v.tree.Dir(it.Path())
		if err != nil {
			if it.Err != nil {
				err = nil // reported already
			}
			return "", nil, err
		}
		defer d.Close()
		xattrs, err = d.Xattrs()
		return "", xattrs, err
	}
	d, err := v.tree.Dir(it.Dir)
	if err != nil {
		return "", nil, err
	}
	defer d.Close()
	if it.Stat.Kind == file.Symlink {
		if target, err = d.Readlink(it.Name); err != nil {
			return "", nil, err
		}
	}
	xattrs, err = d.XattrsOf(it.Name)
	return target, xattrs, err
}
