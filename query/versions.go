package query

import (
	"context"
	"errors"
	"slices"

	"snap/index"
	"snap/record"
)

// Version is a stretch of snapshots in which a path held the same: a record that is silent, or equal in
// content and metadata, begins no new one; a file that was moved to the path always does.
type Version struct {
	Path         string
	Record       *record.Record
	First, Last  int // positions of the snapshots between which it lived, both included
	Change       record.Change
	To           string // where the file went after last, "" if it did not move away
	Deleted      bool   // after last there was nothing at the path, and the file had not moved
	Unread       bool   // after last it could not be read, and then it was deleted
	FolderUnread bool   // after last the folder that it is in could not be read
}

// VersionsOf are the versions of one path, oldest first. Records of snapshots that are not complete do
// not count. Of several that are one snapshot's by now, because a deletion is not at its end, the last does.
func VersionsOf(h *index.History, snaps Snapshots) []Version {
	var all []Version
	var living *Version
	merged := false
	for i := range h.Versions {
		v := &h.Versions[i]
		pos, ok := snaps.BySeq(v.Seq)
		if i+1 < len(h.Versions) && ok {
			if next, _ := snaps.BySeq(h.Versions[i+1].Seq); next == pos {
				merged = true
				continue
			}
		}
		after := v.Record
		if merged && after.Change == record.Silent { // about what another one had said
			after.Change = record.Modified
		}
		merged = false
		if !ok || living != nil && v.Exists() && v.To == "" && continues(living.Record, &after) {
			continue
		}
		if living != nil {
			gone := !v.Exists() && v.To == ""
			living.FolderUnread = gone && v.Reason == record.UnreadableNow
			living.Last, living.To, living.Deleted = pos-1, v.To, gone && !living.FolderUnread
			living = nil
		}
		if v.Exists() {
			all = append(all, Version{Path: h.Path, Record: &v.Record, First: pos, Last: snaps.Newest(), Change: after.Change})
			living = &all[len(all)-1]
			if after.Change == record.Silent { // what it was silent about is gone
				living.Change = record.Added
			}
		}
	}
	return all
}

// continues reports whether next says nothing new of a path that held before.
func continues(before, next *record.Record) bool {
	return next.Change == record.Silent || next.Change != record.Moved && index.Classify(before, next) == 0
}

// Count is in how many snapshots the version is.
func (v *Version) Count() int { return v.Last - v.First + 1 }

// From is where the file was before it was moved here.
func (v *Version) From() string {
	if v.Change != record.Moved {
		return ""
	}
	return v.Record.From
}

// heldOnly leaves out what no snapshot holds, because it could not be read. The version before is then the last one
// that can be had of a file that was deleted since.
func heldOnly(all []Version) (held []Version) {
	for _, v := range all {
		if v.Record.Held() {
			held = append(held, v)
			continue
		}
		if n := len(held) - 1; n >= 0 && v.Deleted && held[n].To == "" && !held[n].Deleted && v.Change != record.Moved {
			held[n].Deleted, held[n].Unread = true, true
		}
	}
	return held
}

// lost reports whether the newest snapshot holds the file of v under no name, and which snapshot was the last in which
// it was there.
func (d *Reader) lost(ctx context.Context, v Version) (last int, lost bool, err error) {
	end, err := d.End(ctx, v)
	if err == nil {
		last, err = d.LastThere(ctx, &end)
	}
	return last, last < d.Snapshots.Newest(), err
}

// LastThere is the last snapshot in which the version end of a file, its last, was there: as long as its folder could
// not be read it was, as far as anybody knows.
func (d *Reader) LastThere(ctx context.Context, end *Version) (last int, err error) {
	last = end.Last
	for end.FolderUnread && last < d.Snapshots.Newest() {
		if readable, err := d.readable(ctx, end.Path, last+1); err != nil || readable {
			return last, err
		}
		last++
	}
	return last, nil
}

// End is the last version of the file of v, under whatever name it has there.
func (d *Reader) End(ctx context.Context, v Version) (Version, error) {
	for v.Last != d.Snapshots.Newest() && !v.Deleted && !v.FolderUnread {
		path := v.Path
		if v.To != "" {
			path = v.To
		}
		h, err := d.DB.Versions(ctx, path)
		if err != nil {
			return v, err
		}
		all := VersionsOf(&h, d.Snapshots)
		next := slices.IndexFunc(all, func(o Version) bool { return o.First == v.Last+1 })
		if next < 0 || v.To == "" && all[next].replaces() {
			break
		}
		v = all[next]
	}
	return v, nil
}

// replaces reports whether the version is of another file than the one that was at its path directly before.
func (v *Version) replaces() bool {
	return v.Change == record.Moved || v.Change == record.TypeChanged || v.Record.Reason == record.Replaced
}

// versions are VersionsOf, and whether what lay in a folder that could not be read turned out to be deleted when it
// could.
func (d *Reader) versions(ctx context.Context, h *index.History) ([]Version, error) {
	all := VersionsOf(h, d.Snapshots)
	for i := range all {
		v, end := &all[i], d.Snapshots.Newest()
		if !v.FolderUnread {
			continue
		}
		if i+1 < len(all) {
			end = all[i+1].First - 1
		}
		gone, err := d.readable(ctx, v.Path, end)
		if err != nil {
			return nil, err
		}
		v.Deleted, v.Unread = gone, gone
	}
	return all, nil
}

// readable reports whether the snapshot at pos could read the folder that path is in, or was in.
func (d *Reader) readable(ctx context.Context, path string, pos int) (bool, error) {
	seq := d.Snapshots[pos].Seq
	for path != "" {
		path, _ = record.Split(path)
		r, _, err := d.DB.Lookup(ctx, seq, path)
		if err == nil {
			return !r.Has(record.Unreadable), nil
		}
		if !errors.Is(err, index.ErrNotFound) {
			return false, err
		}
	}
	return true, nil
}
