package schedule

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
)

// What people write for a time who know cron, or say it in words.

// off are words for ending a schedule.
var off = []string{"disable", "stop", "none", "never", "remove", "delete", "no", "cancel"}

// spoken are words that a time may have in it, and what these are called here; "" for those that say nothing.
var spoken = map[string]string{
	"at": "", "every": "", "each": "", "on": "", "o'clock": "",
	"day": "daily", "everyday": "daily", "night": "daily", "nightly": "daily", "hour": "hourly", "week": "weekly",
	"month": "monthly", "year": "yearly", "annually": "yearly",
	"weekday": "mon..fri", "weekdays": "mon..fri", "workdays": "mon..fri", "weekend": "sat,sun", "weekends": "sat,sun",
	"noon": "12:00", "midnight": "00:00",
}

// clockWord is a time of day without its minutes, or with am or pm.
var clockWord = regexp.MustCompile(`^(\d{1,2})(?:[:.](\d{2}))?(am|pm|h)?$`)

// Meant is what text, which is no time that ParseWhen takes, was most likely meant to be: an argument of snap schedule;
// "" if nobody can tell.
func Meant(text string) string {
	parts := strings.Fields(strings.ToLower(text))
	if len(parts) == 1 && slices.Contains(off, parts[0]) {
		return "off"
	}
	if len(parts) == 1 && (parts[0] == "status" || parts[0] == "show" || parts[0] == "list") {
		return "--status"
	}
	meant := fromCron(parts)
	if meant == "" {
		meant = fromWords(parts)
	}
	if _, err := ParseWhen(meant); err != nil {
		return ""
	}
	return meant
}

// Instead adds to the error of ParseWhen for text what to type in its place.
func Instead(err error, text string) error {
	meant := Meant(text)
	if ends := (*EndsError)(nil); errors.As(err, &ends) {
		meant = ends.Instead
	}
	if meant != "" {
		return hint.With(hint.Usage(err), "did you mean: snap schedule %s", quote.Word(meant))
	}
	return hint.With(hint.Usage(err), "more of them: man systemd.time")
}

// fromWords puts what the words say in the order in which it is written: days or a word for them, then the time.
func fromWords(parts []string) string {
	var days, clock []string
	for _, part := range parts {
		if word, ok := spoken[part]; ok {
			part = word
		}
		hour, late := 0, part == "pm" && len(clock) > 0
		m := clockWord.FindStringSubmatch(part)
		switch {
		case part == "", part == "am":
		case late:
			fmt.Sscanf(clock[len(clock)-1], "%d", &hour)
			clock[len(clock)-1] = fmt.Sprintf("%02d%s", hour%12+12, clock[len(clock)-1][2:])
		case m != nil:
			hour, _ = strconv.Atoi(m[1])
			if m[3] == "pm" || m[3] == "am" {
				hour %= 12
			}
			if m[3] == "pm" {
				hour += 12
			}
			if m[2] == "" {
				m[2] = "00"
			}
			clock = append(clock, fmt.Sprintf("%02d:%s", hour, m[2]))
		default:
			if _, err := dayField(strings.TrimSuffix(part, "s")); err == nil {
				part = strings.TrimSuffix(part, "s")
			}
			days = append(days, part)
		}
	}
	return strings.Join(append(days, clock...), " ")
}

// fromCron is the time of the five fields of a line in a crontab; "" if parts are none.
func fromCron(parts []string) string {
	if len(parts) != 5 {
		return ""
	}
	var fields [5]string
	for i, part := range parts {
		if strings.Trim(part, "0123456789*,-/") != "" && i < 4 {
			return ""
		}
		var list []string
		for one := range strings.SplitSeq(strings.ReplaceAll(part, "-", ".."), ",") {
			if by, ok := strings.CutPrefix(one, "*/"); ok {
				one = map[bool]string{true: "00/", false: "01/"}[i < 2] + by
			}
			if len(one) == 1 && one != "*" && i < 4 {
				one = "0" + one
			}
			list = append(list, one)
		}
		fields[i] = strings.Join(list, ",")
	}
	when := fields[1] + ":" + fields[0]
	if fields[2] != "*" || fields[3] != "*" {
		when = "*-" + fields[3] + "-" + fields[2] + " " + when
	}
	if fields[4] != "*" {
		when = regexp.MustCompile(`[0-7]`).ReplaceAllStringFunc(fields[4], func(n string) string {
			return weekdays[int(n[0]-'0')%7]
		}) + " " + when
	}
	return when
}
