package query

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"snap/destination"
	"snap/record"
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

// TestTheLastBackupsWereBad: until one goes well, whether that was noted or not, and however the clock goes.
func TestTheLastBackupsWereBad(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 9, 0, 0, 0, time.UTC) }
	run := func(n int, end destination.RunEnd) destination.PastRun {
		r := destination.PastRun{Time: day(n), End: end, Why: fmt.Sprint("of ", n)}
		if end == destination.RunDone || end == destination.RunIncomplete {
			r.Snapshot = fmt.Sprint("s", n)
		}
		return r
	}
	const done, same, part, bad, stop = destination.RunDone, destination.RunUnchanged, destination.RunIncomplete,
		destination.RunFailed, destination.RunInterrupted
	newest := func(n int) *record.Header { return &record.Header{Name: fmt.Sprint("s", n), Finished: day(n)} }
	for _, c := range []struct {
		name   string
		noted  []destination.PastRun
		newest *record.Header
		same   int // the day of the last run that found nothing changed
		want   string
	}{
		{"nothing noted", nil, newest(1), 0, "no failure"},
		{"well", []destination.PastRun{run(1, bad), run(2, done)}, newest(2), 0, "no failure"},
		{"nothing changed", []destination.PastRun{run(1, bad), run(2, same)}, newest(1), 2, "no failure"},
		{"something lacks", []destination.PastRun{run(1, bad), run(2, part)}, newest(2), 0, "no failure; unwell of 2"},
		{"something lacked", []destination.PastRun{run(2, part), run(3, same)}, newest(2), 3, "no failure"},
		{"something lacked, then failed", []destination.PastRun{run(2, part), run(3, bad)}, newest(2), 0,
			"of 3, 1; unwell of 2"},
		{"something lacked, and a run since was not noted", []destination.PastRun{run(2, part)}, newest(3), 0, "no failure"},
		{"files lack, which the snapshot tells", []destination.PastRun{{Time: day(2), End: part, Snapshot: "s2"}}, newest(2),
			0, "no failure"},
		{"failed", []destination.PastRun{run(1, bad), run(2, done), run(3, bad)}, newest(2), 0, "of 3, 1"},
		{"failed often", []destination.PastRun{run(2, done), run(3, bad), run(4, bad)}, newest(2), 0, "of 4, 2"},
		{"failed, then stopped", []destination.PastRun{run(2, done), run(3, bad), run(4, stop)}, newest(2), 0,
			"of 3, 1; stopped of 4"},
		{"stopped, then failed", []destination.PastRun{run(2, done), run(3, stop), run(4, bad)}, newest(2), 0, "of 4, 1"},
		{"stopped", []destination.PastRun{run(2, done), run(3, stop)}, newest(2), 0, "no failure; stopped of 3"},
		{"stopped, then well", []destination.PastRun{run(3, stop), run(4, done)}, newest(4), 0, "no failure"},
		{"the first", []destination.PastRun{run(2, bad)}, nil, 0, "of 2, 1"},
		{"a snapshot since that was not noted", []destination.PastRun{run(2, bad)}, newest(3), 0, "no failure"},
		{"a run since that found nothing changed", []destination.PastRun{run(2, done), run(3, bad)}, newest(2), 4,
			"no failure"},
		{"a snapshot that was not noted before it", []destination.PastRun{run(4, bad)}, newest(3), 0, "of 4, 1"},
		{"in a second that is noted", []destination.PastRun{run(2, done), run(2, bad)}, newest(2), 0, "of 2, 1"},
		{"the clock was set back", []destination.PastRun{run(8, done), run(3, bad)}, newest(8), 0, "of 3, 1"},
		{"a snapshot of the future", []destination.PastRun{run(3, bad)}, newest(20), 0, "of 3, 1"},
	} {
		s := &Status{Now: day(10), Newest: c.newest}
		if c.same > 0 {
			s.Last = LastBackup{Time: day(c.same), Unchanged: true}
		}
		got := "no failure"
		s.lastBad(c.noted)
		if f := s.Failure; f != nil {
			got = fmt.Sprintf("%s, %d", f.Why, f.Count)
		}
		if s.Stopped != nil {
			got += "; stopped " + s.Stopped.Why
		}
		if s.Unwell != nil {
			got += "; unwell " + s.Unwell.Why
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
