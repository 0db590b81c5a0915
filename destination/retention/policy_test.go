package retention

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"snap/record"
)

// berlin is a zone with summer time.
func berlin(t *testing.T) *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func none(*record.Header) bool { return false }

// kept are the positions that stay, with their reasons.
func kept(list []Decision) (names []string) {
	for i, d := range list {
		if d.Keep {
			names = append(names, fmt.Sprintf("%d: %s", i, strings.Join(d.Reasons, ", ")))
		}
	}
	return names
}

func headers(t *testing.T, zone *time.Location, times ...string) []record.Header {
	var all []record.Header
	for i, s := range times {
		text, mark, _ := strings.Cut(s, "#") // "#e" has errors, other marks are tags
		at, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		h := record.Header{Name: fmt.Sprint("s", i), Seq: uint64(i + 1), Time: at.UTC(), State: record.Complete}
		switch mark {
		case "":
		case "e":
			h.Errors = 1
		default:
			h.Tags = []string{mark}
		}
		all = append(all, h)
	}
	return all
}

func TestRetention(t *testing.T) {
	zone := berlin(t)
	times := []string{
		"2024-12-31 23:30", "2025-01-01 00:30", "2026-10-25 01:30", "2026-10-25 03:30", "2026-11-15 23:59",
		"2026-11-16 00:01", "2026-11-21 08:10", "2026-11-21 08:50", "2026-11-22 09:00",
	}
	days := func(n int) func(time.Time) time.Time {
		return func(t time.Time) time.Time { return t.AddDate(0, 0, -n) }
	}
	for _, test := range []struct {
		name  string
		rules Policy
		times []string
		want  []string
	}{
		{"last", Policy{Last: 2}, times, []string{"7: last 2", "8: newest, last 1"}},
		{"hourly", Policy{Hourly: 2}, times,
			[]string{"7: hourly 2026-11-21 08h +0100", "8: newest, hourly 2026-11-22 09h +0100"}},
		{"daily", Policy{Daily: 3}, times,
			[]string{"5: daily 2026-11-16", "7: daily 2026-11-21", "8: newest, daily 2026-11-22"}},
		{"a week begins on Monday", Policy{Weekly: 2}, times, []string{"4: weekly 2026-W46", "8: newest, weekly 2026-W47"}},
		{"monthly", Policy{Monthly: 2}, times, []string{"3: monthly 2026-10", "8: newest, monthly 2026-11"}},
		{"yearly, by the local calendar", Policy{Yearly: 9}, times,
			[]string{"0: yearly 2024", "1: yearly 2025", "8: newest, yearly 2026"}},
		{"within, counted from the newest", Policy{Within: days(7), WithinText: "7d"}, times,
			[]string{"4: within 7d", "5: within 7d", "6: within 7d", "7: within 7d", "8: newest, within 7d"}},
		{"tags and pins", Policy{Last: 1, Tags: []string{"good"}},
			[]string{"2026-01-01 00:00#pin", "2026-01-02 00:00#good", "2026-01-03 00:00#bad", "2026-01-04 00:00"},
			[]string{"0: pinned", "1: tag good", "3: newest, last 1"}},
		{"the newest without errors stays", Policy{Last: 1},
			[]string{"2026-01-01 00:00", "2026-01-02 00:00", "2026-01-03 00:00#e", "2026-01-04 00:00#e"},
			[]string{"1: newest without errors", "3: newest, last 1"}},
		{"a day's one without errors is kept", Policy{Daily: 2},
			[]string{"2026-01-01 08:00", "2026-01-01 09:00#e", "2026-01-02 08:00#e", "2026-01-03 08:00"},
			[]string{"2: daily 2026-01-02", "3: newest, daily 2026-01-03"}},
		{"two hours at the end of summer time are two", Policy{Hourly: 3}, []string{"2026-10-25 01:30", "2026-10-25 03:30"},
			[]string{"0: hourly 2026-10-25 01h +0200", "1: newest, hourly 2026-10-25 03h +0100"}},
		{"a clock set back: the newest is the last made", Policy{Last: 1}, []string{"2026-05-01 00:00", "2026-04-30 20:00"},
			[]string{"1: newest, last 1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.rules.Zone, test.rules.AllowMost = zone, true
			if got := kept(test.rules.Plan(headers(t, zone, test.times...), none).List); !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestRetentionOfMissingSnapshots(t *testing.T) {
	all := headers(t, time.UTC, "2026-01-01 00:00", "2026-01-02 00:00", "2026-01-03 00:00#pin")
	gone := func(h *record.Header) bool { return h.Seq == 3 }
	list := (&Policy{Last: 1, Zone: time.UTC}).Plan(all, gone).List
	want := []string{"1: newest, last 1", "2: its folder is gone"} // no rule forgets it: it may only be called otherwise
	if got := kept(list); !slices.Equal(got, want) {
		t.Errorf("kept %q", got)
	}
	list = (&Policy{Last: 1}).Plan(all, func(*record.Header) bool { return true }).List
	if got := kept(list); len(got) != len(all) || strings.Contains(strings.Join(got, " "), "last") {
		t.Errorf("kept %q", got)
	}
}

func TestMakeRoom(t *testing.T) {
	all := headers(t, time.UTC, "2026-01-01 00:00#pin", "2026-01-02 00:00", "2026-01-03 00:00", "2026-01-04 00:00#e",
		"2026-01-05 00:00", "2026-01-05 01:00")
	freed := func(list []Decision) (n int64) {
		for _, d := range list {
			if !d.Keep {
				n += 100
			}
		}
		return n
	}
	for _, test := range []struct {
		name  string
		need  int64
		floor int
		want  []int
		short int64
	}{
		{"there is room", 0, 0, []int{0, 1, 2, 3, 4, 5}, 0},
		{"one goes", 50, 0, []int{0, 2, 3, 4, 5}, 0},
		{"all but the pinned one and the newest go", 400, 0, []int{0, 5}, 0},
		{"if that is not enough, none goes", 1000, 0, []int{0, 1, 2, 3, 4, 5}, 600},
		{"the newest of each of two days stay", 300, 2, []int{0, 3, 5}, 0},
		{"and it is not enough then", 301, 2, []int{0, 1, 2, 3, 4, 5}, 1},
		{"seven days", 100, 7, []int{0, 1, 2, 3, 5}, 0},
	} {
		r := &Policy{MinFree: MinFree{Bytes: 1}, FloorDaily: test.floor, Zone: time.UTC}
		plan := r.Plan(all, none)
		r.makeRoom(plan, test.need, freed)
		short := int64(0)
		for _, s := range plan.Stops {
			if s.Reason != NoRoom || !s.Room {
				t.Errorf("%s: %+v", test.name, s)
			}
			short = s.Short
		}
		var left []int
		for i, d := range plan.List {
			if d.Keep {
				left = append(left, i)
			}
		}
		if !slices.Equal(left, test.want) || short != test.short {
			t.Errorf("%s: left %d, want %d; %d short, want %d", test.name, left, test.want, short, test.short)
		}
	}
	if (MinFree{Percent: 10}).target(1000) != 100 || (MinFree{Bytes: 500, Percent: 10}).target(1000) != 500 {
		t.Error("target")
	}
}
