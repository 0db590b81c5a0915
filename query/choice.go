package query

import (
	"slices"
	"time"

	"snap/record"
)

// Choice is which snapshots are asked for. Its zero value asks for all.
type Choice struct {
	Last  int       // only the newest so many of the others; 0: all
	Since time.Time // only those made then or later
	Until time.Time // only those made before; zero: all
	Tags  []string  // only those with one of these; none: all
	Only  []int     // only those at positions where this is not 0; nil: all
}

// From are the snapshots that are chosen, in their order.
func (q *Choice) From(all Snapshots) Snapshots {
	var chosen Snapshots
	for i := range all {
		h := &all[i]
		tagged := len(q.Tags) == 0 || slices.ContainsFunc(q.Tags, func(t string) bool { return slices.Contains(h.Tags, t) })
		if len(q.Only) > 0 && q.Only[i] == 0 {
			continue
		}
		if tagged && !h.Time.Before(q.Since) && (q.Until.IsZero() || h.Time.Before(q.Until)) {
			chosen = append(chosen, *h)
		}
	}
	if q.Last > 0 {
		chosen = chosen[max(0, len(chosen)-q.Last):]
	}
	return chosen
}

// Named are the snapshots that refs name, each once.
func (r Resolver) Named(refs []string) (all []*record.Header, err error) {
	for _, ref := range refs {
		named, err := r.ResolveRanges([]string{ref})
		if err != nil {
			return nil, err
		}
		for _, pos := range named {
			if h := &r.Snapshots[pos]; !slices.Contains(all, h) {
				all = append(all, h)
			}
		}
	}
	return all, nil
}

// Newest is the header of the newest snapshot, nil if there is none.
func (d *Reader) Newest() *record.Header {
	if n := len(d.Snapshots); n > 0 {
		return &d.Snapshots[n-1]
	}
	return nil
}
