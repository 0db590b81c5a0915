package reindex

import (
	"os"
	"path/filepath"
	"strings"
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

// What looks like snapshots keeps a first backup from going beside it; what only may be some must not.
func TestStrangers(t *testing.T) {
	for _, c := range []struct {
		folders string
		found   string // Named and Dated
	}{
		{"20261122-134510 20261122-134510-2", "20261122-134510 20261122-134510-2"},
		{"daily.0 daily.1 weekly.0 alpha.3", "alpha.3 daily.0 daily.1 weekly.0"},
		{"backup.0 snapshot.12 6hourly.1", "6hourly.1 backup.0 snapshot.12"},
		{"2026-11-20-134510.backup 2026-11-21-134510.inprogress", "2026-11-20-134510.backup 2026-11-21-134510.inprogress"},
		{"@GMT-2026.11.20-13.45.10", "@GMT-2026.11.20-13.45.10"},
		{"home-2026-11-20 home-2026-11-21", "home-2026-11-20 home-2026-11-21"},
		{"home_20261120_134510 home_20261121_134510 etc_20261120", "home_20261120_134510 home_20261121_134510"},
		{"2026-11-20 photos", "2026-11-20"},
		{"photos Paris-2026-11-20 Rome-2026-11-21", ""},
		{"home-2026-11-20-notes home-2026-11-21-notes", ""},
		{"report.0 report.1 daily daily.x 0.daily", ""},
		{"2026 2026-11 11 lost+found .20261120", ""},
		{"daily.0.old 2026-13-45 home-2026-13-45 home-2026-13-46", ""},
	} {
		dir := t.TempDir()
		for _, name := range strings.Fields(c.folders) {
			if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		n := &Names{Formats: []string{"%Y%m%d-%H%M%S"}, Zone: time.UTC}
		found, err := n.Strangers(dir)
		if got := strings.Join(found.Snapshots(), " "); got != c.found || err != nil {
			t.Errorf("%s: %s, want %s; %v", c.folders, got, c.found, err)
		}
	}
}
