package cli

import (
	"snap/query"
	"snap/record"
)

// changedBelow is what --changed of list asks: how many entries each snapshot changed at or below a path.
type changedBelow struct {
	counts []int // by the snapshots' positions; nil: it is not asked
}

// changedBelow reads the flag.
func (c *call) changedBelow(d *query.Reader) (b changedBelow, err error) {
	if c.flags.IsSet("changed") && len(d.Snapshots) > 0 {
		_, b.counts, err = d.TouchedIn(c.ctx, c.flags.String("changed"))
	}
	return b, err
}

// of is the number of one snapshot, nil if it is not asked.
func (b *changedBelow) of(d *query.Reader, h *record.Header) *int {
	if b.counts == nil {
		return nil
	}
	pos, _ := d.Snapshots.BySeq(h.Seq)
	return &b.counts[pos]
}
