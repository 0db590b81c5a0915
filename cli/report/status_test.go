package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"snap/cli/text"
	"snap/destination"
	"snap/destination/retention"
	"snap/query"
	"snap/record"
)

// TestWhatIsSaid: each concern in words that name it, and the lines of facts.
func TestWhatIsSaid(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p := &Printer{Style: text.Style{Zone: time.UTC, Now: func() time.Time { return now }}}
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	failure := func(why string, n int) *query.Failure {
		return &query.Failure{PastRun: destination.PastRun{Time: day(-2), Why: why}, Count: n}
	}
	base := func() *query.Status {
		return &query.Status{
			Dir:       "/mnt/my disk",
			Now:       now,
			Snapshots: 9,
			Newest:    &record.Header{Name: "s9", Source: "/home/me"},
			Last:      query.LastBackup{Time: day(-1)},
			Space:     query.Space{Free: 50 << 30, Total: 200 << 30},
		}
	}
	for _, test := range []struct {
		concern query.Concern
		change  func(s *query.Status)
		want    string
		way     string
	}{
		{query.Damaged, func(s *query.Status) {
			s.Check = &destination.LastCheck{Left: &destination.DamageLeft{Time: day(-2), Errors: 2,
				Read: destination.ReadPart{Share: 1}}}
		}, "the check of 2026-11-20 12:00 left 2 faults", "snap check --read-data --repair -d '/mnt/my disk'"},
		{query.LateBackup, func(s *query.Status) { s.Last.Time = day(-40) }, "the last backup is 40d old",
			"snap backup -d '/mnt/my disk'"},
		{query.NotCopied, func(s *query.Status) {
			s.CopiesFailed = []destination.CopyFailure{{Remote: "b2", Time: day(-2), Why: "no route"}}
		}, "the last copy to b2 did not go well: no route (2026-11-20 12:00)", "snap copy -d '/mnt/my disk' b2"},
		{query.Failed, func(s *query.Status) { s.Failure = failure("no room\n", 1) },
			"the last backup failed: no room\n (2026-11-20 12:00)", "snap backup -d '/mnt/my disk'"},
		{query.Failed, func(s *query.Status) {
			s.Failure, s.Settings = failure("f:1: bad", 3), []string{"f:1: bad, and more"}
		}, "the last backup failed (2026-11-20 12:00; 3 failed since the last good one)", "snap backup -d '/mnt/my disk'"},
		{query.Failed, func(s *query.Status) { s.Failure, s.Newest = failure("x", 1), nil },
			"the last backup failed: x (2026-11-20 12:00)", "snap backup '/mnt/my disk' SRC"},
		{query.Interrupted, func(s *query.Status) {
			s.Stopped = &destination.PastRun{Time: day(-2)}
			s.Left.Interrupted = []time.Time{day(-2)}
		}, "the backup of 2026-11-20 12:00 was stopped by its user; the next one goes on from there",
			"snap backup -d '/mnt/my disk'"},
		{query.Interrupted, func(s *query.Status) {
			s.Stopped = &destination.PastRun{Time: day(-2), Why: "interrupted by x"}
		}, "the backup of 2026-11-20 12:00 was interrupted by x", "snap backup -d '/mnt/my disk'"},
		{query.Unreadable, func(s *query.Status) { s.Newest.Errors, s.Unread = 7, []string{"a", "b\nc"} },
			`the last snapshot lacks 7 files that could not be read or held: a, "b\nc" and 5 more`, ""},
		{query.FullSoon, func(s *query.Status) { s.Space.Full = day(9) }, "50 GiB are free, and used up in about 9d",
			"snap stats -d '/mnt/my disk'"},
		{query.FullSoon, func(s *query.Status) { s.Space.Next = 60 << 30 },
			"50 GiB are free, and a backup here copies up to 60 GiB", "snap stats -d '/mnt/my disk'"},
		{query.FullSoon, func(s *query.Status) { s.Space.Free = 1 << 20 }, "only 1.0 MiB of 200 GiB are free",
			"snap stats -d '/mnt/my disk'"},
		{query.FewInodes, func(s *query.Status) { s.Space.Inodes, s.Space.NextInodes = 1000, 500 },
			"1,000 inodes are free, and a snapshot takes 500", "snap stats -d '/mnt/my disk'"},
		{query.RulesIdle, func(s *query.Status) {
			s.Rules.Stops = []retention.Stop{{Reason: retention.TooMany, Count: 5,
				Of: 9}}
		},
			"the rules delete nothing: they would take 5 of 9, more than half", "snap prune -n -d '/mnt/my disk'"},
		{query.RulesIdle, func(s *query.Status) {
			s.Rules.Stops = []retention.Stop{{Reason: retention.FarTime, Names: []string{"x"}}}
		},
			"the rules delete nothing: x is far after all others in time", "snap prune -n -d '/mnt/my disk'"},
		{query.WrongClock, func(s *query.Status) { s.Future = []string{"x", "y"} },
			"the times of x, y are in the future: is the clock right?", "set the clock; or if it was wrong then: " +
				"snap tag -d '/mnt/my disk' x y --add pin, or snap delete -d '/mnt/my disk' x y"},
		{query.WrongClock, func(s *query.Status) { s.Future = []string{"a", "b", "c", "d", "e", "f"} },
			"the times of a, b, c, d, e, f are in the future: is the clock right?",
			"snap list -d '/mnt/my disk', then delete those of the future, or tag them pin, or set the clock"},
		{query.GoneFolders, func(s *query.Status) { s.Missing = []string{"x", "y"} },
			"2 snapshots are missing, their folders were removed or renamed: x, y", "snap check -d '/mnt/my disk'"},
		{query.Interrupted, func(s *query.Status) { s.Left.Interrupted = []time.Time{day(-3), day(-2)} },
			"the backup of 2026-11-20 12:00 was interrupted; the next one goes on from there", "snap backup -d '/mnt/my disk'"},
		{query.Interrupted, func(s *query.Status) { s.Left.Holder.Text = "snap backup (process 1)" },
			"a run ended before its time: snap backup (process 1)", "snap backup -d '/mnt/my disk'"},
		{query.Unfinished, func(s *query.Status) { s.Left = destination.Leftovers{Purging: true, Stuck: 2} },
			"a purge is not at its end: the next run that writes sees to it; " +
				"what is left of 2 deleted snapshots cannot be removed", ""},
	} {
		s := base()
		test.change(s)
		if got := p.Concern(s, test.concern); got != test.want {
			t.Errorf("%s: %s\nwant %s", test.concern, got, test.want)
		}
		if got := Way(s, test.concern); got != test.way {
			t.Errorf("%s: %s, want %s", test.concern, got, test.way)
		}
	}
	s := base()
	s.Check = &destination.LastCheck{Time: day(-12), Read: destination.ReadPart{Share: 0.1}, Errors: 1, Stopped: true}
	s.DataRead, s.Running = 0.43, "snap backup (process 1)"
	s.Space.Growth, s.Space.Full, s.Space.HasInodes = query.Growth{
		Known:  true,
		PerDay: 1 << 29,
		Days:   30,
	}, day(
		100,
	), true
	s.Rules = query.NextRules{InForce: true, Going: []string{"s1", "s2"}, Short: 1 << 30}
	var lines []string
	for _, l := range p.facts(s, []string{"keep_daily = 7", "min_free = 10%"}) {
		lines = append(lines, l.label+": "+l.text)
	}
	want := []string{
		"Destination: /mnt/my disk", "Source: /home/me", "Last backup: 2026-11-21 12:00, 1d ago; 0 B copied",
		"Snapshots: 9, the newest s9",
		"At work: snap backup (process 1)",
		"Last check: 2026-11-10 12:00, 12d ago, about 10% of the files read: " +
			"1 fault found before it was stopped; 43% of the data there now was read within 90 days",
		"Free: 50 GiB of 200 GiB (25%), 0 inodes", "Growth: of all on this disk about 512 MiB a day: full in about 3mo",
		"Rules: keep_daily = 7, min_free = 10%; a backup now would delete 2 snapshots: s1, s2; " +
			"min_free lacks 1.0 GiB: a backup now would delete the oldest for it, or none if that is not enough",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	s.Concerns = []query.Concern{query.Damaged, query.WrongClock}
	s.Check.Left, s.Future = &destination.DamageLeft{Time: day(-2), Errors: 1}, []string{"x"}
	if got := p.verdict(s); len(got) != 2 || !strings.HasPrefix(got[0], "damage: ") ||
		!strings.HasPrefix(got[1], "attention: ") {
		t.Errorf("%q", got)
	}
}

// TestWhatWasReadIsOfNow: that every file was read is said as long as it is so.
func TestWhatWasReadIsOfNow(t *testing.T) {
	p := &Printer{Style: text.Style{Zone: time.UTC, Now: time.Now}}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		read, now float64
		want      string
	}{
		{1, 1, "every file read: all was well"},
		{1, 0.997, "every file there then was read: all was well; 99% of the data there now was read within 90 days"},
		{1, 0.001, "every file there then was read: all was well; " +
			"less than 1% of the data there now was read within 90 days"},
		{1, 0, "every file there then was read: all was well; 0% of the data there now was read within 90 days"},
		{0.1, 0, "about 10% of the files read: all was well; 0% of the data there now was read within 90 days"},
		{0, 1, "without reading files: all was well; 100% of the data there now was read within 90 days"},
		{0, 0, "without reading files: all was well"},
	} {
		s := &query.Status{Now: now, DataRead: c.now,
			Check: &destination.LastCheck{Time: now, Read: destination.ReadPart{Share: c.read}}}
		if got := p.checkText(s); got != "2026-11-22 12:00, 0s ago, "+c.want {
			t.Errorf("%v of then, %v of now: %s", c.read, c.now, got)
		}
	}
}
