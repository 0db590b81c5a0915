package backup

import (
	"context"

	"snap/record"
	"snap/scan"
)

// dryRun reports what build would do, and counts it. Where there is no room for that, it is refused at the end.
func (r *run) dryRun(ctx context.Context, p *plan) error {
	seen := map[scan.Identity]bool{}
	for m, err := range r.entries(ctx, p) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		e := m.entry()
		if e.Stored == record.Cloned && !p.clones {
			e.Stored = record.Copied
		}
		if m.new != nil && r.o.Planned != nil {
			if err := r.o.Planned(e); err != nil {
				return err
			}
		}
		if m.new != nil && (e.Stored == record.Copied || e.Stored == record.Cloned || e.Stored == record.Made) &&
			r.isFurtherName(seen, &e.Record) {
			e.Stored = record.Joined
		}
		r.count(&e.Record, m.new != nil)
		if m.new == nil {
			r.tellUnheld(e)
		}
		var old *record.Record
		if m.old != nil {
			old = &m.old.Record
		}
		r.report(p, e.Path, &e.Record, old, m.new != nil)
	}
	r.head.Removed -= p.movedAway
	r.res.Header, r.res.MayShare = &r.head, p.mayShare
	if r.o.Planned != nil {
		return nil // nobody means to make this snapshot
	}
	return r.checkSpaceDry(ctx, p)
}
