package query

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"snap/destination"
)

func TestRuns(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 9, 0, 0, 0, time.UTC) }
	snaps := Snapshots{{Name: "one", Time: day(1)}, {Name: "two", Time: day(2), Errors: 3}, {Name: "three", Time: day(3)}}
	failed := destination.PastRun{Time: day(4), End: destination.RunFailed, Why: "full"}
	for _, c := range []struct {
		name  string
		noted []destination.PastRun
		s     Status
		n     int
		want  string
	}{
		{"snapshots", nil, Status{Missing: []string{"three"}}, 30, "1 done one, 2 incomplete two, 3 done three gone"},
		{"the last", nil, Status{}, 2, "2 incomplete two, 3 done three"},
		{"unchanged", nil, Status{Last: LastBackup{Time: day(5), Unchanged: true}}, 2, "3 done three, 5 unchanged"},
		{"interrupted", nil, Status{Left: destination.Leftovers{Interrupted: []time.Time{day(6)}}}, 1, "6 interrupted"},
		{"noted", []destination.PastRun{
			{Time: day(3), End: destination.RunIncomplete, Snapshot: "three"}, failed,
			{Time: day(5), End: destination.RunDone, Snapshot: "four"}, // deleted since
			{Time: day(6), End: destination.RunUnchanged}, {Time: day(7), End: destination.RunInterrupted},
		}, Status{Last: LastBackup{Time: day(6), Unchanged: true},
			Left: destination.Leftovers{Interrupted: []time.Time{day(7)}}}, 30,
			"1 done one, 2 incomplete two, 3 incomplete three, 4 failed, 5 done, 6 unchanged, 7 interrupted"},
		{"at work after one that was interrupted", nil, Status{
			Left: destination.Leftovers{Interrupted: []time.Time{day(6), day(8).Add(time.Second)},
				Holder: destination.Holder{What: "backup", Since: day(8)}},
			Running: "a backup"}, 2, "6 interrupted, 8 running"},
		{"another command at work", nil, Status{Left: destination.Leftovers{Interrupted: []time.Time{day(6)},
			Holder: destination.Holder{What: "prune", Since: day(5)}}, Running: "prune"}, 1, "6 interrupted"},
		{"one that died", nil, Status{Left: destination.Leftovers{Interrupted: []time.Time{day(6)},
			Holder: destination.Holder{What: "backup", Since: day(6)}}}, 1, "6 interrupted"},
	} {
		var got []string
		c.s.Now = day(9)
		for _, r := range runsOf(c.noted, snaps, &c.s, c.n) {
			text := fmt.Sprintf("%d %s", r.Time.Day(), r.End)
			if r.Header != nil {
				text += " " + r.Header.Name
			}
			if r.Gone {
				text += " gone"
			}
			got = append(got, text)
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: %s, want %s", c.name, text, c.want)
		}
	}
	if runs := runsOf(nil, nil, &Status{}, 30); len(runs) > 0 {
		t.Errorf("without a snapshot %v", runs)
	}
}
