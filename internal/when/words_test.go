package when

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWords: each stands for all of what it names, whatever the clock and the calendar do there.
func TestWords(t *testing.T) {
	zone := berlin(t)
	at := func(s string) time.Time {
		now, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	for _, c := range []struct{ now, in, want string }{ // from and to as far as they are not midnight; "" for an error
		{"2026-11-25 12:00", "today", "2026-11-25 to 2026-11-26"}, // a Wednesday
		{"2026-11-25 12:00", "Yesterday", "2026-11-24 to 2026-11-25"},
		{"2026-11-25 12:00", "wednesday", "2026-11-25 to 2026-11-26"},
		{"2026-11-25 12:00", "last wednesday", "2026-11-18 to 2026-11-19"},
		{"2026-11-25 12:00", "thu", "2026-11-19 to 2026-11-20"},
		{"2026-11-25 12:00", "last-tuesday", "2026-11-24 to 2026-11-25"},
		{"2026-11-25 12:00", "MONDAY", "2026-11-23 to 2026-11-24"},
		{"2026-11-25 12:00", "this week", "2026-11-23 to 2026-11-30"},
		{"2026-11-25 12:00", "last-week", "2026-11-16 to 2026-11-23"},
		{"2026-11-25 12:00", "this month", "2026-11-01 to 2026-12-01"},
		{"2026-11-25 12:00", "last month", "2026-10-01 to 2026-11-01"},
		{"2026-11-25 12:00", "this year", "2026-01-01 to 2027-01-01"},
		{"2026-11-25 12:00", "last year", "2025-01-01 to 2026-01-01"},
		{"2026-11-25 12:00", "november", "2026-11-01 to 2026-12-01"},
		{"2026-11-25 12:00", "Dec", "2025-12-01 to 2026-01-01"},
		{"2026-11-25 12:00", "oct 2024", "2024-10-01 to 2024-11-01"},
		{"2026-11-25 12:00", "2026-10", "2026-10-01 to 2026-11-01"},
		{"2026-11-25 12:00", "2026-12", "2026-12-01 to 2027-01-01"},
		{"2026-11-25 12:00", "2025", "2025-01-01 to 2026-01-01"},
		{"2026-11-25 12:00", "now", "2026-11-25 12:00 to 2026-11-25 12:00"},
		{"2026-11-25 12:00", "3 days ago", "2026-11-22 12:00 to 2026-11-22 12:00"},
		{"2026-11-25 12:00", "3-days-ago", "2026-11-22 12:00 to 2026-11-22 12:00"},
		{"2026-11-25 12:00", "3 days", "2026-11-22 12:00 to 2026-11-22 12:00"},
		{"2026-11-25 12:00", "3days", "2026-11-22 12:00 to 2026-11-22 12:00"},
		{"2026-11-25 12:00", "7d ago", "2026-11-18 12:00 to 2026-11-18 12:00"},
		{"2026-11-25 12:00", "a week ago", "2026-11-18 12:00 to 2026-11-18 12:00"},
		{"2026-11-25 12:00", "an hour ago", "2026-11-25 11:00 to 2026-11-25 11:00"},
		{"2026-11-25 12:00", "1 year 2 months ago", "2025-09-25 12:00 to 2025-09-25 12:00"},
		{"2026-11-25 12:00", "yesterday 18:00", "2026-11-24 18:00 to 2026-11-24 18:01"},
		{"2026-11-25 12:00", "last wednesday 00:30", "2026-11-18 00:30 to 2026-11-18 00:31"},
		// Sundays end a week, Mondays begin one
		{"2026-11-29 23:59", "this week", "2026-11-23 to 2026-11-30"},
		{"2026-11-29 23:59", "last week", "2026-11-16 to 2026-11-23"},
		{"2026-11-29 23:59", "sunday", "2026-11-29 to 2026-11-30"},
		{"2026-11-29 23:59", "monday", "2026-11-23 to 2026-11-24"},
		{"2026-11-30 00:00", "sunday", "2026-11-29 to 2026-11-30"},
		{"2026-11-30 00:00", "this week", "2026-11-30 to 2026-12-07"},
		{"2026-11-30 00:00", "last week", "2026-11-23 to 2026-11-30"},
		{"2026-11-30 00:00", "last sunday", "2026-11-29 to 2026-11-30"},
		// the end of a year
		{"2027-01-01 00:00", "yesterday", "2026-12-31 to 2027-01-01"},
		{"2027-01-01 00:00", "last week", "2026-12-21 to 2026-12-28"},
		{"2027-01-01 00:00", "last month", "2026-12-01 to 2027-01-01"},
		{"2027-01-01 00:00", "december", "2026-12-01 to 2027-01-01"},
		{"2027-01-01 00:00", "january", "2027-01-01 to 2027-02-01"},
		{"2027-01-01 00:00", "friday", "2027-01-01 to 2027-01-02"},
		// leap days, and months of other lengths
		{"2024-02-29 12:00", "1 year ago", "2023-02-28 12:00 to 2023-02-28 12:00"},
		{"2024-03-01 12:00", "yesterday", "2024-02-29 to 2024-03-01"},
		{"2024-03-31 12:00", "last month", "2024-02-01 to 2024-03-01"},
		{"2026-03-31 12:00", "a month ago", "2026-02-28 12:00 to 2026-02-28 12:00"},
		// days of 23 and 25 hours
		{"2026-03-30 00:30", "yesterday", "2026-03-29 to 2026-03-30"},
		{"2026-10-26 00:30", "yesterday", "2026-10-25 to 2026-10-26"},
		{"2026-10-26 00:30", "last week", "2026-10-19 to 2026-10-26"},

		{"2026-11-25 12:00", "", ""}, {"2026-11-25 12:00", " today", ""}, {"2026-11-25 12:00", "today ", ""},
		{"2026-11-25 12:00", "to day", ""}, {"2026-11-25 12:00", "tomorrow", ""}, {"2026-11-25 12:00", "mond", ""},
		{"2026-11-25 12:00", "last  week", ""}, {"2026-11-25 12:00", "last", ""}, {"2026-11-25 12:00", "week", ""},
		{"2026-11-25 12:00", "last week ago", ""}, {"2026-11-25 12:00", "last today", ""},
		{"2026-11-25 12:00", "last yesterday", ""}, {"2026-11-25 12:00", "next monday", ""},
		{"2026-11-25 12:00", "oct 24", ""}, {"2026-11-25 12:00", "oct 2024 1", ""}, {"2026-11-25 12:00", "2026-13", ""},
		{"2026-11-25 12:00", "2026-1", ""}, {"2026-11-25 12:00", "202611", ""}, {"2026-11-25 12:00", "ago", ""},
		{"2026-11-25 12:00", "3", ""}, {"2026-11-25 12:00", "3 ago", ""}, {"2026-11-25 12:00", "3 4 days ago", ""},
		{"2026-11-25 12:00", "days ago", ""}, {"2026-11-25 12:00", "3 days 4", ""}, {"2026-11-25 12:00", "3 d days", ""},
		{"2026-11-25 12:00", "1 day 2 days ago", ""}, {"2026-11-25 12:00", "3 moons ago", ""},
		{"2026-11-25 12:00", "yesterday 9:00", ""}, {"2026-11-25 12:00", "yesterday 24:00", ""},
		{"2026-11-25 12:00", "last week 18:00", ""}, {"2026-11-25 12:00", "18:00", ""}, {"2026-11-25 12:00", "7m", ""},
	} {
		from, to, err := Parse(c.in, at(c.now))
		got := ""
		if err == nil {
			const layout = "2006-01-02 15:04"
			got = strings.ReplaceAll(from.Format(layout)+" to "+to.Format(layout), " 00:00", "")
		}
		if got != c.want {
			t.Errorf("%s, on %s: %q, %v; want %q", c.in, c.now, got, err, c.want)
		}
	}
	for _, s := range []string{"yesterday", "last week", "2026-10", "3 days ago"} {
		if _, _, err := parseExact(s, at("2026-11-25 12:00")); err == nil {
			t.Errorf("%s is exact", s)
		}
	}
}

// A day begins when its date does, also where clocks go forward at midnight.
func TestDaysWithoutMidnight(t *testing.T) {
	for _, c := range []struct{ zone, in, from, to string }{
		{"America/Santiago", "yesterday", "2026-09-05T00:00:00-04:00", "2026-09-06T01:00:00-03:00"},
		{"Asia/Beirut", "2026-03-28", "2026-03-28T00:00:00+02:00", "2026-03-29T01:00:00+03:00"},
		{"Asia/Beirut", "2026-03-29", "2026-03-29T01:00:00+03:00", "2026-03-30T00:00:00+03:00"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Skip("no time zone data on this system")
		}
		from, to, err := Parse(c.in, time.Date(2026, 9, 6, 12, 0, 0, 0, zone))
		if err != nil || from.Format(time.RFC3339) != c.from || to.Format(time.RFC3339) != c.to {
			t.Errorf("%s, %s: %v to %v, %v; want %s to %s", c.zone, c.in, from, to, err, c.from, c.to)
		}
	}
}

// What is offered can be typed.
func TestOfferedWordsAreRead(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, s := range slices.Concat(Days, Periods) {
		if _, _, err := Parse(s, now); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	if !IsDay("Monday") || IsDay("mon") || IsDay("last-week") {
		t.Error("what names a day")
	}
}
