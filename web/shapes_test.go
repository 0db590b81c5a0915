package web

import (
	"strings"
	"testing"
	"time"

	"snap/query"
	"snap/record"
)

func snapshotsAt(times ...time.Time) (all query.Snapshots) {
	for i, t := range times {
		all = append(all, record.Header{Name: t.Format("20060102-150405"), Seq: uint64(i + 1), Time: t, Added: int64(i + 1)})
	}
	return all
}

// TestCalendarHasEveryDayOnce: also where clocks change, in leap years and years of 53 weeks, in every zone.
func TestCalendarHasEveryDayOnce(t *testing.T) {
	zones := []*time.Location{time.UTC, time.FixedZone("far", 14*3600), time.FixedZone("back", -12*3600)}
	if z, err := time.LoadLocation("Europe/Berlin"); err == nil {
		zones = append(zones, z)
	}
	for _, zone := range zones {
		for _, now := range []time.Time{
			time.Date(2026, 10, 25, 2, 30, 0, 0, zone), time.Date(2026, 3, 29, 3, 0, 0, 0, zone),
			time.Date(2028, 2, 29, 23, 59, 59, 0, zone), time.Date(2026, 12, 31, 0, 0, 0, 0, zone),
			time.Date(2027, 1, 1, 0, 0, 0, 0, zone),
		} {
			var times []time.Time
			for n := range 366 {
				times = append(times, time.Date(now.Year(), now.Month(), now.Day()-n, 0, 5, 0, 0, zone))
			}
			c := newCalendar(snapshotsAt(times...), now)
			seen := map[[2]int]bool{}
			for i, d := range c.Days {
				at := [2]int{d.X, d.Y}
				if seen[at] {
					t.Fatalf("%v: two days at %v", now, at)
				}
				seen[at] = true
				if d.Today != (i == len(c.Days)-1) {
					t.Errorf("%v: today is day %d of %d", now, i, len(c.Days))
				}
				if i >= len(c.Days)-360 && (d.Level == 0 || !strings.Contains(d.Label, ": 1 snapshot, ")) {
					t.Errorf("%v: %+v", now, d)
				}
			}
			if n := len(c.Days); n < 365 || n > 371 {
				t.Errorf("%v: %d days", now, n)
			}
		}
	}
}

func TestLevelsTellQuarters(t *testing.T) {
	busy := []int64{1, 2, 3, 4, 5, 6, 7, 1000}
	for n, want := range map[int64]int{0: 1, 1: 1, 2: 1, 3: 2, 5: 3, 7: 4, 1000: 4} {
		if got := level(n, busy); got != want {
			t.Errorf("%d changes: level %d, want %d", n, got, want)
		}
	}
	if level(5, []int64{5}) != 4 || level(5, nil) != 1 {
		t.Error("one day, or none")
	}
}

// TestBarStandsForEverySnapshot: each has a column, whatever their number, and the changes around the handle are found.
func TestBarStandsForEverySnapshot(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		var times []time.Time
		touched := make([]int, n)
		for i := range n {
			times = append(times, time.Date(2020, 1, 1+i, 12, 0, 0, 0, time.UTC))
			if i%3 == 0 {
				touched[i] = i + 1
			}
		}
		pos := n / 2
		b := newBar(touched, snapshotsAt(times...), pos, time.UTC)
		if got := strings.Count(b.Idle+b.Past+b.Later+b.Here, "M"); got != n {
			t.Errorf("%d snapshots: %d columns", n, got)
		}
		if n == 1000 {
			if b.Before != 498 || b.After != 501 || b.Changed != 334 || len(b.Months) == 0 {
				t.Errorf("%d %d %d %d", b.Before, b.After, b.Changed, len(b.Months))
			}
			if size := len(b.Idle + b.Past + b.Later + b.Here); size > 40_000 {
				t.Errorf("%d bytes for a thousand columns", size)
			}
		}
	}
	b := newBar([]int{5, 0}, snapshotsAt(time.Unix(1, 0), time.Unix(2, 0)), 0, time.UTC)
	if b.Before != -1 || b.After != -1 || b.Here == "" {
		t.Errorf("%+v", b)
	}
}

// TestMonthsStandBelowTheirColumns: where the first snapshot of the month stands, also that of the last one.
func TestMonthsStandBelowTheirColumns(t *testing.T) {
	var times []time.Time
	for m := range time.Month(5) {
		times = append(times, time.Date(2026, 3+m, 1, 12, 0, 0, 0, time.UTC))
	}
	b := newBar(make([]int, 5), snapshotsAt(times...), 4, time.UTC)
	var got []string
	for _, m := range b.Months {
		got = append(got, m.Text+" "+m.Percent())
	}
	if want := "Mar 0.00%, Apr 25.00%, May 50.00%, Jun 75.00%, Jul 100.00%"; strings.Join(got, ", ") != want {
		t.Errorf("%q", got)
	}
	if !strings.HasPrefix(b.Here, "M993 ") { // 14 wide
		t.Errorf("the last column: %s", b.Here)
	}
}
