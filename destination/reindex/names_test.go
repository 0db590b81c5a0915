package reindex

import (
	"testing"
	"time"
)

func TestTimesInNames(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for _, c := range []struct{ name, format, want string }{
		{"20261122-134510", "%Y%m%d-%H%M%S", "2026-11-22T13:45:10+01:00"},
		{"20261122-134510-2", "%Y%m%d-%H%M%S", "2026-11-22T13:45:10+01:00"},
		{"20261122-134510-12", "%Y%m%d-%H%M%S", "2026-11-22T13:45:10+01:00"},
		{"20261122-134510-1", "%Y%m%d-%H%M%S", ""},
		{"20261122-134510-02", "%Y%m%d-%H%M%S", ""},
		{"20261122-134510x", "%Y%m%d-%H%M%S", ""},
		{"20261322-134510", "%Y%m%d-%H%M%S", ""},
		{"20261122-134510", "%d.%m.%Y", "2026-11-22T13:45:10+01:00"}, // the default format always counts
		{"22.11.2026", "%d.%m.%Y", "2026-11-22T00:00:00+01:00"},
		{"22.11.2026-2", "%d.%m.%Y", "2026-11-22T00:00:00+01:00"},
		{"2.11.2026", "%d.%m.%Y", ""},
		{"backup of 2026-11-22", "backup of %Y-%m-%d", "2026-11-22T00:00:00+01:00"},
		{"photos", "%d.%m.%Y", ""},
		{"", "%Y", ""},
	} {
		at, ok := (&Names{Formats: []string{c.format, "%Y%m%d-%H%M%S"}, Zone: zone}).Time(c.name)
		got := ""
		if ok {
			got = at.Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%q as %q: %q, want %q", c.name, c.format, got, c.want)
		}
	}
}

func TestDatesInNamesOfOtherPrograms(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for name, want := range map[string]string{
		"2026-11-20":                "2026-11-20T00:00:00+01:00",
		"20261120":                  "2026-11-20T00:00:00+01:00",
		"2026-11-20-134510":         "2026-11-20T13:45:10+01:00", // rsync-time-backup
		"2026-11-20T13:45:10":       "2026-11-20T13:45:10+01:00",
		"2026-11-20_13-45-10":       "2026-11-20T13:45:10+01:00", // Timeshift
		"20261120-134510-481":       "2026-11-20T13:45:10+01:00", // Back In Time
		"2026.11.20 13h45":          "2026-11-20T13:45:00+01:00",
		"host1-2026-11-20.complete": "2026-11-20T00:00:00+01:00",
		"2026-11-20-2":              "2026-11-20T00:00:00+01:00",
		"2026-11-31":                "",
		"2026-13-20":                "",
		"0001-01-01":                "",
		"2026-11-20-254510":         "",
		"120261120":                 "",
		"202611201":                 "",
		"daily.0":                   "",
		"":                          "",
	} {
		got := ""
		if at, ok := (&Names{Zone: zone}).ForeignTime(name); ok {
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
