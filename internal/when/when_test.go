package when

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/internal/quote"
)

// berlin has a summer time, so that days are not all of 24 hours.
func berlin(t testing.TB) *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zone data on this system")
	}
	return zone
}

func TestDates(t *testing.T) {
	zone := berlin(t)
	for _, c := range []struct{ in, from, to string }{ // "" for an error
		{"2026-11-20", "2026-11-20T00:00:00+01:00", "2026-11-21T00:00:00+01:00"},
		{"2026-03-29", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"}, // 23 hours
		{"2026-11-20 13:00", "2026-11-20T13:00:00+01:00", "2026-11-20T13:01:00+01:00"},
		{"2026-11-20T13:00", "2026-11-20T13:00:00+01:00", "2026-11-20T13:01:00+01:00"},
		{"2026-07-20T13:00:05", "2026-07-20T13:00:05+02:00", "2026-07-20T13:00:06+02:00"},
		{"2026-11-20Z", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"},
		{"2026-11-20 13:00Z", "2026-11-20T13:00:00Z", "2026-11-20T13:01:00Z"},
		{"2026-11-20T13:00:05+05:30", "2026-11-20T13:00:05+05:30", "2026-11-20T13:00:06+05:30"},
		{"2026-11-20T13:00-0800", "2026-11-20T13:00:00-08:00", "2026-11-20T13:01:00-08:00"},
		{"2024-02-29", "2024-02-29T00:00:00+01:00", "2024-03-01T00:00:00+01:00"},
		{"2026-02-29", "", ""}, {"2026-02-31", "", ""}, {"2026-13-01", "", ""}, {"2026-1-2", "", ""}, {"20261120", "", ""},
		{"2026-11-20 9:00", "", ""}, {"2026-11-20 24:00", "", ""}, {"2026-11-20 13:60", "", ""}, {"2026-11-20 13", "", ""},
		{"2026-11-20 13:00:05.5", "", ""}, {"2026-11-20T13:00+1", "", ""}, {"2026-11-20 13:00 Z", "", ""},
		{"2026-11-20x13:00", "", ""},
		{"2026-11-20T", "", ""}, {"", "", ""}, {"yesterday", "", ""}, {" 2026-11-20", "", ""}, {"2026-11-20 ", "", ""},
		{"+026-11-20", "", ""},
	} {
		from, to, err := ParseDate(c.in, zone)
		if (err == nil) != (c.from != "") ||
			err == nil && (from.Format(time.RFC3339) != c.from || to.Format(time.RFC3339) != c.to) {
			t.Errorf("%q: %v to %v, %v; want %s to %s", c.in, from, to, err, c.from, c.to)
		}
	}
}

func TestAges(t *testing.T) {
	zone := berlin(t)
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, zone)
	for _, c := range []struct{ in, want string }{
		{"30s", "2026-03-31T11:59:30+02:00"},
		{"5min", "2026-03-31T11:55:00+02:00"},
		{"2h", "2026-03-31T10:00:00+02:00"},
		{"3d", "2026-03-28T12:00:00+01:00"}, // across the change to summer time
		{"72h", "2026-03-28T11:00:00+01:00"},
		{"1w", "2026-03-24T12:00:00+01:00"},
		{"1mo", "2026-02-28T12:00:00+01:00"}, // no 31 February
		{"13mo", "2025-02-28T12:00:00+01:00"},
		{"1y2mo", "2025-01-31T12:00:00+01:00"},
		{"2mo1y", "2025-01-31T12:00:00+01:00"},
		{"1y2mo3w4d5h6min7s", "2025-01-06T06:53:53+01:00"},
		{"0d", "2026-03-31T12:00:00+02:00"},
		{"7", ""}, {"d", ""}, {"7m", ""}, {"7M", ""}, {"7 d", ""}, {"-7d", ""}, {"7d ago", ""}, {"1d1d", ""}, {"7x", ""},
		{"", ""}, {"1.5h", ""},
		{"9999999d", ""}, {"1D", ""}, {"now", ""}, {"7dd", ""}, {"7days", ""}, {"１d", ""},
	} {
		sp, err := ParseAge(c.in)
		if got := sp.Before(now).Format(time.RFC3339); (err == nil) != (c.want != "") || err == nil && got != c.want {
			t.Errorf("%q: %s, %v; want %s", c.in, got, err, c.want)
		}
	}
}

// An age is written as it can be read.
func TestAgesAreWrittenAsTheyAreRead(t *testing.T) {
	for text, want := range map[string]string{
		"7d": "7d", "2w": "14d", "26h": "26h", "90s": "1min30s", "1y2mo": "1y2mo", "0d": "0s",
		"1y2mo3w4d5h6min7s": "1y2mo25d5h6min7s",
	} {
		age, err := ParseAge(text)
		if err != nil || age.String() != want {
			t.Errorf("%s: %s, %v; want %s", text, age, err, want)
		}
		if again, err := ParseAge(age.String()); err != nil || again != age {
			t.Errorf("%s: read again %v, %v", age, again, err)
		}
	}
}

// What is printed as an age can be typed as one.
func TestAgesCanBeTyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		past := time.Duration(rapid.Int64Range(0, int64(200*365*24*time.Hour)).Draw(t, "ago"))
		text := Ago(now.Add(-past), now)
		if _, err := ParseAge(text); err != nil {
			t.Fatalf("%v ago is shown as %q: %v", past, text, err)
		}
		if future := Ago(now.Add(past+time.Second), now); !strings.HasPrefix(future, "in ") {
			t.Fatalf("in %v is shown as %q", past, future)
		}
	})
}

func TestAgesAreShownInTheLargestUnit(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for _, a := range []struct {
		Ago  time.Duration
		want string
	}{
		{0, "0s"}, {time.Minute - 1, "59s"}, {time.Minute, "1min"}, {time.Hour - 1, "59min"}, {time.Hour, "1h"},
		{119 * time.Minute, "1h"},
		{day - 1, "23h"}, {day, "1d"}, {47 * time.Hour, "1d"}, {2 * day, "2d"}, {14 * day, "14d"}, {15 * day, "15d"},
		{60*day - 1, "59d"},
		{60 * day, "2mo"}, {729 * day, "24mo"}, {730 * day, "2y"},
		{-time.Second, "in 1s"}, {1 - time.Hour, "in 59min"}, {-time.Hour, "in 1h"}, {-24 * time.Hour, "in 1d"},
	} {
		if got := Ago(now.Add(-a.Ago), now); got != a.want {
			t.Errorf("%v ago: %q, want %q", a.Ago, got, a.want)
		}
	}
}

func FuzzWhen(f *testing.F) {
	for _, s := range []string{"2026-11-20", "2026-11-20 13:00:05+01:00", "7d", "1y2mo", "", "2026-11-20T13:00Z",
		"999999y", "-", "2026-11-20-", "yesterday 18:00", "last-week", "oct 2024", "1 year 2 months ago"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		from, to, err := Parse(s, now)
		if err == nil && !from.Before(to) {
			t.Fatalf("%q: %v is not before %v", s, from, to)
		}
		if err != nil && !quote.Harmless(err.Error()) {
			t.Fatalf("%q: %q", s, err.Error())
		}
	})
}
