package scan

import (
	"testing"
	"time"

	"snap/internal/file"
)

func TestRacy(t *testing.T) {
	start := time.Unix(1_700_000_000, 500_000_000)
	at := func(d time.Duration) file.Time { return file.At(start.Add(d)) }
	const hour, year = time.Hour, 365 * 24 * time.Hour
	now := start.Add(5 * hour) // the run takes long
	for _, tt := range []struct {
		name         string
		mtime, ctime file.Time
		rules        Rules
		want         bool
	}{
		{"old", at(-year), at(-year), none, false},
		{"an hour old", at(-hour), at(-hour), none, false},
		{"written just before the start", at(-2 * time.Second), at(-2 * time.Second), none, true},
		{"written just before the window", at(-4 * time.Second), at(-4 * time.Second), none, false},
		{"written during the run", at(4 * hour), at(4 * hour), none, true},
		{"its mode changed just before the start", at(-year), at(-time.Second), none, true},
		{"its mode changed just before the start", at(-year), at(-time.Second), ignoreCtime, true},
		{"mtime in the future, set long ago", at(10 * year), at(-hour), none, false},
		{"mtime a little in the future, set long ago", at(8 * hour), at(-hour), none, false},
		{"mtime in the future, set now", at(10 * year), at(-time.Second), none, true},
		{"a clock that was wrong, and was set back", at(year), at(year), none, false},
		{"a server's clock is ahead", at(6 * hour), at(6 * hour), none, true},
		{"ctime is not compared, mtime in the near future", at(8 * hour), at(-hour), ignoreCtime, true},
		{"ctime is not compared, mtime in the far future", at(year), at(-hour), ignoreCtime, false},
		{"no ctime, written now", at(0), file.Time{}, none, true},
		{"no ctime, mtime in the near future", at(8 * hour), file.Time{}, none, true},
		{"no ctime, old", at(-hour), file.Time{}, none, false},
		{"FAT, written now", at(0), at(0), none, true},
		{"FAT, a camera's clock", at(year), at(year), none, false},
		{"the ctime is when it was made, written now", at(-time.Second), at(-hour), none, true},
	} {
		for kind := file.Regular; kind < file.Kinds; kind++ {
			s := file.Stat{Kind: kind, Mtime: tt.mtime, Ctime: tt.ctime}
			if got := Racy(&s, start, now, tt.rules); got != tt.want {
				t.Errorf("%s, %v, %+v: %v", tt.name, kind, tt.rules, got)
			}
		}
	}
}
