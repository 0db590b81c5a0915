package cli

import (
	"time"

	"snap/cli/wire"
	"snap/destination"
	"snap/destination/retention"
	"snap/index"
	"snap/internal/quote"
)

// behindSlack is by how much a backup may be earlier than a snapshot before it and nothing is said. What a time server corrects
// is minutes; summer time changes nothing, because times are compared in UTC.
const behindSlack = 3 * time.Hour

// behind is that a backup has an earlier time than a snapshot made before it.
type behind struct {
	snapshot *index.Header // the one with the latest time
	many     bool          // so are others: it is the clock of now that is wrong
}

// json is nil where there is nothing to tell.
func (b *behind) json() *wire.ClockBehind {
	if b == nil {
		return nil
	}
	return &wire.ClockBehind{Snapshot: b.snapshot.Name, Time: b.snapshot.Time}
}

// behind is the snapshot of the latest time, if a backup of time t is before that; nil if it is not. Snapshots that are pinned do not
// count: so those are kept whose time is known to be wrong.
func (c *call) behind(d *destination.Destination, t time.Time) (*behind, error) {
	if d.DB == nil {
		return nil, nil
	}
	all, err := d.DB.Snapshots(c.ctx)
	if err != nil {
		return nil, err
	}
	var last *index.Header
	later := 0
	for i := range all {
		h := &all[i]
		if retention.Pinned(h) || h.Time.Sub(t) <= behindSlack {
			continue
		}
		if later++; last == nil || h.Time.After(last.Time) {
			last = h
		}
	}
	if last == nil {
		return nil, nil
	}
	return &behind{last, later > 1}, nil
}

// tellBehind says that the backup of time t is before an older snapshot: with -q too, unless somebody typed that time. Where the rules
// were stopped they say what to do.
func (c *call) tellBehind(b *behind, t time.Time, dest string, stopped bool) {
	switch {
	case b == nil:
		return
	case c.flags.IsSet("time"):
		c.note("--time %s is before the time of %s, which was made before: %s", c.When(t), quote.Name(b.snapshot.Name), c.When(b.snapshot.Time))
		return
	}
	c.warn("the clock says %s, which is before the time of snapshot %s: %s", c.When(t), quote.Name(b.snapshot.Name), c.When(b.snapshot.Time))
	switch in, name := quote.Word(dest), quote.Word(b.snapshot.Name); {
	case stopped:
	case b.many:
		c.warn("is the clock right? Set it, and delete what was made meanwhile: snap delete -d %s REF", in)
	default:
		c.warn("is the clock right? If it was wrong when that one was made: snap delete -d %s %s", in, name)
		c.warn("or keep that one and be told no more: snap tag -d %s %s --add pin", in, name)
	}
}
