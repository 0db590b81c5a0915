package query

import (
	"time"

	"snap/destination/retention"
	"snap/record"
)

// behindSlack is by how much a backup may be earlier than a snapshot before it and nothing is said. What a time
// server corrects is minutes; summer time changes nothing, because times are compared in UTC.
const behindSlack = 3 * time.Hour

// Behind is that a backup has an earlier time than a snapshot made before it.
type Behind struct {
	Snapshot *record.Header // the one with the latest time
	Many     bool           // so are others: it is the clock of now that is wrong
}

// ClockBehind says whether a backup of time t is before one of all; nil if it is not. Snapshots that are pinned do not
// count: so those are kept whose time is known to be wrong.
func ClockBehind(all []record.Header, t time.Time) *Behind {
	var last *record.Header
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
		return nil
	}
	return &Behind{last, later > 1}
}
