package destination

import (
	"math"
	"testing"
	"time"
)

func checkedOn(day int) time.Time { return time.Date(2026, 11, day, 8, 0, 0, 0, time.UTC) }

func seventh(n int) ReadPart { return ReadPart{Share: 1. / 7, Part: n, Parts: 7} }

// TestDamageIsLeftUntilItIsLookedAtAgain: a check that does not read what the damage was found in says nothing about
// it.
func TestDamageIsLeftUntilItIsLookedAtAgain(t *testing.T) {
	none, all, tenth := ReadPart{}, ReadPart{Share: 1}, ReadPart{Share: 0.1}
	for _, test := range []struct {
		what          string
		before, after ReadPart
		errors        int64 // of the second
		want          *ReadPart
	}{
		{"trees, then trees", none, none, 0, nil},
		{"trees, then a part", none, tenth, 0, nil},
		{"all, then trees", all, none, 0, &all},
		{"all, then a part", all, seventh(1), 0, &all},
		{"all, then all", all, all, 0, nil},
		{"a part, then another", seventh(3), seventh(4), 0, ptr(seventh(3))},
		{"a part, then the same", seventh(3), seventh(3), 0, nil},
		{"a random part, then one", tenth, tenth, 0, &tenth},
		{"a random part, then all", tenth, all, 0, nil},
		{"a random part, then half", tenth, ReadPart{Share: 0.5}, 0, &tenth},
		{"damage in both", tenth, none, 2, &all},
		{"damage in both, seen by the second", none, tenth, 2, &tenth},
	} {
		before := LastCheck{Time: checkedOn(1), Read: test.before, Errors: 1, Found: []DamageFound{{What: "old"}}}
		before.follow(nil)
		after := LastCheck{Time: checkedOn(2), Read: test.after, Errors: test.errors}
		if test.errors > 0 {
			after.Found = []DamageFound{{What: "new"}}
		}
		after.follow(&before)
		switch {
		case (after.Left == nil) != (test.want == nil):
			t.Errorf("%s: %+v is left", test.what, after.Left)
		case after.Left != nil && after.Left.Read != *test.want:
			t.Errorf("%s: %+v has to be read, want %+v", test.what, after.Left.Read, *test.want)
		}
		found := ""
		if after.Left != nil {
			for _, f := range after.Left.Found {
				found += f.What + " "
			}
		}
		want := ""
		switch {
		case test.errors > 0 && test.after.covers(test.before):
			want = "new "
		case test.errors > 0:
			want = "new old "
		case test.want != nil:
			want = "old "
		}
		if found != want {
			t.Errorf("%s: found %q, want %q", test.what, found, want)
		}
	}
	stopped := LastCheck{Time: checkedOn(2), Read: all, Stopped: true, Errors: 1}
	stopped.follow(&LastCheck{Left: &DamageLeft{Time: checkedOn(1), Errors: 1, Read: all}})
	if stopped.Left == nil || len(stopped.Reads) > 0 {
		t.Errorf("one that was stopped: %+v", stopped)
	}
}

func ptr[T any](v T) *T { return &v }

// TestHowMuchWasRead: parts by content add up, parts at random overlap.
func TestHowMuchWasRead(t *testing.T) {
	for _, test := range []struct {
		what  string
		reads []ReadPart // on the 1st, the 2nd, …
		want  float64    // since the 2nd
	}{
		{"nothing", nil, 0},
		{"all too early", []ReadPart{{Share: 1}}, 0},
		{"all", []ReadPart{{}, {Share: 1}}, 1},
		{"three of seven, one twice, one too early",
			[]ReadPart{seventh(1), seventh(2), seventh(3), seventh(2), seventh(4)}, 3. / 7},
		{"all seven", []ReadPart{{}, seventh(1), seventh(2), seventh(3), seventh(4), seventh(5), seventh(6), seventh(7)}, 1},
		{"half and half at random", []ReadPart{{}, {Share: 0.5}, {Share: 0.5}}, 0.75},
		{"a seventh and half of it", []ReadPart{{}, seventh(1), {Share: 0.5}}, 4. / 7},
	} {
		var last *LastCheck
		for i, r := range test.reads {
			next := &LastCheck{Time: checkedOn(i + 1), Read: r}
			next.follow(last)
			last = next
		}
		if last == nil {
			last = &LastCheck{}
		}
		if got := last.ReadSince(checkedOn(2), func(PastRead) float64 { return 0 }); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", test.what, got, test.want)
		}
	}
	many := &LastCheck{}
	for range 2 * readsKept {
		next := &LastCheck{Time: checkedOn(1), Read: seventh(1)}
		next.follow(many)
		many = next
	}
	if len(many.Reads) != readsKept {
		t.Errorf("%d checks are remembered", len(many.Reads))
	}
}

// TestWhatCameSinceIsNotRead: a check has read nothing of what was not there yet.
func TestWhatCameSinceIsNotRead(t *testing.T) {
	all, half := ReadPart{Share: 1}, ReadPart{Share: 0.5}
	for _, test := range []struct {
		what  string
		reads []PastRead // Copied says how much, in percent, is newer
		want  float64
	}{
		{"nothing since", []PastRead{{Read: all}}, 1},
		{"much since", []PastRead{{Read: all, Copied: 60}}, 0.4},
		{"all of it since", []PastRead{{Read: all, Copied: 100}}, 0},
		{"all, then half", []PastRead{{Read: all, Copied: 60}, {Read: half, Copied: 20}}, 0.6},
		{"half, then all", []PastRead{{Read: half, Copied: 60}, {Read: all, Copied: 20}}, 0.8},
		{"two parts of seven, more between", []PastRead{{Read: seventh(1), Copied: 30}, {Read: seventh(2)}},
			0.7*2/7 + 0.3/7},
	} {
		for i := range test.reads {
			test.reads[i].Time = checkedOn(2 + i)
		}
		c := &LastCheck{Reads: test.reads}
		got := c.ReadSince(checkedOn(2), func(r PastRead) float64 { return float64(r.Copied) / 100 })
		if math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", test.what, got, test.want)
		}
	}
}

// TestADayOfSpace: one sample a day, the last, in order, and not more than are kept.
func TestADayOfSpace(t *testing.T) {
	var s spaceDays
	at := func(day, hour int) time.Time { return time.Date(2026, 1, day, hour, 0, 0, 0, time.UTC) }
	s.add(SpaceDay{at(2, 8), 20, 100})
	s.add(SpaceDay{at(2, 20), 19, 100})
	s.add(SpaceDay{at(1, 8), 30, 100})
	if len(s.Days) != 2 || s.Days[0].Free != 30 || s.Days[1].Free != 19 {
		t.Errorf("%+v", s.Days)
	}
	for day := range 200 {
		s.add(SpaceDay{at(3+day, 8), 1, 100})
	}
	if len(s.Days) != spaceDaysKept || !s.Days[0].Time.Equal(at(202-spaceDaysKept+1, 8)) {
		t.Errorf("%d days from %v", len(s.Days), s.Days[0].Time)
	}
}

// Much damage is told in part, so that the note can be read again.
func TestMuchDamageIsToldInPart(t *testing.T) {
	var many, long []DamageFound
	for range 500 {
		many = append(many, DamageFound{What: "size", Path: []byte("a")})
		long = append(long, DamageFound{What: "size", Path: make([]byte, 32_000)})
	}
	if n := len(keepFound(many)); n != foundKept {
		t.Errorf("%d of many are told", n)
	}
	if n := len(keepFound(long)); n != 2 {
		t.Errorf("%d of long ones are told", n)
	}
}
