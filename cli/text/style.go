// Package text writes for people: times, ages, sizes and changes, tables, lines that fit a terminal, and how long
// work gets on. It knows no command and prints only what it is given a writer for.
package text

import (
	"strconv"
	"time"

	"github.com/clipperhouse/displaywidth"
	"github.com/dustin/go-humanize"

	"snap/internal/when"
	"snap/record"
)

// Style is how text is written: for a terminal of this width, with these units.
type Style struct {
	Width int            // columns of the terminal, 0 for none
	Units string         // of sizes: "iec" (KiB), "si" (kB) or "raw"; "" is iec
	Color bool           // marks have colours
	Zone  *time.Location // times are shown in it
	Now   func() time.Time
}

// When is a time as text shows it, to the minute.
func (s Style) When(t time.Time) string { return t.In(s.Zone).Format("2006-01-02 15:04") }

// Age is how long ago t was, as it can be typed after "@".
func (s Style) Age(t time.Time) string { return when.Ago(t, s.Now()) }

// Since is how long ago t was, in a sentence.
func (s Style) Since(t time.Time) string { return when.Since(t, s.Now()) }

// About is a length of time, rounded to one unit of those that ages have.
func About(d time.Duration) string {
	const day = 24 * time.Hour
	if d > 22*time.Hour && d < 26*time.Hour {
		return "1d"
	}
	for _, unit := range [...]struct {
		of   time.Duration
		from time.Duration // so much is told in it
		name string
	}{
		{365 * day, 730 * day, "y"}, {365 * day / 12, 60 * day, "mo"}, {day, 47 * time.Hour, "d"}, {time.Hour,
			55 * time.Minute, "h"},
		{time.Minute, 55 * time.Second, "min"},
	} {
		if d >= unit.from {
			return strconv.FormatInt(int64((d+unit.of/2)/unit.of), 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(max(d, 0)/time.Second), 10) + "s"
}

// Size is a number of bytes.
func (s Style) Size(n int64) string {
	n = max(n, 0)
	more := ""
	if n == record.Beyond {
		more = " or more"
	}
	switch s.Units {
	case "si":
		return humanize.Bytes(uint64(n)) + more
	case "raw":
		return strconv.FormatInt(n, 10)
	}
	return humanize.IBytes(uint64(n)) + more
}

// Fits reports whether a line is no wider than the terminal.
func (s Style) Fits(line string) bool {
	return s.Width <= 0 || displaywidth.String(line) <= s.Width
}

// Plural is a number with what it counts, with commas between the thousands.
func Plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(int64(n)) + " " + many
}
