package query

import (
	"time"

	"snap/destination"
	"snap/internal/when"
	"snap/record"
)

// LastRun is the last run that looked at the whole source.
type LastRun struct {
	Header    *record.Header // the newest snapshot; nil: there is none
	Latest    *record.Header // that of the latest time, mostly the same: see Snapshots.Latest
	Unchanged time.Time      // when a later run found nothing changed since the newest; zero: none has
}

// LastRun is that of the destination.
func (d *Reader) LastRun() (l LastRun) {
	if l.Header = d.Newest(); l.Header != nil {
		l.Latest = d.Snapshots.Latest(d.options.Now)
		l.Unchanged = destination.LastUnchanged(d.Root, l.Header)
	}
	return l
}

// Time is when it was; zero if there was none.
func (l *LastRun) Time() (t time.Time) {
	if l.Latest != nil {
		t = l.Latest.Time
	}
	if l.Unchanged.After(t) {
		t = l.Unchanged
	}
	return t
}

// Within says which of its times lies within the age before now, the later one; zero: none does. One in the future
// says nothing: the clock was wrong then, and it must not put off backups until that time.
func (l *LastRun) Within(age when.Age, now time.Time) (t time.Time) {
	if l.Header == nil {
		return t
	}
	for _, at := range []time.Time{l.Header.Time, l.Latest.Time, l.Unchanged} {
		if at.After(age.Before(now)) && !at.After(now) && at.After(t) {
			t = at
		}
	}
	return t
}
