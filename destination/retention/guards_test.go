package retention

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/record"
)

func (s Stop) String() string {
	what := map[StopReason]string{FutureTime: "future", FarTime: "far", UnknownTag: "tag", TooMany: "most",
		NoRoom: "room"}[s.Reason]
	if s.Reason == TooMany {
		return fmt.Sprintf("%s %d/%d", what, s.Count, s.Of)
	}
	return strings.TrimSpace(what + " " + strings.Join(s.Names, " "))
}

func daysBefore(n int) func(time.Time) time.Time {
	return func(t time.Time) time.Time { return t.AddDate(0, 0, -n) }
}

// TestRulesLookAtTheClock: what rules count from, and what stops them.
func TestRulesLookAtTheClock(t *testing.T) {
	five := []string{"2026-11-01 08:00", "2026-11-08 08:00", "2026-11-15 08:00", "2026-11-20 08:00", "2026-11-21 08:00"}
	with := func(more ...string) []string { return append(slices.Clone(five), more...) }
	month := Policy{Within: daysBefore(30), WithinText: "30d"}
	for _, test := range []struct {
		name  string
		rules Policy
		now   string
		times []string
		gone  []int
		stops []string
	}{
		{"an ordinary day", Policy{Daily: 4}, "2026-11-22 08:00", with("2026-11-22 08:00"), []int{0, 1}, nil},
		{"the newest is ten years ahead", month, "2026-11-22 08:00", with("2036-11-22 08:00"), nil, []string{"future s5"}},
		{"it was not the last one made", Policy{Daily: 1}, "2026-11-22 08:00", with("2036-11-22 08:00", "2026-11-22 07:00"),
			nil, []string{"future s5"}},
		{"two of the future", Policy{Last: 2}, "2026-11-22 08:00", with("2036-11-22 08:00", "2036-11-23 08:00"), nil,
			[]string{"future s5 s6"}},
		{"pinned it is passed over", Policy{Daily: 4}, "2026-11-22 08:00", with("2036-11-22 08:00#pin", "2026-11-22 08:00"),
			[]int{0, 1}, nil},
		{"pinned it holds no place", Policy{Last: 4, Hourly: 4}, "2026-11-22 08:00", with("2036-11-22 08:00#pin"),
			[]int{0}, nil},
		{"a few minutes are no future", Policy{Last: 4}, "2026-11-22 08:00", with("2026-11-22 08:05"), []int{0, 1}, nil},
		{"the clock is back in 1970", Policy{Daily: 1}, "1970-01-01 01:00", with("1970-01-01 01:00"), nil,
			[]string{"future s0 s1 s2 s3 s4"}},
		{"the clock is ten years ahead now", month, "2036-11-22 08:01", with("2036-11-22 08:00"), nil, []string{"far s5"}},
		{"and is the day after", month, "2036-11-23 08:01", with("2036-11-22 08:00", "2036-11-23 08:00"), nil,
			[]string{"far s5 s6"}},
		{"asked for, the others count", Policy{Daily: 4, Asked: true}, "2036-11-22 08:01", with("2036-11-22 08:00"), []int{0},
			[]string{"far s5"}},
		{"after a week it is believed", Policy{Last: 4}, "2036-11-30 08:00", with("2036-11-22 08:00", "2036-11-29 08:00"),
			[]int{0, 1, 2}, nil},
		{"but not most of all go", month, "2036-11-30 08:00", with("2036-11-22 08:00", "2036-11-29 08:00"), nil,
			[]string{"most 5/7"}},
		{"two years' holiday, and nothing would go", Policy{Daily: 7}, "2028-11-22 08:00", with("2028-11-22 08:00"),
			nil, nil},
		{"two years' holiday", Policy{Daily: 4}, "2028-11-22 08:00", with("2028-11-22 08:00"), nil, []string{"far s5"}},
		{"once a year", Policy{Yearly: 3}, "2026-01-09 08:00",
			[]string{"2021-01-01 08:00", "2022-01-03 08:00", "2023-02-01 08:00", "2024-01-02 08:00", "2025-01-02 08:00",
				"2026-01-09 08:00"}, []int{0, 1, 2}, nil},
		{"every second year", Policy{Last: 3}, "2026-01-09 08:00",
			[]string{"2018-01-01 08:00", "2020-01-03 08:00", "2022-02-01 08:00", "2024-01-02 08:00", "2026-01-02 08:00"},
			[]int{0, 1}, nil},
		{"the clock was years behind once", Policy{Daily: 5}, "2026-11-22 08:00",
			with("2016-01-01 00:00", "2026-11-22 08:00"), []int{0}, nil},
		{"the clock was a year behind once", Policy{Last: 3}, "2026-11-22 08:00",
			with("2025-11-22 08:00", "2026-11-22 08:00"), []int{0, 1, 2}, nil},
		{"it takes no month's place", Policy{Monthly: 20, Daily: 3}, "2026-11-22 08:00",
			append([]string{"2025-10-20 08:00", "2025-11-20 08:00"}, with("2025-11-22 08:00", "2026-11-22 08:00")...),
			[]int{2, 3, 4}, nil},
		{"the clock is a year behind now", Policy{Last: 3}, "2025-11-22 08:00", with("2025-11-22 08:00"), nil,
			[]string{"future s0 s1 s2 s3 s4"}},
		{"the clock was two months ahead, once", Policy{Daily: 4}, "2027-02-02 08:00",
			append([]string{"2027-01-20 08:00"}, with("2026-11-22 08:00", "2027-02-02 08:00")...), []int{1, 2, 3}, nil},
		{"older ones are brought in afterwards", Policy{Last: 3}, "2026-11-23 08:00",
			[]string{"2026-11-22 08:00", "2026-01-01 08:00", "2026-01-02 08:00", "2026-01-03 08:00", "2026-11-23 08:00"},
			[]int{1}, nil},
		{"two, of which the second was made by a clock that is behind", Policy{Last: 1}, "2026-11-23 08:00",
			[]string{"2026-11-22 08:00", "2024-01-01 08:00"}, nil, nil},
		{"a clock set back by an hour", Policy{Last: 4}, "2026-11-21 08:00", with("2026-11-21 07:10"), []int{0, 1}, nil},
		{"days out of order are still days", Policy{Daily: 3}, "2026-11-23 08:00",
			[]string{"2026-11-19 08:00", "2026-11-20 08:00", "2026-11-21 08:00", "2026-11-20 09:00", "2026-11-21 09:00",
				"2026-11-22 08:00"}, []int{0, 1, 2}, nil},
		{"equal times", Policy{Last: 1, Daily: 1}, "2026-11-22 08:00",
			[]string{"2026-11-21 08:00", "2026-11-21 08:00", "2026-11-21 08:00"}, []int{0, 1}, nil},
		{"a tag that nothing has", Policy{Last: 4, Tags: []string{"relase"}}, "2026-11-22 08:00",
			with("2026-11-22 08:00#release"), nil, []string{"tag relase"}},
		{"in another case", Policy{Last: 4, Tags: []string{"Release"}}, "2026-11-22 08:00", with("2026-11-22 08:00#release"),
			nil, []string{"tag Release"}},
		{"the tag is there", Policy{Last: 4, Tags: []string{"release"}}, "2026-11-22 08:00", with("2026-11-22 08:00#release"),
			[]int{0, 1}, nil},
		{"it makes no difference yet", Policy{Daily: 7, Tags: []string{"release"}}, "2026-11-22 08:00",
			with("2026-11-22 08:00"), nil, nil},
		{"but is said when it is asked for", Policy{Daily: 7, Tags: []string{"release"}, Asked: true}, "2026-11-22 08:00",
			with("2026-11-22 08:00"), nil, []string{"tag release"}},
		{"nothing is pinned", Policy{Last: 4, Tags: []string{"pin"}}, "2026-11-22 08:00", with("2026-11-22 08:00"),
			[]int{0, 1}, nil},
		{"Pin is pin", Policy{Last: 4}, "2026-11-22 08:00", append([]string{"2026-10-01 08:00#Pin"}, five...), []int{1}, nil},
		{"half of them", Policy{Last: 3}, "2026-11-22 08:00", with("2026-11-22 08:00"), []int{0, 1, 2}, nil},
		{"more than half", Policy{Last: 2}, "2026-11-22 08:00", with("2026-11-22 08:00"), nil, []string{"most 4/6"}},
		{"more than half of a week", Policy{Last: 1}, "2026-11-22 08:00", five[2:], []int{0, 1}, nil},
		{"the many of a day, after a holiday", Policy{Within: daysBefore(2), WithinText: "2d", Daily: 7}, "2026-11-22 08:00",
			[]string{"2026-11-01 08:00", "2026-11-01 09:00", "2026-11-01 10:00", "2026-11-02 08:00", "2026-11-02 09:00",
				"2026-11-22 08:00"}, []int{0, 1, 3}, nil},
		{"the many of many days", Policy{Daily: 7}, "2026-11-22 08:00",
			[]string{"2026-11-01 08:00", "2026-11-01 10:00", "2026-11-02 08:00", "2026-11-02 10:00", "2026-11-03 08:00",
				"2026-11-03 10:00", "2026-11-04 08:00",
				"2026-11-04 10:00", "2026-11-05 08:00", "2026-11-05 10:00", "2026-11-06 08:00", "2026-11-06 10:00",
				"2026-11-07 08:00", "2026-11-07 10:00",
				"2026-11-08 08:00", "2026-11-08 10:00", "2026-11-09 08:00", "2026-11-09 10:00"}, nil, []string{"most 11/18"}},
		{"a new week and a new month, after one with errors", Policy{Weekly: 2, Monthly: 2}, "2027-03-01 08:00",
			[]string{"2027-01-22 08:00", "2027-02-21 08:00", "2027-02-26 08:00", "2027-02-28 08:00#e", "2027-03-01 08:00"},
			[]int{0, 1, 3}, nil},
		{"the same ones, but the rules would have taken one before", Policy{Weekly: 2, Monthly: 1}, "2027-03-01 08:00",
			[]string{"2027-01-22 08:00", "2027-02-21 08:00", "2027-02-26 08:00", "2027-02-28 08:00#e", "2027-03-01 08:00"},
			nil, []string{"most 3/5"}},
		{"all that were within a week, after a month", Policy{Within: daysBefore(7), WithinText: "7d", Weekly: 1},
			"2027-03-31 08:00", []string{"2027-02-26 08:00", "2027-02-27 08:00", "2027-02-28 08:00", "2027-03-01 08:00",
				"2027-03-31 08:00"}, nil, []string{"most 4/5"}},
		{"all of a day but the newest", Policy{Last: 1}, "2026-11-22 08:00",
			[]string{"2026-11-01 08:00", "2026-11-01 10:00", "2026-11-22 08:00"}, nil, []string{"most 2/3"}},
		{"allowed", Policy{Last: 2, AllowMost: true}, "2026-11-22 08:00", with("2026-11-22 08:00"), []int{0, 1, 2, 3}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.rules.Zone = time.UTC
			test.rules.Now, _ = time.Parse("2006-01-02 15:04", test.now)
			plan := test.rules.Plan(headers(t, time.UTC, test.times...), none)
			var gone []int
			for i, d := range plan.List {
				if !d.Keep {
					gone = append(gone, i)
				}
			}
			var stops []string
			for _, s := range plan.Stops {
				stops = append(stops, s.String())
			}
			if !slices.Equal(gone, test.gone) || !slices.Equal(stops, test.stops) {
				t.Errorf("gone %d, want %d; stops %q, want %q", gone, test.gone, stops, test.stops)
			}
		})
	}
}

// TestAskedForMost: a person who asks sees what would go, and it does not go without the word for it.
func TestAskedForMost(t *testing.T) {
	all := headers(t, time.UTC, "2026-11-01 08:00", "2026-11-08 08:00", "2026-11-15 08:00", "2026-11-20 08:00")
	plan := (&Policy{Last: 1, Asked: true, Zone: time.UTC}).Plan(all, none)
	if len(victims(plan.List)) != 3 || plan.Most() == nil || plan.Stops != nil {
		t.Errorf("%+v", plan)
	}
	if err := Apply(t.Context(), nil, plan, 0, nil); err == nil || !errors.Is(err, plan.Most()) {
		t.Errorf("%v", err)
	}
	if plan := (&Policy{Last: 1, Asked: true, AllowMost: true, Zone: time.UTC}).Plan(all, none); plan.Most() != nil {
		t.Errorf("%+v", plan)
	}
}

// TestMakingWayLeavesRoom: what makes way for the newest is not counted again where the disk has room enough.
func TestMakingWayLeavesRoom(t *testing.T) {
	all := headers(t, time.UTC, "2027-01-22 08:00", "2027-02-21 08:00", "2027-02-26 08:00", "2027-02-28 08:00#e",
		"2027-03-01 08:00")
	r := Policy{Weekly: 2, Monthly: 2, MinFree: MinFree{Bytes: 10}, FloorDaily: 1, Zone: time.UTC}
	for _, test := range []struct {
		need int64
		want string
	}{{0, ""}, {3, ""}, {4, "most 4/5"}} {
		p := r.Plan(all, none)
		r.makeRoom(p, test.need, func(list []Decision) int64 { return int64(len(victims(list))) })
		if said := strings.Trim(fmt.Sprint(p.Stops), "[]"); said != test.want || len(victims(p.List)) != 3 {
			t.Errorf("with %d needed %d go, %q, want %q", test.need, len(victims(p.List)), said, test.want)
		}
	}
}

// ordinary rules, as people write them. With a keep_within of a week, several backups a day and a holiday most of the
// snapshots would go at once, which is not ordinary.
func ordinaryRules(t *rapid.T) Policy {
	n := func(name string, from, to int) int { return rapid.IntRange(from, to).Draw(t, name) }
	switch rapid.IntRange(0, 5).Draw(t, "rules") {
	case 0:
		return Policy{Daily: 7}
	case 1:
		return Policy{Daily: n("daily", 3, 14), Weekly: n("weekly", 2, 8), Monthly: n("monthly", 0, 12),
			Yearly: n("yearly", 0, 5)}
	case 2:
		return Policy{Hourly: n("hourly", 12, 48), Daily: n("daily", 5, 14), Weekly: n("weekly", 0, 8)}
	case 3:
		return Policy{Last: n("last", 2, 40)}
	case 4:
		return Policy{Weekly: n("weekly", 2, 8), Monthly: n("monthly", 0, 12)}
	default:
		days := n("days", 1, 5)
		return Policy{Within: daysBefore(days), WithinText: fmt.Sprint(days, "d"), Daily: n("daily", 7, 30),
			Weekly: n("weekly", 4, 8)}
	}
}

// TestOrdinaryLifeMeetsNoGuard: a year of backups every hour, day, week or month, with runs that are left out,
// holidays and summer time, and rules that are tightened a little on the way.
func TestOrdinaryLifeMeetsNoGuard(t *testing.T) {
	zone := berlin(t)
	rapid.Check(t, func(t *rapid.T) {
		rules := ordinaryRules(t)
		rules.Zone = zone
		step := rapid.SampledFrom([]time.Duration{time.Hour, 4 * time.Hour, 24 * time.Hour, 24 * time.Hour,
			7 * 24 * time.Hour, 30 * 24 * time.Hour}).Draw(t, "step")
		steps := min(int(365*24*time.Hour/step), 150)
		seed := rapid.Uint64().Draw(t, "seed")
		random := func(n uint64) uint64 { seed = seed*6364136223846793005 + 1442695040888963407; return seed >> 33 % n }
		now := time.Date(2026, time.Month(1+random(12)), 3, 20, 0, 0, 0, zone)
		tighten := int(random(uint64(2 * steps)))
		var all []record.Header
		for i := range steps {
			now = now.Add(step + time.Duration(random(600))*time.Second)
			switch random(100) {
			case 0: // a holiday of up to three weeks
				now = now.AddDate(0, 0, int(random(21)))
			case 1, 2, 3, 4, 5, 6, 7, 8, 9: // nothing changed
				continue
			}
			if i == tighten && rules.Daily > 4 {
				rules.Daily--
			}
			all = append(all, record.Header{Name: fmt.Sprint("s", i), Seq: uint64(i + 1), Time: now,
				Errors: int64(random(10) / 9)})
			rules.Now = now.Add(time.Minute)
			plan := rules.Plan(all, none)
			if len(plan.Stops) > 0 {
				t.Fatalf("step %d of %v: %v", i, step, plan.Stops)
			}
			all = left(plan, all)
		}
	})
}

func left(plan *Plan, all []record.Header) []record.Header {
	var kept []record.Header
	for i := range plan.List {
		if plan.List[i].Keep {
			kept = append(kept, all[i])
		}
	}
	return kept
}

// TestNoTimeCostsMoreThanMeant: whatever the times are, the newest and the newest without errors stay; most go only if
// allowed; with one of the future nothing goes; and one whose time is not believed changes nothing for the others.
func TestNoTimeCostsMoreThanMeant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := ordinaryRules(t)
		rules.Zone, rules.Asked = time.UTC, rapid.Bool().Draw(t, "asked")
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		var all []record.Header
		for i := range rapid.IntRange(1, 12).Draw(t, "snapshots") {
			hours := rapid.OneOf(rapid.IntRange(0, 24), rapid.IntRange(0, 24*60),
				rapid.IntRange(-24*9000, 24*9000)).Draw(t, "hours")
			h := record.Header{Name: fmt.Sprint("s", i), Seq: uint64(i + 1), Time: start.Add(time.Duration(hours) * time.Hour),
				Errors: int64(rapid.IntRange(0, 1).Draw(t, "errors"))}
			all = append(all, h)
		}
		rules.Now = start.AddDate(0, 0, rapid.IntRange(0, 3000).Draw(t, "now"))
		plan := rules.Plan(all, none)
		if plan.Most() != nil {
			return // and none goes
		}
		kept := left(plan, all)
		if !slices.ContainsFunc(kept, func(h record.Header) bool { return h.Seq == uint64(len(all)) }) {
			t.Fatal("the newest is gone")
		}
		whole := func(h record.Header) bool { return h.Errors == 0 }
		if slices.ContainsFunc(all, whole) && !slices.ContainsFunc(kept, whole) {
			t.Fatal("nothing without errors is left")
		}
		if count, of := rules.most(plan.List); count > 0 {
			if before := rules.Plan(all[:len(all)-1], none); before.deletes() || count > 7 { // a place of each of six rules
				t.Fatalf("%d of %d go", count, of)
			}
		}
		future := slices.ContainsFunc(all, func(h record.Header) bool { return h.Time.After(rules.Now.Add(ClockSlack)) })
		if future && len(kept) < len(all) {
			t.Fatal("some go although there is one of the future")
		}
		if future {
			return
		}
		// One that a clock far ahead has made, and that was pinned, changes nothing for the others, wherever it stands.
		at := rapid.IntRange(0, len(all)).Draw(t, "at")
		astray := record.Header{Name: "astray", Seq: 1000, Time: rules.Now.AddDate(10, 0, 0), Tags: []string{PinTag},
			Errors: 1}
		more := slices.Insert(slices.Clone(all), at, astray)
		again := slices.DeleteFunc(left(rules.Plan(more, none), more),
			func(h record.Header) bool { return h.Name == "astray" })
		if !slices.EqualFunc(again, kept, func(a, b record.Header) bool { return a.Seq == b.Seq }) {
			t.Fatalf("left %d, with the one astray %d", len(kept), len(again))
		}
	})
}
