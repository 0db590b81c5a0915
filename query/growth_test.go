package query

import (
	"math"
	"testing"
	"time"

	"snap/destination"
)

// TestTheForecastHoldsStill: the mean of what goes on, without what happened once.
func TestTheForecastHoldsStill(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	const total = 1000
	weekly := func(day int) int64 { return map[bool]int64{true: 70}[day%7 == 3] }
	for _, test := range []struct {
		what string
		n    int                     // days
		used func(day int) int64     // on each
		more []destination.SpaceDay  // besides
		want float64                 // a day; NaN: nobody can tell
		ends func(days float64) bool // in how many days a free space of 300 is full
	}{
		{"nothing", 0, nil, nil, math.NaN(), nil},
		{"too few days", 4, func(int) int64 { return 1 }, nil, math.NaN(), nil},
		{"steady", 20, func(int) int64 { return 10 }, nil, 10, func(d float64) bool { return d == 30 }},
		{"five days", 5, func(int) int64 { return 10 }, nil, 10, nil},
		{"not at all", 20, func(int) int64 { return 0 }, nil, 0, nil},
		{"it becomes free", 20, func(int) int64 { return -10 }, nil, -10, nil},
		{"next to nothing", 20, func(day int) int64 { return int64(day % 2) }, nil, 0.5,
			func(d float64) bool { return d > 500 }},
		{"every week much", 57, weekly, nil, 10, nil},
		{"once much", 20, func(day int) int64 { return map[bool]int64{true: 500, false: 10}[day == 9] }, nil, 10, nil},
		{"once much, at the end", 20, func(day int) int64 { return map[bool]int64{true: 500, false: 10}[day == 19] },
			nil, 10, nil},
		{"once much was deleted", 20, func(day int) int64 { return map[bool]int64{true: -500, false: 10}[day == 9] },
			nil, 10, nil},
		{"two times much", 40, func(day int) int64 {
			return map[int]int64{9: 500, 22: 300}[day] + 10
		}, nil, 10, nil},
		{"of five days one much", 5, func(day int) int64 { return map[bool]int64{true: 500, false: 10}[day == 2] }, nil,
			10, nil},
		{"another disk before, a time to come", 20, func(int) int64 { return 10 }, []destination.SpaceDay{
			{Time: now.AddDate(0, 0, -40), Free: 5, Total: 99}, {Time: now.AddDate(9, 0, 0), Free: 5, Total: total}}, 10, nil},
		{"much, but long ago", 80, func(day int) int64 { return map[bool]int64{true: 40, false: 10}[day < 15] }, nil,
			10, nil},
	} {
		var days []destination.SpaceDay
		free := int64(5000)
		for day := range test.n {
			free -= test.used(day)
			days = append(days, destination.SpaceDay{Time: now.AddDate(0, 0, day-test.n), Free: free, Total: total})
		}
		days = append(days, test.more...)
		g := growthOf(days, total, now)
		if g.Known == math.IsNaN(test.want) || g.Known && math.Abs(g.PerDay-test.want) > 0.8 {
			t.Errorf("%s: %+v, want %v", test.what, g, test.want)
		}
		full := g.fills(300, now)
		if full.IsZero() != !(test.want > 0) {
			t.Errorf("%s: full at %v", test.what, full)
		}
		if test.ends != nil && !test.ends(full.Sub(now).Hours()/24) {
			t.Errorf("%s: full in %v", test.what, full.Sub(now))
		}
	}
}
