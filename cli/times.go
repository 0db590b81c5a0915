package cli

import (
	"math"
	"time"

	"github.com/dustin/go-humanize"

	"snap/internal/file"
)

// when is a time as text shows it, in the zone, to the minute.
func (c *call) when(t time.Time) string { return t.In(c.zone()).Format("2006-01-02 15:04") }

// stamp is a time as JSON holds it: RFC 3339 with nanoseconds, in UTC; null if it was never set. Unlike
// time.Time it does not fail for years that a damaged file may carry.
type stamp time.Time

func (s stamp) MarshalJSON() ([]byte, error) {
	t := time.Time(s)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.UTC().Format(time.RFC3339Nano) + `"`), nil
}

// mtime is a file's time as JSON holds it.
func mtime(t file.Time) stamp { return stamp(t.Time()) }

// ages are the units in which age counts, those of the AGE grammar, and how far each reaches. A unit that is not
// full does not count: @1d finds what is shown as 1d old.
var ages = []humanize.RelTimeMagnitude{
	{D: time.Minute, Format: "%s%ds", DivBy: time.Second},
	{D: time.Hour, Format: "%s%dmin", DivBy: time.Minute},
	{D: humanize.Day, Format: "%s%dh", DivBy: time.Hour},
	{D: 15 * humanize.Day, Format: "%s%dd", DivBy: humanize.Day},
	{D: 60 * humanize.Day, Format: "%s%dw", DivBy: humanize.Week},
	{D: 730 * humanize.Day, Format: "%s%dmo", DivBy: humanize.Month},
	{D: math.MaxInt64, Format: "%s%dy", DivBy: 365 * humanize.Day},
}

// age is how long ago t was, as it can be typed after "@": 5min, 3d, 2mo; "in 5min" if it is still to
// come.
func (c *call) age(t time.Time) string {
	return humanize.CustomRelTime(t, c.env.Now(), "", "in ", ages)
}
