package when

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"snap/internal/quote"
)

// What people say for a time. Upper and lower case are the same, and - may stand for the space between two words:
//
//	WORDS = now | today | yesterday | WEEKDAY | last WEEKDAY | MONTH [YYYY] | (this|last) (week|month|year)
//	      | YYYY | YYYY-MM | N UNIT … [ago]
//	DAY HH:MM, for DAY = today | yesterday | [last] WEEKDAY
//
// A WEEKDAY is the last one there was, today if it is one, and `last WEEKDAY` is before today; a MONTH is the last
// one that has begun. Both have their English names, or the first three letters. Weeks begin on Monday. UNIT is one
// of an AGE, or a name such as day or days; N may be a or an.
//
// All but now and N UNIT stand for all of the day, week, month or year, as a DATE does.

// Days are the words that name a day and nothing else, in the order in which they are offered.
var Days = []string{"yesterday", "today", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// Periods are more WORDS to offer.
var Periods = []string{"now", "last-week", "last-month", "last-year", "this-week", "this-month", "this-year"}

// Parse reads a DATE, an AGE counted from now, or WORDS: the first moment that it stands for, and the first after it.
// An age stands for its moment alone.
func Parse(s string, now time.Time) (from, to time.Time, err error) {
	if from, to, ok := parseWords(s, now); ok {
		return from, to, nil
	}
	from, to, err = parseExact(s, now)
	switch {
	case err == nil:
	case DateMeant(s) != "":
		err = fmt.Errorf("%s: a date is written as in %s", quote.Name(s), quote.Word(DateMeant(s)))
	case yearLast.MatchString(s):
		err = fmt.Errorf("%s: a date is written as 2026-11-20, year, month and day", quote.Name(s))
	case s == "latest" || s == "oldest":
		err = fmt.Errorf("%s is a snapshot and no time: write the date or the age that snap list shows of it", s)
	case s != "" && strings.Trim(s, "0123456789") == "":
		err = fmt.Errorf(`%s alone is no time: write %[1]sd, or "%[1]s days ago" in quotes`, quote.Name(s))
	case strings.Contains(s, "-"): // a date, and said to be none
	case s != "" && s[0] >= '0' && s[0] <= '9':
		_, err = ParseAge(s) // which says more
	default:
		err = fmt.Errorf("%s is no date (2026-11-20), age (7d, 1y2mo) or word (yesterday)", quote.Name(s))
	}
	return from, to, err
}

// parseExact reads a DATE or an AGE counted from now, for what is to be exact.
func parseExact(s string, now time.Time) (from, to time.Time, err error) {
	if strings.Contains(s, "-") {
		return ParseDate(s, now.Location())
	}
	sp, err := ParseAge(s)
	if err != nil {
		return from, to, fmt.Errorf("%s is neither a date (2026-11-20) nor an age (7d, 2h, 1y2mo)", quote.Name(s))
	}
	t := sp.Before(now)
	return t, t.Add(1), nil
}

// IsDay reports whether s is one of Days.
func IsDay(s string) bool { return slices.Contains(Days, strings.ToLower(s)) }

func parseWords(s string, now time.Time) (from, to time.Time, ok bool) {
	year, month, day := now.Date()
	zone := now.Location()
	if len(s) == len("2006") || len(s) == len("2006-01") {
		if t, err := time.Parse("2006-01"[:len(s)], s); err == nil {
			if len(s) == len("2006") {
				return midnight(t.Year(), 1, 1, zone), midnight(t.Year()+1, 1, 1, zone), true
			}
			return midnight(t.Year(), t.Month(), 1, zone), midnight(t.Year(), t.Month()+1, 1, zone), true
		}
	}
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == '-' })
	if len(words) == 0 || len(strings.Join(words, " ")) != len(s) { // one space between two, and none around them
		return from, to, false
	}
	if len(words) == 1 && words[0] == "now" {
		return now, now.Add(1), true
	}
	if from, to, ok := parseMonth(words, now); ok {
		return from, to, true
	}
	if t, ok := parseAgo(words, now); ok {
		return t, t.Add(1), true
	}
	rest := words
	back, isDay := daysBack(words[0], now)
	if !isDay && len(words) > 1 && words[0] == "last" && !slices.Contains(Days[:2], words[1]) {
		if back, isDay = daysBack(words[1], now); back == 0 {
			back = 7
		}
		rest = words[1:]
	}
	switch {
	case isDay && len(rest) == 1:
		return midnight(year, month, day-back, zone), midnight(year, month, day-back+1, zone), true
	case isDay && len(rest) == 2:
		clock, err := time.Parse("15:04", rest[1])
		if err != nil || len(rest[1]) != len("15:04") {
			return from, to, false
		}
		from = time.Date(year, month, day-back, clock.Hour(), clock.Minute(), 0, 0, zone)
		return from, from.Add(time.Minute), true
	case len(words) != 2 || words[0] != "this" && words[0] != "last":
		return from, to, false
	}
	before := 0
	if words[0] == "last" {
		before = 1
	}
	switch words[1] {
	case "week":
		monday := day - int(now.Weekday()+6)%7 - 7*before
		return midnight(year, month, monday, zone), midnight(year, month, monday+7, zone), true
	case "month":
		month -= time.Month(before)
		return midnight(year, month, 1, zone), midnight(year, month+1, 1, zone), true
	case "year":
		year -= before
		return midnight(year, 1, 1, zone), midnight(year+1, 1, 1, zone), true
	}
	return from, to, false
}

// midnight is when a day begins: at the end of the gap where clocks go forward at midnight.
func midnight(year int, month time.Month, day int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	if hour, minute, _ := t.Clock(); hour >= 12 { // time.Date may go back by the gap: 23:00 of the day before
		t = t.Add(24*time.Hour - time.Duration(hour)*time.Hour - time.Duration(minute)*time.Minute)
	}
	return t
}

// daysBack is how many days before now's a word for a day means.
func daysBack(word string, now time.Time) (int, bool) {
	switch word {
	case "today":
		return 0, true
	case "yesterday":
		return 1, true
	}
	for day := time.Sunday; day <= time.Saturday; day++ {
		if isName(word, day.String()) {
			return int(now.Weekday()-day+7) % 7, true
		}
	}
	return 0, false
}

// isName reports whether word, in lower case, is a name or its first three letters.
func isName(word, name string) bool {
	name = strings.ToLower(name)
	return word == name || word == name[:3]
}

// parseMonth reads a month's name, and a year after it.
func parseMonth(words []string, now time.Time) (from, to time.Time, ok bool) {
	for month := time.January; month <= time.December; month++ {
		if !isName(words[0], month.String()) {
			continue
		}
		year := now.Year()
		if month > now.Month() {
			year--
		}
		if len(words) == 2 {
			t, err := time.Parse("2006", words[1])
			if err != nil {
				return from, to, false
			}
			year = t.Year()
		}
		return midnight(year, month, 1, now.Location()), midnight(year, month+1, 1, now.Location()), len(words) <= 2
	}
	return from, to, false
}

// unitNames are the units of an AGE as words; a plural has an s more.
var unitNames = map[string]string{
	"sec": "s", "second": "s", "minute": "min", "hour": "h", "day": "d", "week": "w", "month": "mo", "year": "y",
}

// parseAgo reads an AGE in words.
func parseAgo(words []string, now time.Time) (t time.Time, ok bool) {
	if words[len(words)-1] == "ago" {
		words = words[:len(words)-1]
	}
	var age strings.Builder
	number := false // the word before was one, and its unit is to follow
	for _, word := range words {
		if word == "a" || word == "an" {
			word = "1"
		}
		digits := len(word) - len(strings.TrimLeft(word, "0123456789"))
		unit := word[digits:]
		if number == (digits > 0) {
			return t, false
		}
		number = unit == ""
		if short, ok := unitNames[unit]; ok {
			unit = short
		} else if short, ok := unitNames[strings.TrimSuffix(unit, "s")]; ok {
			unit = short
		}
		age.WriteString(word[:digits] + unit)
	}
	sp, err := ParseAge(age.String())
	return sp.Before(now), err == nil
}
