package backup

import (
	"snap/record"
)

// count adds an entry of the new snapshot to its header.
func (r *run) count(rec *record.Record, changed bool) {
	record.Tally(&r.head, rec, changed)
	if rec.Exists() {
		r.owners(rec)
	}
}

// report passes an entry to the reporter; old is its previous record. The tombstone of a file that moved is left out:
// the new path says where it came from.
func (r *run) report(p *plan, path string, rec, old *record.Record, changed bool) {
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
