package when

import (
	"strings"
	"testing"
	"time"
)

// TestDatesOfOthersAreTold: a date in another form is no date, and the error says how it is written.
func TestDatesOfOthersAreTold(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"20261120": "2026-11-20", "20261120-1305": "'2026-11-20 13:05'", "20261120-130501": "'2026-11-20 13:05:01'",
		"20261120-130501-2": "'2026-11-20 13:05:01'", "28.10.2026": "2026-10-28", "3.4.2026": "2026-04-03",
		"11/22/2026": "2026-11-22", "22/11/2026": "2026-11-22", "11-22-2026": "2026-11-22", "5/5/2026": "2026-05-05",
		"2026/11/2": "2026-11-02", "2026.11.22": "2026-11-22",
		"3/4/2026": "2026-11-20, year, month and day", "99.99.2026": "2026-11-20, year, month and day",
	} {
		_, _, err := Parse(in, now)
		if err == nil || !strings.HasSuffix(err.Error(), " "+want) {
			t.Errorf("%s: %v, not %s", in, err, want)
		}
	}
	for _, in := range []string{"20261399", "7", "latest", "28.10", "2026-11-31", ""} {
		if _, _, err := Parse(in, now); err == nil || strings.Contains(err.Error(), "a date is written") {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// TestBetween: both ends count in whole, and are read as references are.
func TestBetween(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		since, until string
		good         bool
	}{
		{"", "", true}, {"7d", "", true}, {"@7d", "@2d", true}, {"2026-11-20", "2026-11-20", true}, {"@today", "now", true},
		{"yesterday", "yesterday", true}, {"2d", "7d", false}, {"2026-11-20", "2026-11-19", false}, {"@@7d", "", false},
		{"now", "now", true}, {"", "@x", false}, {"x", "", false},
	} {
		from, to, err := Between(c.since, c.until, now)
		if (err == nil) != c.good || c.good && (c.since == "") != from.IsZero() || c.good && (c.until == "") != to.IsZero() {
			t.Errorf("%q to %q: %v, %v, %v", c.since, c.until, from, to, err)
		}
	}
}
