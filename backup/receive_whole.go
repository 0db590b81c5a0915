package backup

import (
	"context"
	"errors"
	"fmt"

	"snap/destination"
	"snap/internal/file"
	"snap/internal/stream"
	"snap/record"
)

// A snapshot whose parent is not the newest here comes as its whole listing, and is compared with that of the newest
// here: O(files) records, and no bytes that are here.

// contentsTried bounds how many files of one content are looked at.
const contentsTried = 16

// wholePlan compares a whole listing with the newest snapshot here.
type wholePlan struct {
	r       *run
	plan    *plan
	gone    record.PathSet // paths that the snapshot holds no more
	taken   record.PathSet // those of them that something has moved from
	regroup map[wantedInode]bool
}

// planWhole spools how the snapshot differs from the newest here.
func (r *run) planWhole(ctx context.Context, work *destination.WorkFolder, p *plan) error {
	listing, err := record.NewSpool(work.Path())
	if err != nil {
		return err
	}
	defer listing.Close()
	for e, err := range r.in.Records {
		if err == nil {
			err = errors.Join(ctx.Err(), checkIncomingEntry(e))
		}
		if err == nil && e.Exists() {
			rec := e.Record
			rec.To, rec.Link, rec.Since, rec.From = "", "", 0, ""
			if rec.Stored != record.Absent {
				rec.Stored = newInodeOf(rec.Kind)
			}
			err = listing.Add(&record.Entry{Path: e.Path, Record: rec})
		}
		if err != nil {
			return err
		}
	}
	if err := listing.Finish(); err != nil {
		return err
	}
	w := &wholePlan{r: r, plan: p, regroup: map[wantedInode]bool{}}
	if err := w.each(ctx, listing, w.look); err != nil {
		return err
	}
	return w.each(ctx, listing, w.add)
}

// each calls f with each path of the newest snapshot here, of the listing, or of both, nil for the one without it.
func (w *wholePlan) each(ctx context.Context, listing *record.Spool, f func(ctx context.Context, path string, old,
	now *record.Record) error) error {
	order := func(a, b *record.Entry) int { return record.Compare(a.Path, b.Path) }
	top := false
	for j, err := range stream.Join(w.r.previous(ctx), listing.All(), order) {
		if err != nil {
			return err
		}
		path := ""
		var old, now *record.Record
		if j.Left != nil && j.Left.Exists() {
			path, old = j.Left.Path, &j.Left.Record
		}
		if j.Right != nil {
			path, now = j.Right.Path, &j.Right.Record
		}
		top = top || now != nil && path == ""
		if old == nil && now == nil {
			continue
		}
		if err := f(ctx, path, old, now); err != nil {
			return err
		}
	}
	if !top {
		return fmt.Errorf("%w: a listing without its top folder", record.ErrDamaged)
	}
	return nil
}

// look finds what is gone, and the files with several names that have other names than here: all of their names get a
// new inode.
func (w *wholePlan) look(_ context.Context, path string, old, now *record.Record) error {
	switch {
	case now == nil:
		w.gone.Add(path)
	case severalNames(now) && (old == nil || !old.SameIdentity(now) || !hasContent(old, now)):
		w.regroup[inodeOf(now)] = true
	}
	return nil
}

func severalNames(r *record.Record) bool {
	return r.Kind != file.Folder && r.Stored != record.Absent && r.Nlink > 1 && r.Ino != 0
}

// add adds what is to be made of one path.
func (w *wholePlan) add(ctx context.Context, path string, old, now *record.Record) error {
	if now == nil {
		gone := record.Record{Change: record.Removed, Reason: record.Gone}
		return w.plan.addIncoming(w.r, &record.Entry{Path: path, Record: gone})
	}
	rec := *now
	again := severalNames(now) && w.regroup[inodeOf(now)]
	switch {
	case old == nil:
		rec.Change, rec.Reason = record.Added, record.NewPath
	case old.Kind != now.Kind:
		rec.Change, rec.Reason = record.TypeChanged, record.OtherKind
	default:
		if w.same(&rec, old, again) {
			return nil
		}
	}
	if rec.Change == record.Added && rec.Stored == record.Copied && rec.Has(record.Hashed) && rec.Size > 0 &&
		w.r.prev != nil {
		if err := w.findContent(ctx, &rec); err != nil {
			return err
		}
	}
	return w.plan.addIncoming(w.r, &record.Entry{Path: path, Record: rec})
}

// same says in rec how an entry differs from the one of its kind that is here; true if it does not. again: it needs a
// new inode in any case.
func (w *wholePlan) same(rec, old *record.Record, again bool) bool {
	content := old.SameContent(rec) && (!rec.Has(record.Hashed) || old.Has(record.Hashed))
	switch {
	case rec.Stored == record.Absent:
		rec.Change = record.Modified
		return old.Stored == record.Absent && content && old.SameMeta(rec) && old.Flags == rec.Flags
	case old.Stored == record.Absent:
		rec.Change, rec.Reason = record.Silent, record.HoldsNow
		return false
	case !content:
		rec.Change, rec.Reason = record.Modified, record.ContentDiffers
		return false
	case !old.SameMeta(rec):
		rec.Change, rec.Reason = record.Metadata, record.OwnerOrMode
		return false
	}
	rec.Change, rec.Reason = record.Silent, record.Verified
	if rec.Kind == file.Regular && !rec.Has(record.Hashed) {
		rec.TakeHash(old)
	}
	if again || !old.SameIdentity(rec) && (severalNames(old) || severalNames(rec)) {
		rec.Reason = record.Regrouped
		return false
	}
	if rec.Kind != file.Folder {
		rec.Stored = record.Linked
	}
	return old.SameIdentity(rec) && old.Ctime == rec.Ctime && old.Nlink == rec.Nlink && old.Flags == rec.Flags
}

// findContent says in rec, of a path that is new, which file here has its content: one that is gone has moved.
func (w *wholePlan) findContent(ctx context.Context, rec *record.Record) error {
	found, err := w.r.d.DB.ByContent(ctx, w.r.seq, rec.Size, rec.Hash, contentsTried)
	if err != nil {
		return err
	}
	for i := range found {
		e := &found[i]
		if !e.SameHash(rec) {
			continue
		}
		rec.From = e.Path
		if !w.gone.Has(e.Path) || w.taken.Has(e.Path) || severalNames(&e.Record) || severalNames(rec) || !e.SameMeta(rec) {
			continue
		}
		w.taken.Add(e.Path)
		rec.Change, rec.Reason, rec.Stored = record.Moved, record.KnownContent, record.Linked
		return nil
	}
	return nil
}
