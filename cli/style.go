package cli

import (
	"strconv"
	"time"

	"github.com/clipperhouse/displaywidth"
	"github.com/dustin/go-humanize"

	"snap/index"
	"snap/internal/when"
)

// style is how text is written: for a terminal of this width, with these units.
type style struct {
	width int            // columns of the terminal, 0 for none
	units string         // of sizes: "iec" (KiB), "si" (kB) or "raw"; "" is iec
	color bool           // marks have colours
	zone  *time.Location // times are shown in it
	clock func() time.Time
}

// when is a time as text shows it, to the minute.
func (s style) when(t time.Time) string { return t.In(s.zone).Format("2006-01-02 15:04") }

// age is how long ago t was, as it can be typed after "@".
func (s style) age(t time.Time) string { return when.Ago(t, s.clock()) }

// size is a number of bytes.
func (s style) size(n int64) string {
	n = max(n, 0)
	more := ""
	if n == index.Beyond {
		more = " or more"
	}
	switch s.units {
	case "si":
		return humanize.Bytes(uint64(n)) + more
	case "raw":
		return strconv.FormatInt(n, 10)
	}
	return humanize.IBytes(uint64(n)) + more
}

// fits reports whether a line is no wider than the terminal.
func (s style) fits(line string) bool {
	return s.width <= 0 || displaywidth.String(line) <= s.width
}

// plural is a number with what it counts, with commas between the thousands.
func plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(int64(n)) + " " + many
}
