package cli

import (
	"context"
	"errors"
	"slices"

	"snap/index"
)

// version is a stretch of snapshots in which a path held the same: a record that is silent, or equal in
// content and metadata, begins no new one; a file that was moved to the path always does.
type version struct {
	path        string
	record      *index.Record
	first, last int // positions of the snapshots between which it lived, both included
	change      index.Change
	to          string // where the file went after last, "" if it did not move away
	deleted     bool   // after last there was nothing at the path, and the file had not moved
	unread      bool   // after last it could not be read, and then it was deleted
	shut        bool   // after last the folder that it is in could not be read
}

// versionsOf are the versions of one path, oldest first. Records of snapshots that are not complete do
// not count. Of several that are one snapshot's by now, because a deletion is not at its end, the last does.
func versionsOf(h *index.History, snaps snapshots) []version {
	var all []version
	var living *version
	merged := false
	for i := range h.Versions {
		v := &h.Versions[i]
		pos, ok := snaps.bySeq(v.Seq)
		if i+1 < len(h.Versions) && ok {
			if next, _ := snaps.bySeq(h.Versions[i+1].Seq); next == pos {
				merged = true
				continue
			}
		}
		after := v.Record
		if merged && after.Change == index.Silent { // about what another one had said
			after.Change = index.Modified
		}
		merged = false
		if !ok || living != nil && v.Exists() && v.To == "" && continues(living.record, &after) {
			continue
		}
		if living != nil {
			gone := !v.Exists() && v.To == ""
			living.shut = gone && v.Reason == index.UnreadableNow
			living.last, living.to, living.deleted = pos-1, v.To, gone && !living.shut
			living = nil
		}
		if v.Exists() {
			all = append(all, version{path: h.Path, record: &v.Record, first: pos, last: snaps.newest(), change: after.Change})
			living = &all[len(all)-1]
			if after.Change == index.Silent { // what it was silent about is gone
				living.change = index.Added
			}
		}
	}
	return all
}

// continues reports whether next says nothing new of a path that held before.
func continues(before, next *index.Record) bool {
	return next.Change == index.Silent || next.Change != index.Moved && index.Classify(before, next) == 0
}

// count is in how many snapshots the version is.
func (v *version) count() int { return v.last - v.first + 1 }

// from is where the file was before it was moved here.
func (v *version) from() string {
	if v.change != index.Moved {
		return ""
	}
	return v.record.From
}

// heldOnly leaves out what no snapshot holds, because it could not be read. The version before is then the last one that
// can be had of a file that was deleted since.
func heldOnly(all []version) (held []version) {
	for _, v := range all {
		if v.record.Held() {
			held = append(held, v)
			continue
		}
		if n := len(held) - 1; n >= 0 && v.deleted && held[n].to == "" && !held[n].deleted && v.change != index.Moved {
			held[n].deleted, held[n].unread = true, true
		}
	}
	return held
}

// lost reports whether the newest snapshot holds the file of v under no name.
func (d *reader) lost(ctx context.Context, v version) (bool, error) {
	for v.last != d.snaps.newest() {
		if v.deleted {
			return true, nil
		}
		if v.shut {
			return d.readable(ctx, v.path)
		}
		path := v.path
		if v.to != "" {
			path = v.to
		}
		h, err := d.db.Versions(ctx, path)
		if err != nil {
			return false, err
		}
		all := versionsOf(&h, d.snaps)
		next := slices.IndexFunc(all, func(o version) bool { return o.first == v.last+1 })
		if next < 0 || v.to == "" && (all[next].change == index.Moved || all[next].change == index.TypeChanged || all[next].record.Reason == index.Replaced) { // another file took its place
			return true, nil
		}
		v = all[next]
	}
	return false, nil
}

// readable reports whether the newest snapshot could read the folder that path is in, or was in.
func (d *reader) readable(ctx context.Context, path string) (bool, error) {
	newest := d.snaps[d.snaps.newest()].Seq
	for path != "" {
		path, _ = index.Split(path)
		r, _, err := d.db.Lookup(ctx, newest, path)
		if err == nil {
			return !r.Has(index.Unreadable), nil
		}
		if !errors.Is(err, index.ErrNotFound) {
			return false, err
		}
	}
	return true, nil
}
