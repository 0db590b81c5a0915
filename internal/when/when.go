// Package when reads and shows dates and ages as people write them.
//
// They are read strictly: what is not exactly in the grammar is an error, because snapshots are
// deleted by them.
//
//	DATE = YYYY-MM-DD[(T| )HH:MM[:SS]][zone]   zone = Z | (+|-)HH:MM | (+|-)HHMM; without it, local time
//	AGE  = 30s 5min 2h 7d 3w 2mo 1y, also joined: 1y2mo; each unit at most once
//
// A DATE stands for all of the day, minute or second that it names. Questions take words for a time too: see words.go.
package when

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/internal/quote"
)

// Age is an AGE. Days and longer are of the calendar.
type Age struct {
	years, months, days int
	time                time.Duration
}

// ParseAge reads an AGE.
func ParseAge(s string) (Age, error) {
	var sp Age
	if s == "" {
		return sp, fmt.Errorf("an age is missing: write it as 7d, 2h or 1y2mo")
	}
	seen := map[string]bool{}
	for rest := s; rest != ""; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		letters := len(rest[digits:]) - len(strings.TrimLeft(rest[digits:],
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		unit := rest[digits : digits+letters]
		if digits == 0 || letters == 0 || digits > 6 {
			return Age{}, fmt.Errorf("%s is not an age: write it as 7d, 2h or 1y2mo", quote.Name(s))
		}
		n, _ := strconv.Atoi(rest[:digits]) // six digits always fit
		if seen[unit] {
			return Age{}, fmt.Errorf("%s is not an age: %s stands in it twice", quote.Name(s), unit)
		}
		seen[unit] = true
		switch unit {
		case "s":
			sp.time += time.Duration(n) * time.Second
		case "min":
			sp.time += time.Duration(n) * time.Minute
		case "h":
			sp.time += time.Duration(n) * time.Hour
		case "d":
			sp.days += n
		case "w":
			sp.days += 7 * n
		case "mo":
			sp.months = n
		case "y":
			sp.years = n
		case "m", "M":
			return Age{}, fmt.Errorf("%s is not an age: write min for minutes, mo for months", quote.Name(s))
		default:
			return Age{}, fmt.Errorf("%s is not an age: the units are s, min, h, d, w, mo, y", quote.Name(s))
		}
		rest = rest[digits+letters:]
	}
	return sp, nil
}

// String writes the age as ParseAge reads it.
func (sp Age) String() string {
	var b strings.Builder
	for _, part := range [...]struct {
		n    int
		unit string
	}{
		{sp.years, "y"}, {sp.months, "mo"}, {sp.days, "d"}, {int(sp.time / time.Hour), "h"},
		{int(sp.time / time.Minute % 60), "min"}, {int(sp.time / time.Second % 60), "s"},
	} {
		if part.n > 0 {
			fmt.Fprintf(&b, "%d%s", part.n, part.unit)
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// Before is the time that lies the span before t. A month before the 31st is the last day of a shorter
// month, not a day of the next one.
func (sp Age) Before(t time.Time) time.Time {
	year, month, day := t.Date()
	first := time.Date(year-sp.years, month-time.Month(sp.months), 1, 0, 0, 0, 0, t.Location())
	last := first.AddDate(0, 1, -1).Day()
	h, m, s := t.Clock()
	t = time.Date(first.Year(), first.Month(), min(day, last)-sp.days, h, m, s, t.Nanosecond(), t.Location())
	return t.Add(-sp.time)
}

// Duration is the span as a length of time, a day being 24 hours.
func (sp Age) Duration() (time.Duration, error) {
	if sp.years != 0 || sp.months != 0 {
		return 0, fmt.Errorf("months and years are no fixed time here: write days")
	}
	if sp.days > 36500 {
		return 0, fmt.Errorf("more than a hundred years")
	}
	return time.Duration(sp.days)*24*time.Hour + sp.time, nil
}

// ParseDate reads a DATE: the first moment that it stands for, and the first after it.
func ParseDate(s string, zone *time.Location) (from, to time.Time, err error) {
	bad := func() (time.Time, time.Time, error) {
		return time.Time{}, time.Time{},
			fmt.Errorf("%s is not a date: write it as 2026-11-20 or \"2026-11-20 13:00\"", quote.Name(s))
	}
	text, zoned := s, ""
	if len(s) < len("2006-01-02") {
		return bad()
	}
	if i := strings.IndexAny(s[len("2006-01-02"):], "Z+-"); i >= 0 {
		text, zoned = s[:len("2006-01-02")+i], s[len("2006-01-02")+i:]
	}
	if zoned != "" {
		z, err := time.Parse("Z07:00", zoned)
		if err != nil {
			z, err = time.Parse("Z0700", zoned)
		}
		if err != nil {
			return bad()
		}
		_, offset := z.Zone()
		zone = time.FixedZone("", offset)
	}
	if len(text) > 10 && text[10] == 'T' {
		text = text[:10] + " " + text[11:]
	}
	for _, f := range [...]string{"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if len(text) != len(f) { // time.Parse takes more than it should: "9:00", fractions
			continue
		}
		if from, err = time.ParseInLocation(f, text, zone); err != nil {
			return bad()
		}
		switch f {
		case "2006-01-02":
			from, _ = time.Parse(f, text)
			year, month, day := from.Date()
			return midnight(year, month, day, zone), midnight(year, month, day+1, zone), nil
		case "2006-01-02 15:04":
			return from, from.Add(time.Minute), nil
		}
		return from, from.Add(time.Second), nil
	}
	return bad()
}

// units are the units in which ago counts, of those of the AGE grammar, and how far each reaches. Weeks are none of
// them: below each other 13d and 2w are hard to compare. A unit that is not full does not count: @1d finds what is
// shown as 1d old.
var units = []humanize.RelTimeMagnitude{
	{D: time.Minute, Format: "%s%ds", DivBy: time.Second},
	{D: time.Hour, Format: "%s%dmin", DivBy: time.Minute},
	{D: humanize.Day, Format: "%s%dh", DivBy: time.Hour},
	{D: 60 * humanize.Day, Format: "%s%dd", DivBy: humanize.Day},
	{D: 730 * humanize.Day, Format: "%s%dmo", DivBy: humanize.Month},
	{D: math.MaxInt64, Format: "%s%dy", DivBy: 365 * humanize.Day},
}

// Ago is how long before now t was, as ParseAge reads it: 5min, 3d, 2mo; "in 5min" if it is still to come.
func Ago(t, now time.Time) string {
	return humanize.CustomRelTime(t, now, "", "in ", units)
}

// Since is that in a sentence: "3d ago", or "in 5min" if it is still to come.
func Since(t, now time.Time) string {
	ago := Ago(t, now)
	if t.After(now) {
		return ago
	}
	return ago + " ago"
}
