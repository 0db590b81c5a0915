package reindex

import (
	"context"
	"errors"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// lookup is the record of a path in the snapshot before.
func (d *decider) lookup(ctx context.Context, path string) (*record.Record, error) {
	rec, _, err := d.r.d.DB.Lookup(ctx, d.seq, path)
	return &rec, err
}

// decide completes the record of an entry that differs with the best that is known about it.
func (d *decider) decide(ctx context.Context, path string, rec, hint *record.Record) error {
	if !rec.Exists() {
		if hint == nil {
			return nil
		}
		absent, err := d.absent(path, hint)
		if absent {
			*rec = *hint
			rec.Change, rec.From, rec.To = record.Modified, "", ""
		}
		return err
	}
	if rec.Kind == file.Folder {
		return d.folder(ctx, path, rec, hint)
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
		if done, err := d.inherit(ctx, rec, from, record.Moved, record.SameIdentity); done || err != nil {
			return err
		}
	}
	if from, ok := d.links[ino]; ok {
		if done, err := d.inherit(ctx, rec, from, rec.Change, record.HardLink); done || err != nil {
			return err
		}
	}
	if done, err := d.takeReturned(ctx, path, rec); done || err != nil {
		return err
	}
	if hint != nil {
		if err := d.improve(ctx, path, rec, hint); err != nil {
			return err
		}
	}
	if d.now.names(ino) > 1 {
		if first, ok := d.made[ino]; ok {
			rec.Stored, rec.Link = record.Joined, first
		} else {
			d.made[ino] = path
		}
	}
	return nil
}

// inherit gives rec what the snapshot before knows about the same inode at the path from; false if something else is
// there.
func (d *decider) inherit(ctx context.Context, rec *record.Record, from string, change record.Change,
	reason record.Reason) (bool, error) {
	old, err := d.lookup(ctx, from)
	if errors.Is(err, index.ErrNotFound) || err == nil && (old.Kind != rec.Kind || old.Stored == record.Absent) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	now, before := int64(rec.Nlink), int64(max(d.before.names(rec.Ino), 1))
	*rec = *old
	rec.Nlink = uint32(max(int64(old.Nlink)+now-before, 1))
	rec.Change, rec.Reason, rec.Stored, rec.From, rec.To, rec.Link, rec.Since = change, reason, record.Linked, from,
		"", "", 0
	return true, nil
}

// improve replaces an unhashed record by the one of the damaged change set, if that describes what is in the tree.
func (d *decider) improve(ctx context.Context, path string, rec, hint *record.Record) error {
	if !hint.Exists() || hint.Stored == record.Absent || hint.Kind != rec.Kind || hint.Rdev != rec.Rdev ||
		hint.Target != rec.Target ||
		rec.Kind == file.Regular && (hint.Size != rec.Size || !destination.CloseEnough(rec.Mtime, hint.Mtime)) {
		return nil
	}
	change, stored, n, holes := rec.Change, rec.Stored, rec.Nlink, rec.Holes
	*rec = *hint
	rec.Holes = holes
	rec.Stored, rec.From, rec.To, rec.Link, rec.Since = stored, "", "", "", 0
	if rec.Kind != file.Folder {
		rec.Nlink = max(rec.Nlink, n)
	}
	if hint.Stored == record.Cloned {
		rec.Stored = record.Cloned
	}
	rec.Change = change
	if hint.Change == record.Moved && d.gone.Has(hint.From) {
		if _, err := d.lookup(ctx, hint.From); err == nil {
			rec.Change, rec.From = record.Moved, hint.From
			return nil
		} else if !errors.Is(err, index.ErrNotFound) {
			return err
		}
	}
	if change == record.Added || d.seq == 0 {
		return nil
	}
	old, err := d.lookup(ctx, path)
	if err != nil {
		return err
	}
	if rec.Change = index.Classify(old, rec); rec.Change == 0 {
		rec.Change = record.Silent
	}
	return nil
}

// folder decides about a folder: it moved if its entries did.
func (d *decider) folder(ctx context.Context, path string, rec, hint *record.Record) error {
	change, reason := rec.Change, rec.Reason
	if hint != nil && hint.Exists() && hint.Kind == file.Folder {
		if err := d.improve(ctx, path, rec, hint); err != nil {
			return err
		}
	}
	from, ok := d.folders[path]
	if !ok || change != record.Added {
		if rec.Change != record.Moved {
			rec.Reason = reason
		}
		return nil
	}
	old, err := d.lookup(ctx, from)
	if err != nil {
		return err
	}
	rec.Change, rec.Reason, rec.From = record.Moved, record.SameIdentity, from
	if rec.Volume == record.TreeVolume {
		rec.Volume, rec.Ino, rec.Btime, rec.Ctime = old.Volume, old.Ino, old.Btime, old.Ctime
	}
	return nil
}

// owners names the owners that no change set has named.
func (d *decider) owners(rec *record.Record) {
	o := &d.r.o
	if _, ok := d.head.Users[rec.UID]; !ok && o.Users != nil {
		d.head.Users[rec.UID] = o.Users(rec.UID)
	}
	if _, ok := d.head.Groups[rec.GID]; !ok && o.Groups != nil {
		d.head.Groups[rec.GID] = o.Groups(rec.GID)
	}
}
