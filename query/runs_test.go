package query

import (
	"fmt"
	"testing"
	"time"

	"snap/destination"
)

func TestParseHolder(t *testing.T) {
	at := time.Date(2026, 11, 30, 9, 5, 0, 0, time.UTC)
	for text, want := range map[string]Holder{
		"snap backup (process 7 on my-host, since 2026-11-30 09:05:00)":         {"backup", 7, "my-host", at},
		"snap prune (process 12 on a, since b on c, since 2026-11-30 09:05:00)": {"prune", 12, "a, since b on c", at},
		"snap backup (process seven on my-host, since 2026-11-30 09:05:00)":     {},
		"snap backup (process 7 on my-host, since yesterday)":                   {},
		"another program (process 7 on my-host, since 2026-11-30 09:05:00)":     {},
		"snap backup": {},
		"":            {},
	} {
		if got := ParseHolder(text, time.UTC); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func TestRuns(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 9, 0, 0, 0, time.UTC) }
	d := &Reader{Snapshots: Snapshots{
		{Name: "one", Time: day(1)}, {Name: "two", Time: day(2), Errors: 3}, {Name: "three", Time: day(3)},
	}}
	for _, c := range []struct {
		name string
		s    Status
		n    int
		want string
	}{
		{"snapshots", Status{Now: day(9), Missing: []string{"three"}}, 30,
			"[1 done one] [2 incomplete two] [3 done three gone]"},
		{"the last", Status{Now: day(9)}, 2, "[2 incomplete two] [3 done three]"},
		{"unchanged", Status{Now: day(9), Last: LastBackup{Time: day(5), Unchanged: true}}, 2,
			"[3 done three] [5 unchanged]"},
		{"interrupted", Status{Now: day(9), Left: destination.Leftovers{Interrupted: []time.Time{day(6)}}}, 1,
			"[6 interrupted]"},
		{"at work after one that was interrupted", Status{Now: day(9),
			Left:    destination.Leftovers{Interrupted: []time.Time{day(6), day(8).Add(time.Second)}},
			Running: "snap backup (process 7 on host, since 2026-11-08 09:00:00)"}, 2, "[6 interrupted] [8 running]"},
		{"another command at work", Status{Now: day(9), Left: destination.Leftovers{Interrupted: []time.Time{day(6)}},
			Running: "snap prune (process 7 on host, since 2026-11-08 09:00:00)"}, 1, "[6 interrupted]"},
	} {
		got := ""
		for i, r := range d.Runs(&c.s, c.n) {
			if i > 0 {
				got += " "
			}
			got += fmt.Sprintf("[%d %s", r.Time.Day(), r.State)
			if r.Snapshot != nil {
				got += " " + r.Snapshot.Name
			}
			if r.Missing {
				got += " gone"
			}
			got += "]"
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if runs := (&Reader{}).Runs(&Status{}, 30); len(runs) > 0 {
		t.Errorf("without a snapshot %v", runs)
	}
}
