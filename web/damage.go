package web

import (
	"snap/destination"
	"snap/internal/quote"
	"snap/job"
	"snap/query"
	"snap/record"
)

// What a check found damaged is told wherever somebody meets it: on Health, where the check ends, in its folder, and
// before it is restored.

// damageRow is something that a check found damaged.
type damageRow struct {
	Path, Why, URL string
	In             []destination.SnapshotRange
}

// damageNote is what a damaged entry is marked with.
const damageNote = "damaged, a check found"

// damageFound is what checks have found and no check since found well.
func damageFound(d *query.Reader) []destination.DamageFound {
	if c := destination.ReadLastCheck(d.Root); c != nil && c.Left != nil {
		return c.Left.Found
	}
	return nil
}

// damageRows are these for a page.
func (s *site) damageRows(all []destination.DamageFound) (rows []damageRow) {
	for _, f := range all {
		row := damageRow{Path: string(f.Path), Why: quote.Clean(f.Why), In: f.Snapshots}
		if len(f.Snapshots) > 0 && record.ValidPath(row.Path) {
			row.URL = s.File(row.Path, "b", f.Snapshots[len(f.Snapshots)-1].Last)
		}
		rows = append(rows, row)
	}
	return rows
}

// damagedIn are those of the snapshot h.
func damagedIn(d *query.Reader, h *record.Header) (in []destination.DamageFound) {
	found := damageFound(d)
	if len(found) == 0 {
		return nil
	}
	own, at := d.Snapshots.At(h), map[string]int{}
	for i := range d.Snapshots {
		at[d.Snapshots[i].Name] = i
	}
	for _, f := range found {
		for _, r := range f.Snapshots {
			first, known := at[r.First]
			if r.First == h.Name || r.Last == h.Name || known && first <= own && own <= at[r.Last] {
				in = append(in, f)
				break
			}
		}
	}
	return in
}

// damageOf fills in what a job has to do with: what its check found, and what is to be restored although it is known to
// be damaged.
func (q *question) damageOf(j *job.Job, p *jobPage) error {
	look := q.looks.find(j)
	found := p.Kind == job.Check && !p.Running && len(p.Problems) > 0
	if !found && look == nil {
		return nil
	}
	if err := q.open(); err != nil {
		return err
	}
	if found {
		c := destination.ReadLastCheck(q.d.Root)
		if c == nil || c.Left == nil || c.Time.Before(j.Begin) { // another has run since
			return nil
		}
		p.Damage, p.Problems, p.More = q.damageRows(c.Left.Found), nil, 0
		return nil
	}
	var in []destination.DamageFound
	for _, f := range damagedIn(q.d, look.from) {
		for _, path := range look.options.Paths {
			if record.Within(string(f.Path), path) {
				in = append(in, f)
				break
			}
		}
	}
	p.Damage = q.damageRows(in)
	if len(in) > 0 && p.Tone == "good" {
		p.Tone = "warn"
	}
	return nil
}
