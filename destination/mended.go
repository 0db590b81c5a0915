package destination

import "slices"

// Mended is a place that a repair has made right: its content was proved then, whatever had been wrong with it.
type Mended struct {
	What      string // as in DamageFound
	Path      string
	Snapshots []string // names, oldest first; none where it is not in snapshots
}

// settle is what is left of l after a repair, nil for nothing. Of damage that is counted and not named nothing is
// known.
func (l *DamageLeft) settle(all []Mended) *DamageLeft {
	if l == nil || len(all) == 0 {
		return l
	}
	rest := *l
	rest.Found = nil
	for _, f := range l.Found {
		left := f
		left.Snapshots = slices.DeleteFunc(slices.Clone(f.Snapshots), func(r SnapshotRange) bool {
			return slices.ContainsFunc(all, func(m Mended) bool { return m.Path == string(f.Path) && m.holds(r) })
		})
		whole := slices.ContainsFunc(all, func(m Mended) bool {
			return m.What == f.What && m.Path == string(f.Path) && len(m.Snapshots) == 0
		})
		if whole && len(f.Snapshots) == 0 || len(f.Snapshots) > 0 && len(left.Snapshots) == 0 {
			rest.Errors--
			continue
		}
		rest.Found = append(rest.Found, left)
	}
	if rest.Errors <= 0 {
		return nil
	}
	return &rest
}

// holds reports whether it is right now in each snapshot of a range.
func (m *Mended) holds(r SnapshotRange) bool {
	first, last := slices.Index(m.Snapshots, r.First), slices.Index(m.Snapshots, r.Last)
	return first >= 0 && last-first+1 == r.Count
}
