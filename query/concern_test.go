package query

import (
	"slices"
	"testing"
	"time"

	"snap/destination"
	"snap/destination/retention"
	"snap/record"
)

// TestConcerns: each is found by what makes it so, and nothing where all is well.
func TestConcerns(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	const gib = 1 << 30
	well := func() *Status {
		return &Status{
			Now: now, Snapshots: 3, Newest: &record.Header{Dirs: 10}, Last: LastBackup{Time: now.Add(-time.Hour)},
			Check: &destination.LastCheck{}, Rules: NextRules{InForce: true, Going: []string{"a"}, Short: 7},
			Space: Space{Free: 100 * gib, Total: 500 * gib, Inodes: 1000, HasInodes: true, Next: gib, NextInodes: 20,
				Growth: Growth{Known: true, PerDay: gib, Days: 9}, Full: now.AddDate(0, 0, 100)},
		}
	}
	for _, test := range []struct {
		what   string
		change func(s *Status)
		want   []Concern
	}{
		{"well", func(s *Status) {}, nil},
		{"never checked", func(s *Status) { s.Check = nil }, nil},
		{"damage", func(s *Status) { s.Check.Left = &destination.DamageLeft{Errors: 1} }, []Concern{Damaged}},
		{"nothing yet", func(s *Status) { s.Newest, s.Last, s.Snapshots = nil, LastBackup{}, 0 }, []Concern{NoBackup}},
		{"late", func(s *Status) { s.Last.Late = true }, []Concern{LateBackup}},
		{"not copied", func(s *Status) { s.CopiesFailed = []destination.CopyFailure{{Remote: "b2"}} }, []Concern{NotCopied}},
		{"read-only", func(s *Status) { s.Space.ReadOnly = true }, []Concern{ReadOnly}},
		{"settings", func(s *Status) { s.Settings = []string{"x"} }, []Concern{BadSettings}},
		{"unread", func(s *Status) { s.Newest.Errors = 1 }, []Concern{Unreadable}},
		{"unread, which is no matter", func(s *Status) { s.Newest.Errors, s.ignored = 1, true }, nil},
		{"soon full", func(s *Status) { s.Space.Full = now.AddDate(0, 0, 13) }, []Concern{FullSoon}},
		{"the next may not fit", func(s *Status) { s.Space.Next = 101 * gib }, []Concern{FullSoon}},
		{"almost full", func(s *Status) { s.Space.Free, s.Space.Next = gib/2, 0 }, []Concern{FullSoon}},
		{"a hundredth of a large disk is much", func(s *Status) { s.Space.Free, s.Space.Total = 90*gib, 10000*gib }, nil},
		{"a small disk, half full", func(s *Status) { s.Space.Free, s.Space.Total, s.Space.Next = 20<<20, 40<<20, 0 }, nil},
		{"a small disk, full", func(s *Status) { s.Space.Free, s.Space.Total, s.Space.Next = 1<<20, 40<<20, 0 },
			[]Concern{FullSoon}},
		{"few inodes", func(s *Status) { s.Space.Inodes = 59 }, []Concern{FewInodes}},
		{"no inodes to count", func(s *Status) { s.Space.Inodes, s.Space.HasInodes = 0, false }, nil},
		{"the rules stopped", func(s *Status) { s.Rules.Stops = []retention.Stop{{Reason: retention.TooMany}} },
			[]Concern{RulesIdle}},
		{"the clock", func(s *Status) {
			s.Rules.Stops, s.Future = []retention.Stop{{Reason: retention.FutureTime}}, []string{"x"}
		}, []Concern{WrongClock}},
		{"missing", func(s *Status) { s.Missing = []string{"x"} }, []Concern{GoneFolders}},
		{"failed", func(s *Status) { s.Failure = &Failure{Count: 1} }, []Concern{Failed}},
		{"not all done", func(s *Status) { s.Unwell = &destination.PastRun{Why: "x"} }, []Concern{NotAllDone}},
		{"no room by rule", func(s *Status) { s.Rules.NoRoom = "x" }, []Concern{RulesIdle}},
		{"stopped", func(s *Status) { s.Stopped, s.Left.Works = &destination.PastRun{}, 1 }, []Concern{Interrupted}},
		{"stopped, and the next is at work", func(s *Status) { s.Stopped, s.Running = &destination.PastRun{}, "x" }, nil},
		{"interrupted", func(s *Status) { s.Left.Interrupted = []time.Time{now} }, []Concern{Interrupted}},
		{"at work", func(s *Status) {
			s.Left = destination.Leftovers{Interrupted: []time.Time{now}, Works: 1, Deleting: 1, Purging: true,
				Holder: destination.Holder{Text: "x"}}
			s.Running = "x"
		}, nil},
		{"dead at work", func(s *Status) { s.Left = destination.Leftovers{Works: 1, Holder: destination.Holder{Text: "x"}} },
			[]Concern{Interrupted, Unfinished}},
		{"a deletion", func(s *Status) { s.Left.Deleting = 1 }, []Concern{Unfinished}},
		{"a purge", func(s *Status) { s.Left.Purging = true }, []Concern{Unfinished}},
		{"stuck, and another is at work", func(s *Status) { s.Left.Stuck, s.Running = 1, "x" }, []Concern{Unfinished}},
		{"the worst first", func(s *Status) {
			s.Left.Stuck, s.Last.Late, s.Check.Left = 1, true, &destination.DamageLeft{}
		}, []Concern{Damaged, LateBackup, Unfinished}},
	} {
		s := well()
		test.change(s)
		s.judge()
		want := Attention
		switch {
		case len(test.want) == 0:
			want = Well
		case test.want[0] == Damaged:
			want = Damage
		}
		if !slices.Equal(s.Concerns, test.want) || s.Verdict() != want {
			t.Errorf("%s: %v %q, want %v %q", test.what, s.Verdict(), s.Concerns, want, test.want)
		}
	}
}

// TestTheNextRules: they are asked about a snapshot that is made now, and nothing is asked of what is gone.
func TestTheNextRules(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var all Snapshots
	var present []bool
	for day := range 4 {
		all = append(all, record.Header{Seq: uint64(day + 1), Name: string(rune('a' + day)), Time: now.AddDate(0, 0, day-4)})
		present = append(present, true)
	}
	space := &Space{Free: 10, Total: 100}
	ask := func(p retention.Policy) NextRules {
		p.Zone, p.Now = time.UTC, now
		return nextRules(all, present, p, space, now)
	}
	if n := ask(retention.Policy{}); n.InForce || len(n.Going) > 0 {
		t.Errorf("without rules: %+v", n)
	}
	if n := ask(retention.Policy{Daily: 5}); !n.InForce || len(n.Going) > 0 || len(n.Stops) > 0 {
		t.Errorf("room for all: %+v", n)
	}
	if n := ask(retention.Policy{Daily: 4}); !slices.Equal(n.Going, []string{"a"}) || n.Short > 0 {
		t.Errorf("the oldest goes for the next: %+v", n)
	}
	if n := ask(retention.Policy{MinFree: retention.MinFree{Percent: 25}}); n.Short != 15 || len(n.Going) > 0 {
		t.Errorf("more free: %+v", n)
	}
	if n := ask(retention.Policy{Daily: 2, Tags: []string{"x"}}); len(n.Going) > 0 || len(n.Stops) != 1 {
		t.Errorf("a tag that nothing has: %+v", n)
	}
	present[0] = false
	if n := ask(retention.Policy{Daily: 4}); len(n.Going) > 0 {
		t.Errorf("what is gone: %+v", n)
	}
}
