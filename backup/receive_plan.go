package backup

import (
	"context"
	"errors"
	"fmt"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// planIncoming spools the records as what is to be made here.
func (r *run) planIncoming(ctx context.Context, work *destination.WorkFolder) (*plan, error) {
	p := &plan{block: r.blockSize()}
	var err error
	if p.Spool, err = record.NewSpool(work.Path()); err != nil {
		return nil, err
	}
	if p.learned, err = record.NewSpool(work.Path()); err != nil {
		p.Spool.Close()
		return nil, err
	}
	if r.in.Whole {
		err = r.planWhole(ctx, work, p)
	} else {
		err = r.planChanges(ctx, p)
	}
	if err = errors.Join(err, p.Finish(), p.learned.Finish()); err == nil {
		err = p.countMovedAway()
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// planChanges spools a change set against the newest snapshot here.
func (r *run) planChanges(ctx context.Context, p *plan) error {
	any := false
	for e, err := range r.in.Records {
		if err == nil {
			err = errors.Join(ctx.Err(), checkIncomingEntry(e))
		}
		if err != nil {
			return err
		}
		any = any || e.Path == ""
		rec, ok, err := r.fitted(ctx, e)
		if err == nil && ok {
			err = p.addIncoming(r, &record.Entry{Path: e.Path, Record: rec})
		}
		if err != nil {
			return err
		}
	}
	if r.prev == nil && !any {
		return fmt.Errorf("%w: a first snapshot without its top folder", record.ErrDamaged)
	}
	return nil
}

// checkIncomingEntry refuses what no snapshot has.
func checkIncomingEntry(e *record.Entry) error {
	switch {
	case !record.ValidPath(e.Path) || e.From != "" && !record.ValidPath(e.From):
		return fmt.Errorf("%w: the path %q", record.ErrDamaged, e.Path)
	case e.Path == "" && (e.Kind != file.Folder || e.Stored == record.Absent):
		return fmt.Errorf("%w: a snapshot whose top is not a folder", record.ErrDamaged)
	case e.Kind >= file.Kinds || e.Size < 0 || e.Exists() == (e.Kind == file.None):
		return fmt.Errorf("%w: the record of %q", record.ErrDamaged, e.Path)
	}
	return nil
}

// fitted is what a record of the change set means here, where the snapshot before may hold less than it does there, or
// something else: what cannot be linked is copied. false for a tombstone of what is not here.
func (r *run) fitted(ctx context.Context, e *record.Entry) (rec record.Record, ok bool, err error) {
	rec = e.Record
	old, err := r.heldBefore(ctx, e.Path)
	if err != nil {
		return rec, false, err
	}
	if !rec.Exists() {
		if rec.Reason == record.NoReason {
			rec.Reason = record.Gone
		}
		return record.Record{Change: record.Removed, Reason: rec.Reason}, old != nil, nil
	}
	asMade(&rec)
	if old == nil && rec.Change != record.Moved && rec.Change != record.Added {
		rec.Change = record.Added
		if rec.Reason != record.Returned {
			rec.Reason = record.NewPath
		}
	}
	if rec.Change == record.Moved && (rec.From == "" || rec.From == e.Path) {
		rec.Change, rec.From = record.Added, ""
	}
	base := old
	if rec.From != "" {
		if base, err = r.heldBefore(ctx, rec.From); err != nil {
			return rec, false, err
		}
		if base == nil && rec.Change == record.Moved {
			rec.Change = record.Added
		}
	}
	switch {
	case rec.Stored == record.Linked && rec.Reason == record.Returned: // decided when it is made
	case rec.Stored == record.Linked && hasContent(base, &rec):
		if rec.Kind == file.Regular && !rec.Has(record.Hashed) {
			rec.TakeHash(base)
		}
	case rec.Stored == record.Linked:
		rec.Stored = newInodeOf(rec.Kind)
	}
	if rec.Change != record.Moved && rec.Stored != record.Linked || base == nil {
		rec.From = ""
	}
	return rec, true, nil
}

// asMade says of a record how its entry is to be made here. How it came into its tree elsewhere matters only as far as
// that: a new inode is a new one here, whose other names are found by the source's identity.
func asMade(rec *record.Record) {
	rec.To, rec.Link, rec.Since = "", "", 0
	if rec.Stored != record.Absent && (rec.Stored != record.Linked || rec.Kind == file.Folder) {
		rec.Stored = newInodeOf(rec.Kind)
	}
}

func newInodeOf(k file.Kind) record.Stored {
	if k == file.Regular {
		return record.Copied
	}
	return record.Made
}

// heldBefore is the record of a path in the newest snapshot here; nil if there is none.
func (r *run) heldBefore(ctx context.Context, path string) (*record.Record, error) {
	if r.prev == nil {
		return nil, nil
	}
	rec, _, err := r.d.DB.Lookup(ctx, r.seq, path)
	if errors.Is(err, index.ErrNotFound) {
		return nil, nil
	}
	return &rec, err
}

// hasContent reports whether the entry of the record old, of a snapshot here, is what rec says but for its metadata. A
// file that rec knows the hash of must have that.
func hasContent(old, rec *record.Record) bool {
	return old.Exists() && old.Stored != record.Absent && old.SameContent(rec) &&
		(old.Kind != file.Regular || !rec.Has(record.Hashed) || old.SameHash(rec))
}

// sameInode reports whether two records of one identity can be of one inode. A record that was unchanged since long
// may have the identity of another file.
func sameInode(a, b *record.Record) bool {
	return a.SameContent(b) && a.Mtime == b.Mtime && a.Mode == b.Mode && a.UID == b.UID && a.GID == b.GID
}

// addIncoming adds what is to be made.
func (p *plan) addIncoming(r *run, e *record.Entry) error {
	if e.Exists() && e.Stored != record.Linked && e.Nlink > 1 && e.Kind != file.Folder {
		r.sharedIdentities.Add(&e.Record)
	}
	if e.Change == record.Moved {
		p.moved.Add(e.From)
	}
	if e.Stored == record.Copied {
		p.copies++
		p.bytes = record.Plus(p.bytes, e.OnDisk())
	}
	switch {
	case !e.Exists():
	case e.Kind == file.Folder:
		p.dirs++
	default:
		p.files++
	}
	p.changes++
	return p.Add(e)
}

// countMovedAway counts the tombstones of what is elsewhere now.
func (p *plan) countMovedAway() error {
	for e, err := range p.All() {
		if err != nil {
			return err
		}
		if !e.Exists() && p.moved.Has(e.Path) {
			p.movedAway++
		}
	}
	return nil
}
