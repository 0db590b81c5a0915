package query

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Names of versions sort as the snapshots do, are never equal, keep the extension and fit into a folder.
func TestVersionNames(t *testing.T) {
	day := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	times := []time.Time{day, day.Add(time.Second), day.Add(time.Second), day, day.Add(time.Hour)}
	for name, want := range map[string]string{
		"report.txt":     "report.2026-01-02T030405.txt",
		"report":         "report.2026-01-02T030405",
		".bashrc":        ".bashrc.2026-01-02T030405",
		"pack.tar.gz":    "pack.2026-01-02T030405.tar.gz",
		".tar.gz":        ".tar.gz.2026-01-02T030405",
		"a.b.c":          "a.b.2026-01-02T030405.c",
		"ends.":          "ends..2026-01-02T030405",
		"\xff\n.txt":     "\xff\n.2026-01-02T030405.txt",
		"..x":            "..x.2026-01-02T030405",
		"v1." + long(60): "v1." + long(60) + ".2026-01-02T030405",
	} {
		got := VersionNames(name, times)
		if got[0] != want {
			t.Errorf("%q: %q, want %q", name, got[0], want)
		}
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(times) {
			t.Errorf("%q: %q", name, got)
		}
	}
	for _, name := range []string{long(251) + ".txt", "x" + strings.Repeat("é", 127), long(255),
		strings.Repeat("\x80", 255)} {
		for _, got := range VersionNames(name, times) {
			if len(got) > 255 || len(got) < 245 || !strings.Contains(got, ".2026-01-02T0") || strings.HasSuffix(name, ".txt") !=
				strings.HasSuffix(got, ".txt") {
				t.Errorf("%q: %q of %d bytes", name, got, len(got))
			}
			if stem := strings.Repeat("é", 115); strings.Contains(got, stem) && !strings.HasPrefix(got, "x"+stem+".") {
				t.Errorf("a letter is cut: %q", got)
			}
		}
	}
}

func long(n int) string { return strings.Repeat("x", n) }
