package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"snap/internal/quote"
)

// When is a time that comes again, as systemd writes it: "Mon..Fri *-*-* 03:00:00".
type When struct {
	Text  string // as it was typed
	Every string // "hourly", "daily", "weekly", "monthly" if it is that, without a time of its own; else ""

	days                 field // days of the week, 0 is Sunday
	year, month, day     field
	hour, minute, second field
	extended             bool // it has more than this package knows: only Text counts
}

// field is one part of a time: the values that it may have; nil for any.
type field []int

// words are the times with a name of their own.
var words = map[string]string{
	"minutely": "*-*-* *:*:00", "hourly": "*-*-* *:00:00", "daily": "*-*-* 00:00:00", "weekly": "mon *-*-* 00:00:00",
	"monthly": "*-*-01 00:00:00", "quarterly": "*-01,04,07,10-01 00:00:00", "semiannually": "*-01,07-01 00:00:00",
	"yearly": "*-01-01 00:00:00",
}

// every are the words that a computer that is not always on keeps too, and how old the last backup has to be for the
// next one.
var every = map[string]string{"hourly": "59min", "daily": "23h", "weekly": "6d23h", "monthly": "29d23h"}

// weekdays in the order of time.Weekday.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Forms says how a time is written, for a message.
const Forms = `hourly, daily, weekly, monthly, "daily 03:00", "Mon 03:00", "Mon..Fri 12:30" or "*-*-01 04:00"`

// ParseWhen reads a time: a word, a word with a time of day, or [DAYS] [DATE] [TIME] as systemd.time(7) has it: lists
// with commas, ranges with "..", repetitions with "/" and "*" for all.
func ParseWhen(text string) (w When, err error) {
	bad := fmt.Errorf("%s is not a time that comes again: must be %s", quote.Name(text), Forms)
	parts := strings.Fields(strings.ToLower(text))
	w.Text = strings.Join(strings.Fields(text), " ")
	if len(parts) == 0 {
		return w, bad
	}
	if word, ok := strings.CutPrefix(parts[0], "@"); ok && words[word] != "" && len(parts) == 1 { // as in a crontab
		parts[0] = word
	}
	if spec, ok := words[parts[0]]; ok {
		full := strings.Fields(spec)
		switch {
		case len(parts) == 1 && every[parts[0]] != "":
			w.Every = parts[0]
		case len(parts) == 1:
		case len(parts) == 2 && strings.Contains(parts[1], ":") && strings.HasSuffix(spec, " 00:00:00"):
			full[len(full)-1] = parts[1]
		default:
			return w, bad
		}
		parts = full
	}
	date, clock := "*-*-*", "00:00:00"
	if c := parts[0][0]; c >= 'a' && c <= 'z' {
		if w.days, err = dayField(parts[0]); err != nil {
			return w, bad
		}
		parts = parts[1:]
	}
	if len(parts) > 0 && strings.Contains(parts[0], "-") {
		date, parts = parts[0], parts[1:]
	}
	if len(parts) > 0 && strings.Contains(parts[0], ":") {
		clock, parts = parts[0], parts[1:]
	}
	if len(parts) > 0 {
		return w, bad
	}
	dates, clocks := strings.Split(date, "-"), strings.Split(clock, ":")
	if len(dates) == 2 {
		dates = append([]string{"*"}, dates...)
	}
	if len(clocks) == 2 {
		clocks = append(clocks, "00")
	}
	if len(dates) != 3 || len(clocks) != 3 {
		return w, bad
	}
	for _, f := range []struct {
		to       *field
		text     string
		min, max int
	}{
		{&w.year, dates[0], 1970, 2200}, {&w.month, dates[1], 1, 12}, {&w.day, dates[2], 1, 31},
		{&w.hour, clocks[0], 0, 23}, {&w.minute, clocks[1], 0, 59}, {&w.second, clocks[2], 0, 59},
	} {
		if *f.to, err = numberField(f.text, f.min, f.max); err != nil {
			return w, bad
		}
	}
	if !w.Next(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return w, nil
	}
	ends := &EndsError{Text: w.Text, Often: "never"}
	if w.year != nil && !w.Next(time.Date(w.year[0], 1, 1, 0, 0, 0, -1, time.UTC)).IsZero() {
		ends.Often, ends.Instead = fmt.Sprintf("only until %d", w.year[len(w.year)-1]), w.eachYear(clock)
		if len(w.year)*len(w.month)*len(w.day) == 1 {
			ends.Often = "only once"
		}
	}
	return w, ends
}

// EndsError says that a time does not come again and again.
type EndsError struct {
	Text, Often string
	Instead     string // that comes each year; "" for none
}

func (e *EndsError) Error() string {
	if e.Often == "never" {
		return quote.Name(e.Text) + " never comes"
	}
	return fmt.Sprintf("%s comes %s, and backups are to be made again and again", quote.Name(e.Text), e.Often)
}

// eachYear is the time of day clock on the same days of each year.
func (w *When) eachYear(clock string) string {
	return fmt.Sprintf("*-%s-%s %s", w.month.text("%02d", "*"), w.day.text("%02d", "*"), clock)
}

// Extended is a time that systemd-analyze has taken, and that this package does not know: it is for systemd alone.
func Extended(text string) When {
	return When{Text: strings.Join(strings.Fields(text), " "), extended: true}
}

// numberField reads "*", "*/N", "A", "A..B", "A/N", "A..B/N" and lists of these.
func numberField(text string, low, high int) (f field, err error) {
	if text == "*" {
		return nil, nil
	}
	number := func(s string) int {
		n, bad := strconv.Atoi(s)
		if bad != nil || n < low || n > high || strings.Trim(s, "0123456789") != "" {
			err = strconv.ErrRange
		}
		return n
	}
	for part := range strings.SplitSeq(text, ",") {
		part, by, steps := strings.Cut(part, "/")
		step := 1
		if steps {
			if step, err = strconv.Atoi(by); err != nil || step < 1 || step > high {
				return nil, strconv.ErrRange
			}
		}
		from, to, isRange := strings.Cut(part, "..")
		a, b := low, high
		switch {
		case part == "*":
		case isRange:
			a, b = number(from), number(to)
		default:
			if a = number(from); !steps {
				b = a
			}
		}
		if err != nil || a > b {
			return nil, strconv.ErrRange
		}
		for n := a; n <= b; n += step {
			f = append(f, n)
		}
	}
	slices.Sort(f)
	return slices.Compact(f), nil
}

// dayField reads "mon", "mon,wed", "mon..fri" and "mon-fri"; days may be written in full.
func dayField(text string) (f field, err error) {
	day := func(s string) int {
		for i, short := range weekdays {
			if s == short || len(s) > 3 && s == strings.ToLower(time.Weekday(i).String()) {
				return i
			}
		}
		err = strconv.ErrSyntax
		return 0
	}
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(strings.Replace(part, "-", "..", 1), "..") // cron has Mon-Fri
		a := day(from)
		b := a
		if isRange {
			b = day(to)
		}
		for ; err == nil; a = (a + 1) % 7 {
			if f = append(f, a); a == b {
				break
			}
		}
	}
	slices.Sort(f)
	return slices.Compact(f), err
}

// Calendar is the time for OnCalendar.
func (w *When) Calendar() string {
	if w.extended {
		return w.Text
	}
	text := fmt.Sprintf("%s-%s-%s %s:%s:%s", w.year.text("%d", "*"), w.month.text("%02d", "*"), w.day.text("%02d", "*"),
		w.hour.text("%02d", "*"), w.minute.text("%02d", "*"), w.second.text("%02d", "*"))
	if w.days != nil {
		var days []string
		for _, d := range w.days {
			days = append(days, time.Weekday(d).String()[:3])
		}
		text = strings.Join(days, ",") + " " + text
	}
	return text
}

func (f field) text(format, all string) string {
	if f == nil {
		return all
	}
	var list []string
	for _, n := range f {
		list = append(list, fmt.Sprintf(format, n))
	}
	return strings.Join(list, ",")
}

func (f field) has(n int) bool { return f == nil || slices.Contains(f, n) }

// Next is the first such time after t, in the zone of t; zero if there is none, or it is not known.
func (w *When) Next(t time.Time) time.Time {
	if w.extended {
		return time.Time{}
	}
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	for range 366 * 40 { // the 29th of February on a certain day of the week comes within 28 years, or 40 around 2100
		if w.year.has(day.Year()) && w.month.has(int(day.Month())) && w.day.has(day.Day()) && w.days.has(int(day.Weekday())) {
			if at := w.in(day, t); !at.IsZero() {
				return at
			}
		}
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, t.Location())
	}
	return time.Time{}
}

// Delay is by how much a run may begin later than this, so that many computers do not begin at once: nothing where a
// time of day was asked for.
func (w *When) Delay() time.Duration {
	switch w.Every {
	case "hourly":
		return 5 * time.Minute
	case "daily", "weekly", "monthly":
		return time.Hour
	}
	return 0
}

// in is the first time after t in a day; zero if there is none.
func (w *When) in(day, t time.Time) time.Time {
	second := 0
	if w.second != nil {
		second = w.second[0]
	}
	for hour := range 24 {
		for minute := range 60 {
			if !w.hour.has(hour) || !w.minute.has(minute) {
				continue
			}
			if at := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, second, 0, t.Location()); at.After(t) {
				return at
			}
		}
	}
	return time.Time{}
}
