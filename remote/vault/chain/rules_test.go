package chain

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/internal/long"
)

// kinds of stores.
var kinds = []struct {
	name              string
	createOnly, clock bool
}{
	{"create-only", true, true},
	{"plain", false, true},
	{"no clock", false, false},
}

// explore runs the model from seed on until a violation, and says which.
func explore(r rules, createOnly, clock bool, runs int, seed uint64) (violation string, deleted int) {
	for i := range runs {
		rnd := rand.New(rand.NewPCG(seed+uint64(i), 7))
		w := newWorld(rnd.IntN, r, createOnly, clock)
		w.run(400, 3, 2, 6)
		deleted += w.deleted
		if w.violation != "" {
			return w.violation, deleted
		}
	}
	return "", deleted
}

// TestNothingIsLost: with the rules as they are no head that counts misses an object, nor does a reader.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		violation, deleted := explore(trueRules(), k.createOnly, k.clock, long.Of(400, 6000), long.Random(t).Uint64())
		if violation != "" {
			t.Errorf("%s: %s", k.name, violation)
		}
		if (deleted > 0) != k.clock { // else nothing was put to the test
			t.Errorf("%s: %d objects were deleted", k.name, deleted)
		}
	}
}

// TestNothingIsLostShrunk is the same with rapid, which makes a violation small.
func TestNothingIsLostShrunk(t *testing.T) {
	t.Parallel()
	long.Check(t, 30, func(rt *rapid.T) {
		k := rapid.SampledFrom(kinds).Draw(rt, "store")
		way := func(n int) int { return rapid.IntRange(0, n-1).Draw(rt, "way") }
		w := newWorld(way, trueRules(), k.createOnly, k.clock)
		w.run(120, 3, 2, 4)
		if w.violation != "" {
			rt.Fatal(w.violation)
		}
	})
}

// TestEveryWay tries all ways of the first choices, round robin after them.
func TestEveryWay(t *testing.T) {
	t.Parallel()
	depth := 7
	if long.Form() {
		depth = 10
	}
	for _, k := range kinds[:2] {
		runs := everyWay(depth, func(c choose) bool {
			w := newWorld(c, trueRules(), k.createOnly, k.clock)
			w.run(60, 2, 1, 1)
			if w.violation != "" {
				t.Errorf("%s: %s", k.name, w.violation)
			}
			return w.violation == ""
		})
		t.Logf("%s: %d ways", k.name, runs)
	}
}

// everyWay calls f with each sequence of choices of that length; few ways of a wide choice are tried.
func everyWay(depth int, f func(choose) bool) (runs int) {
	var path, width []int
	for {
		at := 0
		width = width[:0]
		c := func(n int) int {
			if at >= depth {
				return 0
			}
			n = min(n, 4)
			if at == len(path) {
				path = append(path, 0)
			}
			width = append(width, n)
			at++
			return path[at-1]
		}
		runs++
		if !f(c) {
			return runs
		}
		path = path[:len(width)]
		for len(path) > 0 && path[len(path)-1]+1 >= width[len(path)-1] {
			path = path[:len(path)-1]
		}
		if len(path) == 0 {
			return runs
		}
		path[len(path)-1]++
	}
}

// mutants are the rules, each with one line removed.
var mutants = []struct {
	name              string
	createOnly, clock bool
	change            func(r *rules)
}{
	{"R1: a head is put before its objects", true, true, func(r *rules) { r.early = true }},
	{"R1: own objects are not looked at after the base was read", true, true, func(r *rules) {
		r.usable = func(o Own, condemned func(string) bool) bool { return !condemned(o.Name) }
	}},
	{"R2: a head is put over another", true, true, func(r *rules) { r.overwrite = true }},
	{"R2: whatever is there is taken for one's own", true, true, func(r *rules) {
		r.resume = func(_ Intent, there Place) Step {
			if !there.Taken {
				return Put
			}
			return Settled
		}
	}},
	{"a head that was put is believed without a look above it", true, true, func(r *rules) {
		r.stands = func(Ref, []Ref, func(Ref) bool) bool { return true }
	}},
	{"R3: condemned objects are taken up again", true, true, func(r *rules) {
		r.usable = func(o Own, _ func(string) bool) bool { return o.Seen }
	}},
	{"R3: the same, plain", false, true, func(r *rules) {
		r.usable = func(o Own, _ func(string) bool) bool { return o.Seen }
	}},
	{"R4: what was condemned before is forgotten", true, true, func(r *rules) {
		r.condemn = func(_ map[string]uint64, leaving []string, n uint64) map[string]uint64 {
			return Condemn(nil, leaving, n)
		}
	}},
	{"R5: nothing waits", true, true, func(r *rules) {
		r.deletable = func(k uint64, s *Sight) Verdict {
			now := *s
			now.Grace = 0
			return Deletable(k, &now)
		}
	}},
	{"R6: orphans are deleted at once, by their age", true, true, func(r *rules) {
		r.deletable = func(k uint64, s *Sight) Verdict {
			if k == 0 {
				return Delete
			}
			return Deletable(k, s)
		}
	}},
	{"old heads: young ones go too", true, true, func(r *rules) {
		r.old = func(s *Sight) []Ref {
			now := *s
			now.Grace = 0
			return OldHeads(&now)
		}
	}},
	{"old heads: the last of them goes too", true, true, func(r *rules) {
		r.old = func(s *Sight) (old []Ref) {
			for _, h := range s.Heads {
				if h.Number+s.Keep <= s.Current.Number && s.aged(h) {
					old = append(old, h)
				}
			}
			return old
		}
	}},
	{"plain: of equals the smaller run", false, true, func(r *rules) {
		r.counts = func(a, b Ref) bool {
			a.Modified, b.Modified = time.Time{}, time.Time{}
			return Counts(a, b)
		}
	}},
	{"plain: head k+2 is not waited for, nor are rivals", false, true, func(r *rules) {
		r.deletable = func(k uint64, s *Sight) Verdict {
			now := *s
			now.CreateOnly = true
			return Deletable(k, &now)
		}
	}},
	{"plain: no store's clock", false, false, func(r *rules) {
		r.deletable = func(k uint64, s *Sight) Verdict {
			now := *s
			now.Clock = true
			return Deletable(k, &now)
		}
	}},
}

// TestTheModelFails: each rule is needed, and the model finds out.
func TestTheModelFails(t *testing.T) {
	t.Parallel()
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			r := trueRules()
			m.change(&r)
			runs := long.Of(20_000, 20_000) // it ends with the first
			violation, _ := explore(r, m.createOnly, m.clock, runs, 1)
			if violation == "" {
				t.Errorf("%d runs found nothing wrong", runs)
			}
			t.Log(violation)
		})
	}
}

// TestARivalAsHighAsTheLine: without create-only Puts, who has seen but a rival may sleep and put a head on it that counts,
// unless a head of the line above the rival was there first. Chance comes to this too seldom for the model.
func TestARivalAsHighAsTheLine(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	head := func(n uint64, run string, days int) Ref {
		return Ref{Number: n, Run: run, Modified: now.AddDate(0, 0, -days)}
	}
	for _, c := range []struct {
		rival uint64
		young uint64 // a head of the line that is a day old; 0: none
		want  Verdict
	}{{7, 0, Wait}, {7, 8, Wait}, {6, 0, Delete}, {8, 9, Wait}, {4, 0, Delete}} {
		s := &Sight{Now: now, Grace: Grace, Clock: true, Line: func(r Ref) bool { return r.Run == "line" }}
		for n := uint64(4); n < 8; n++ {
			s.Heads = append(s.Heads, head(n, "line", 20))
		}
		if s.Heads = append(s.Heads, head(c.rival, "rival", 19)); c.young > 0 {
			s.Heads = append(s.Heads, head(c.young, "line", 1))
		}
		s.Current = Current(s.Heads)
		if c.rival == 8 { // the line's 9 is what counts
			s.Current = head(9, "line", 1)
		}
		if got := Deletable(5, s); got != c.want {
			t.Errorf("rival %d, young %d: %v", c.rival, c.young, got)
		}
	}
}
