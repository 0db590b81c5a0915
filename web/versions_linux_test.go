package web

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"snap/backup/backuptest"
)

// returning is a source with a file that was removed and came back as it was, one that stays, and a folder of which
// files go while the folder stays.
func returning(t testing.TB) *backuptest.Place {
	p := backuptest.NewPlace(t)
	p.Write("docs/budget.csv", "a\n")
	p.Write("docs/steady", "b\n")
	p.Write("docs/log", strings.Repeat(strings.Repeat("a line of a log ", 100)+"\n", 1000))
	for i := range 40 {
		p.Write(fmt.Sprintf("cur/%02d", i), "x")
	}
	snapshot(p, "20261119-100000")
	p.Do(os.Remove(p.Path("docs/budget.csv")))
	p.Write("docs/log", strings.Repeat(strings.Repeat("a line of a log ", 100)+"\n", 1000)+"another\n")
	for i := range 39 {
		p.Do(os.Remove(p.Path(fmt.Sprintf("cur/%02d", i))))
	}
	snapshot(p, "20261120-100000")
	p.Write("docs/budget.csv", "a\n")
	snapshot(p, "20261121-100000")
	return p
}

// TestVersionsAreCountedAlike: by the folder, the search and the page of the file. A removal is none.
func TestVersionsAreCountedAlike(t *testing.T) {
	s := show(t, returning(t))
	for name, n := range map[string]string{"docs/budget.csv": "2 versions", "docs/steady": "1 version"} {
		page := s.get(t, s.File(name))
		count, _, _ := strings.Cut(n, " ")
		says(t, name, told(t, page), n)
		last := name[strings.LastIndex(name, "/")+1:]
		for _, at := range []string{s.Files("latest", "docs"), s.Find("q", last)} {
			if r := s.do("GET", at); r.Code == 303 {
				at = r.Header().Get("Location")
			}
			if got := countIn(t, s.get(t, at), last); got != count {
				t.Errorf("%s: %q versions in %s", name, got, at)
			}
		}
	}
	says(t, "back again", told(t, s.get(t, s.File("docs/budget.csv"))), "2 versions", "there again", "removed",
		"first seen", "Both hold the same bytes")
	alone := s.get(t, s.File("docs/steady"))
	for _, e := range elements(parsed(t, alone)) {
		if strings.HasPrefix(attribute(e, "class"), "ab") {
			t.Errorf("there is nothing to tell it from, and it is called %s", textOf(e))
		}
	}
}

// countIn is what the column of versions says of a name.
func countIn(t *testing.T, page, name string) string {
	for _, row := range elements(parsed(t, page)) {
		if row.Data != "tr" || !strings.Contains(textOf(row), name) {
			continue
		}
		for _, e := range elements(row) {
			if attribute(e, "class") == "v" {
				return textOf(e)
			}
		}
	}
	return ""
}

// TestWhatChangedSaysByHowMuch: where both sizes are rounded to the same; and a folder that stays is not struck out.
func TestWhatChangedSaysByHowMuch(t *testing.T) {
	s := show(t, returning(t))
	page := s.get(t, s.site.Diff("20261119-100000", "20261120-100000", ""))
	says(t, "sizes", told(t, page), "1.5 MiB, +8 B", "39 files in it were removed", "what differs: 1.5 MiB")
	for _, row := range elements(parsed(t, page)) {
		if row.Data == "tr" && strings.Contains(textOf(row), "files in it were removed") &&
			attribute(row, "class") != "removed within" {
			t.Errorf("a folder that is there is struck out: %s", attribute(row, "class"))
		}
	}
	says(t, "the file", told(t, s.get(t, s.File("docs/log", "b", "20261120-100000"))), "+1 −0 lines, 1.5 MiB, +8 B")
}

// TestSizeChange: no arrow between two that look alike.
func TestSizeChange(t *testing.T) {
	s := show(t, diary(t))
	for want, sizes := range map[string][2]int64{"45 MiB, +68 B": {45 << 20, 45<<20 + 68}, "3.5 KiB, −8 B": {3592, 3584},
		"8 B → 10 B": {8, 10}, "5 B": {5, 5}} {
		if got := s.sizeChange(sizes[0], sizes[1]); got != want {
			t.Errorf("%d %d: %q, want %q", sizes[0], sizes[1], got, want)
		}
	}
}
