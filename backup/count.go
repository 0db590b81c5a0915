package backup

import (
	"context"

	"snap/index"
)

// count adds an entry of the new snapshot to its header.
func (r *run) count(rec *index.Record, changed bool) {
	index.Tally(&r.head, rec, changed)
	if rec.Exists() {
		r.owners(rec)
	}
}

// report tells of an entry, which was old before. The tombstone of a file that moved is not told: its new path says
// where from.
func (r *run) report(p *plan, path string, rec, old *index.Record, changed bool) {
	switch {
	case rec.Exists():
		r.o.Report.Entry(path, rec, changed)
	case !p.moved.Has(path):
		gone := *rec
		if old != nil {
			gone.Kind = old.Kind
		}
		r.o.Report.Entry(path, &gone, changed)
	}
}

// rehearse reports what build would do, and counts it. Where there is no room for that, it is refused at the end.
func (r *run) rehearse(ctx context.Context, p *plan) error {
	seen := map[inode]bool{}
	for m, err := range r.entries(ctx, p) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		e := m.entry()
		if e.Stored == index.Cloned && !p.clones {
			e.Stored = index.Copied
		}
		if m.new != nil && r.o.Planned != nil {
			if err := r.o.Planned(e); err != nil {
				return err
			}
		}
		if m.new != nil && (e.Stored == index.Copied || e.Stored == index.Cloned || e.Stored == index.Made) && r.again(seen, &e.Record) {
			e.Stored = index.Joined
		}
		r.count(&e.Record, m.new != nil)
		if m.new == nil {
			r.tellUnheld(e)
		}
		var old *index.Record
		if m.old != nil {
			old = &m.old.Record
		}
		r.report(p, e.Path, &e.Record, old, m.new != nil)
	}
	r.head.Removed -= p.left
	r.res.Header = &r.head
	if r.o.Planned != nil {
		return nil // nobody means to make this snapshot
	}
	return r.rehearseSpace(ctx, p)
}
