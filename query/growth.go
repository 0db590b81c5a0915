package query

import (
	"slices"
	"time"

	"snap/destination"
	"snap/destination/retention"
)

// Space is the room in the file system of a destination.
type Space struct {
	Free, Total int64 // bytes
	Inodes      int64 // that are free
	HasInodes   bool  // else there are as many as there is room
	ReadOnly    bool

	Growth     Growth
	Full       time.Time // when it will be full if it grows on so; zero: not as far as can be seen
	Next       int64     // how many bytes a backup has to copy here at most, but for one of the last few; 0: nobody knows
	NextInodes int64     // how many inodes the last one took
}

// Growth is by how much less is free from day to day, whatever makes it so.
type Growth struct {
	Known  bool    // it was looked at for long enough
	PerDay float64 // bytes; negative where space becomes free
	Days   int     // for how many days it was looked at
}

const (
	growthDays  = 60 // so many days back is recent
	growthLeast = 4  // so many days of backups make a rate
)

// farAway is when nobody can foresee anything.
const farAway = 10 * 365 * 24 * time.Hour

// growthOf is the mean growth over the recent days, without what happened once: see usualSteps.
func growthOf(days []destination.SpaceDay, total int64, now time.Time) (g Growth) {
	var recent []destination.SpaceDay
	for _, d := range days {
		if d.Total == total && !d.Time.After(now.Add(retention.ClockSlack)) && now.Sub(d.Time) < growthDays*24*time.Hour {
			recent = append(recent, d)
		}
	}
	if len(recent) <= growthLeast {
		return g
	}
	span := recent[len(recent)-1].Time.Sub(recent[0].Time)
	if g.Days = int((span + 12*time.Hour) / (24 * time.Hour)); g.Days < growthLeast {
		return Growth{}
	}
	var steps []step
	for i := range recent[1:] {
		steps = append(steps, step{
			used: float64(recent[i].Free - recent[i+1].Free), days: recent[i+1].Time.Sub(recent[i].Time).Hours() / 24,
		})
	}
	used, took := 0.0, 0.0
	for _, s := range usualSteps(steps) {
		used, took = used+s.used, took+s.days
	}
	return Growth{Known: took > 0, PerDay: used / max(took, 1e-9), Days: g.Days}
}

// step is what was used from one day to another.
type step struct{ used, days float64 }

func (s step) size() float64 { return max(s.used, -s.used) }

// usualSteps are the steps without those that are of another kind: a few, one in eight at most, each of which is more
// than three times as large as all others. What comes back every week is not of another kind.
func usualSteps(steps []step) []step {
	steps = slices.Clone(steps)
	slices.SortStableFunc(steps, func(a, b step) int { // the largest first
		switch {
		case a.size() > b.size():
			return -1
		case a.size() < b.size():
			return 1
		}
		return 0
	})
	for n := max(1, len(steps)/8); n > 0; n-- {
		if n < len(steps) && steps[n-1].size() > 3*steps[n].size() {
			return steps[n:]
		}
	}
	return steps
}

// fills is when so much is used up; zero: that cannot be foreseen.
func (g *Growth) fills(free int64, now time.Time) time.Time {
	if !g.Known || g.PerDay <= 0 {
		return time.Time{}
	}
	days := float64(free) / g.PerDay
	if days > farAway.Hours()/24 {
		return time.Time{}
	}
	return now.Add(time.Duration(days * 24 * float64(time.Hour)))
}
