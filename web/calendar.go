package web

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"snap/cli/text"
	"snap/query"
	"snap/record"
)

// calendar is a year as squares: a column a week, a row a weekday, one square a day.
type calendar struct {
	Width  int
	Months []mark
	Days   []square
}

// mark is a word on an axis.
type mark struct {
	X    float64
	Text string
}

// Percent is its place on a bar of any width.
func (m mark) Percent() string { return fmt.Sprintf("%.2f%%", m.X/barWidth*100) }

// square is one day.
type square struct {
	X, Y    int
	Level   int // 0: no snapshot; 1 to 4: fewer or more changes
	Today   bool
	Trouble bool   // a file could not be read
	Name    string // of the day's last snapshot; "" for none
	Label   string // a whole sentence
}

const (
	weeksShown = 53
	squareStep = 18
)

// newCalendar draws the year that ends with the day of now, in its zone. Days are counted by their dates, so that the
// days on which clocks change are days like others.
func newCalendar(snaps query.Snapshots, now time.Time) calendar {
	zone := now.Location()
	type date struct {
		year  int
		month time.Month
		day   int
	}
	dateOf := func(t time.Time) (d date) { d.year, d.month, d.day = t.In(zone).Date(); return d }
	type sum struct {
		snapshots int
		changes   int64
		errors    bool
		last      string
	}
	days := map[date]*sum{}
	for i := range snaps {
		h := &snaps[i]
		d := dateOf(h.Time)
		if days[d] == nil {
			days[d] = &sum{}
		}
		s := days[d]
		s.snapshots, s.changes, s.last = s.snapshots+1, s.changes+changesOf(h), h.Name
		s.errors = s.errors || h.Errors > 0
	}
	var busy []int64
	for _, s := range days {
		if s.changes > 0 {
			busy = append(busy, s.changes)
		}
	}
	slices.Sort(busy)
	today := dateOf(now)
	at := func(back int) time.Time {
		return time.Date(today.year, today.month, today.day-back, 12, 0, 0, 0, time.UTC)
	}
	weekday := func(t time.Time) int { return (int(t.Weekday()) + 6) % 7 } // from Monday on
	back := (weeksShown-1)*7 + weekday(at(0))
	c := calendar{Width: weeksShown * squareStep}
	for n := back; n >= 0; n-- {
		t := at(n)
		q := square{X: (back - n) / 7 * squareStep, Y: weekday(t) * squareStep, Today: n == 0}
		if t.Day() == 1 || n == back {
			if k := len(c.Months) - 1; k >= 0 && float64(q.X)-c.Months[k].X < 2*squareStep {
				c.Months = c.Months[:k] // too little of it to be named
			}
			c.Months = append(c.Months, mark{float64(q.X), t.Format("Jan")})
		}
		if s := days[date{t.Year(), t.Month(), t.Day()}]; s != nil {
			q.Name, q.Level, q.Trouble = s.last, level(s.changes, busy), s.errors
			q.Label = fmt.Sprintf("%s: %s, %s", t.Format("Monday, 2 January 2006"),
				text.Plural(s.snapshots, "snapshot", "snapshots"), text.Plural(s.changes, "change", "changes"))
			if s.errors {
				q.Label += "; files could not be read"
			}
		}
		c.Days = append(c.Days, q)
	}
	return c
}

// level is 1 to 4, by the quarter of the days that are not busier.
func level(changes int64, busy []int64) int {
	if changes == 0 || len(busy) == 0 {
		return 1
	}
	n, _ := slices.BinarySearch(busy, changes+1)
	return max(1, min(4, (n*4+len(busy)-1)/len(busy)))
}

// changesOf is how much a snapshot changed.
func changesOf(h *record.Header) int64 {
	return h.Added + h.Modified + h.Metadata + h.Moved + h.Removed
}

// day are the snapshots of one day, the newest first.
type day struct {
	Time      time.Time
	Snapshots []*record.Header
}

// byDay groups snapshots by their days, the newest first.
func byDay(snaps query.Snapshots, zone *time.Location) (all []day) {
	for i := len(snaps) - 1; i >= 0; i-- {
		h := &snaps[i]
		t := h.Time.In(zone)
		if n := len(all) - 1; n >= 0 && sameDay(all[n].Time, t) {
			all[n].Snapshots = append(all[n].Snapshots, h)
			continue
		}
		all = append(all, day{t, []*record.Header{h}})
	}
	return all
}

func sameDay(a, b time.Time) bool {
	ya, ma, da := a.Date()
	yb, mb, db := b.Date()
	return cmp.Or(cmp.Compare(ya, yb), cmp.Compare(ma, mb), cmp.Compare(da, db)) == 0
}
