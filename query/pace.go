package query

import (
	"slices"
	"time"

	"snap/destination/retention"
	"snap/internal/when"
)

// Pace is how often backups are made.
type Pace struct {
	Usual time.Duration // the median of the last intervals; 0: there are too few to tell
	Long  time.Duration // the longest of them but one
}

// paceIntervals is how many intervals count. Rules thin out what is older, and so it says little about how often
// backups are made.
const (
	paceIntervals = 8
	paceLeast     = 3
	paceShortest  = time.Minute // what is closer together is somebody who tries something
)

// paceOf is the last of the times that is not in the future, and the pace of those up to it. A time in the future is
// that of a wrong clock; if all are, the first of them counts.
func paceOf(times []time.Time, now time.Time) (last time.Time, p Pace) {
	times = slices.Clone(times)
	slices.SortFunc(times, time.Time.Compare)
	past := times
	for len(past) > 1 && past[len(past)-1].After(now.Add(retention.ClockSlack)) {
		past = past[:len(past)-1]
	}
	if len(past) == 0 {
		return last, p
	}
	last = past[len(past)-1]
	past = apart(past)
	past = past[max(0, len(past)-paceIntervals-1):]
	var gaps []time.Duration
	for i := range past[1:] {
		gaps = append(gaps, past[i+1].Sub(past[i]))
	}
	if len(gaps) < paceLeast {
		return last, p
	}
	slices.Sort(gaps)
	return last, Pace{gaps[len(gaps)/2], gaps[len(gaps)-2]}
}

// apart are the times, in order, of which those stand for themselves that are paceShortest after the last that does.
func apart(times []time.Time) (far []time.Time) {
	for _, t := range times {
		if len(far) == 0 || t.Sub(far[len(far)-1]) >= paceShortest {
			far = append(far, t)
		}
	}
	return far
}

// soonestLate is what is never late: nobody has to look at an hour.
const soonestLate = time.Hour

// unknownPace is how old a backup may be where nobody knows how often they are made.
const unknownPace = 31 * 24 * time.Hour

// late reports whether the backup is too old: older than MaxAge says; else than three times what is usual, and half as
// old again as any but one of the last intervals, so that nights, weekends and holidays are no alarm.
func (l *LastBackup) late(now time.Time) bool {
	if l.MaxAge != (when.Age{}) {
		return l.Time.Before(l.MaxAge.Before(now))
	}
	age := now.Sub(l.Time)
	if l.Usual == 0 {
		return age > unknownPace
	}
	return age > max(soonestLate, 3*l.Usual, l.Long+l.Long/2)
}
