package when

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"snap/internal/quote"
)

// Between reads what --since and --until were given, each "" for nothing: the first moment that counts, and the first
// that does no more. They are read as Parse does, also with the @ of a reference.
func Between(since, until string, now time.Time) (from, to time.Time, err error) {
	if since != "" {
		if from, _, err = Parse(strings.TrimPrefix(since, "@"), now); err != nil {
			return from, to, fmt.Errorf("--since: %w", err)
		}
	}
	if until != "" {
		if _, to, err = Parse(strings.TrimPrefix(until, "@"), now); err != nil {
			return from, to, fmt.Errorf("--until: %w", err)
		}
	}
	if since != "" && until != "" && !from.Before(to) {
		err = fmt.Errorf("--since %s is after --until %s: nothing is between", quote.Name(since), quote.Name(until))
	}
	return from, to, err
}

var (
	compact  = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})(?:-(\d{2})(\d{2})(\d{2})?(?:-\d+)?)?$`) // as in names
	yearLast = regexp.MustCompile(`^(\d{1,2})([./-])(\d{1,2})[./-](\d{4})$`)
	slashed  = regexp.MustCompile(`^(\d{4})[./](\d{1,2})[./](\d{1,2})$`)
)

// DateMeant is s as ParseDate reads it, where s is a date that is written in another way: "" if it is none, or if
// nobody can tell the day from the month.
func DateMeant(s string) (meant string) {
	if m := compact.FindStringSubmatch(s); m != nil {
		meant = m[1] + "-" + m[2] + "-" + m[3]
		if m[4] != "" {
			meant += " " + m[4] + ":" + m[5]
		}
		if m[6] != "" {
			meant += ":" + m[6]
		}
	} else if m := slashed.FindStringSubmatch(s); m != nil {
		meant = m[1] + "-" + twoDigits(m[2]) + "-" + twoDigits(m[3])
	} else if m := yearLast.FindStringSubmatch(s); m != nil {
		day, _ := strconv.Atoi(m[1])
		month, _ := strconv.Atoi(m[3])
		if m[2] != "." && day <= 12 && month <= 12 && day != month { // in the United States the month comes first
			return ""
		} else if month > 12 {
			day, month = month, day
		}
		meant = fmt.Sprintf("%s-%02d-%02d", m[4], month, day)
	}
	if _, _, err := ParseDate(meant, time.UTC); err != nil {
		return ""
	}
	return meant
}

func twoDigits(s string) string { return ("0" + s)[len(s)-1:] }
