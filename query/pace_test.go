package query

import (
	"testing"
	"time"

	"snap/internal/when"
)

// ago are times so many hours before now, in any order.
func ago(now time.Time, hours ...float64) (times []time.Time) {
	for _, h := range hours {
		times = append(times, now.Add(-time.Duration(h*float64(time.Hour))))
	}
	return times
}

// TestWhatIsLate: what is unusual where it is, and what is not.
func TestWhatIsLate(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	daily := func(last float64) (all []float64) {
		for i := range 20 {
			all = append(all, last+24*float64(i))
		}
		return all
	}
	thinned := daily(20)[:9]
	for month := range 12 {
		thinned = append(thinned, float64(24*(40+30*month)))
	}
	for _, test := range []struct {
		what   string
		times  []float64 // hours before now
		maxAge string
		usual  time.Duration
		last   float64
		late   bool
	}{
		{"one, of now", []float64{0}, "", 0, 0, false},
		{"one, a month old", []float64{24 * 32}, "", 0, 24 * 32, true},
		{"three, a week old", []float64{24 * 7, 24 * 8, 24 * 9}, "", 0, 24 * 7, false},
		{"daily, in time", daily(20), "", 24 * time.Hour, 20, false},
		{"daily, after a weekend", daily(63), "", 24 * time.Hour, 63, false},
		{"daily, after four days", daily(96), "", 24 * time.Hour, 96, true},
		{"by day each hour, in the morning", []float64{13, 14, 15, 16, 17, 18, 32, 33, 34, 35}, "", time.Hour, 13, true},
		{"by day three times, after the night", []float64{14, 18, 22, 34, 38, 42, 54, 58, 62}, "", 4 * time.Hour, 14, false},
		{"by day three times, two nights", []float64{38, 42, 46, 62, 66, 70, 86, 90, 94}, "", 4 * time.Hour, 38, true},
		{"monthly, thinned to that by rules long ago", thinned, "", 24 * time.Hour, 20, false},
		{"weekly", []float64{150, 318, 486, 654, 822}, "", 168 * time.Hour, 150, false},
		{"two runs within a minute", []float64{20, 20.01, 44, 68, 92, 116}, "", 24 * time.Hour, 20, false},
		{"tried seconds apart, an hour ago", []float64{1.1, 1.101, 1.102, 1.103, 1.104}, "", 0, 1.1, false},
		{"tried seconds apart, a day after daily ones", append(daily(30), 6, 6.001, 6.002, 6.003, 6.004, 6.005, 6.006, 6.007,
			6.008), "", 24 * time.Hour, 6, false},
		{"every five minutes, 50 minutes ago", []float64{.84, .92, 1, 1.08, 1.16, 1.24}, "", 288 * time.Second, .84, false},
		{"every five minutes, 61 minutes ago", []float64{1.02, 1.1, 1.18, 1.26, 1.34}, "", 288 * time.Second, 1.02, true},
		{"a clock that was ahead", append(daily(20), -9000), "", 24 * time.Hour, 20, false},
		{"only one, of the future", []float64{-100}, "", 0, -100, false},
		{"as old as may be", daily(47), "2d", 24 * time.Hour, 47, false},
		{"older", daily(49), "2d", 24 * time.Hour, 49, true},
		{"late, and may be", daily(96), "1w", 24 * time.Hour, 96, false},
		{"one, older", []float64{49}, "2d", 0, 49, true},
	} {
		l := LastBackup{}
		l.Time, l.Pace = paceOf(ago(now, test.times...), now)
		if test.maxAge != "" {
			l.MaxAge, _ = when.ParseAge(test.maxAge)
		}
		if want := ago(now, test.last)[0]; !l.Time.Equal(want) || l.Usual != test.usual || l.late(now) != test.late {
			t.Errorf("%s: last %v (want %v), usual %v, late %v", test.what, l.Time, want, l.Usual, l.late(now))
		}
	}
}
