package progress

import (
	"testing"
	"time"
)

// pace is how something gets on for so many seconds.
type pace struct {
	seconds int
	speed   float64 // a second
}

// run tells an estimate how work of so much in all gets on, five times a second, and returns what it said after each.
func run(total float64, paces ...pace) (said []time.Duration, truth []time.Duration) {
	now, done := time.Unix(1e9, 0), 0.0
	var e Estimate
	e.See(now, 0, total)
	all := 0
	for _, p := range paces {
		all += 5 * p.seconds
	}
	for _, p := range paces {
		for range 5 * p.seconds {
			now, done = now.Add(200*time.Millisecond), min(done+p.speed/5, total)
			e.See(now, done, total)
			all--
			said, truth = append(said, e.Left(now)), append(truth, time.Duration(all)*200*time.Millisecond)
		}
	}
	return said, truth
}

func TestTimeLeft(t *testing.T) {
	for _, c := range []struct {
		what  string
		paces []pace
		jumps int // how often at most it is not what it was, less the time that passed
		off   float64
	}{
		{"at one pace", []pace{{100, 10}}, 1, 0.01},
		{"in fits and starts", repeat(20, pace{2, 20}, pace{3, 4}), 4, 0.3},
		{"with pauses of four seconds", repeat(10, pace{6, 100. / 6}, pace{4, 0}), 8, 0.5},
		{"slower from half on", []pace{{50, 13}, {100, 3.5}}, 12, 2},
	} {
		said, truth := run(1000, c.paces...)
		jumps, first := 0, -1
		for i := range said {
			if said[i] == 0 {
				continue
			}
			if first < 0 {
				first = i
			}
			if i > first && (said[i]-said[i-1]+200*time.Millisecond).Abs() > time.Second {
				jumps++
			}
			if off := (said[i] - truth[i]).Abs(); i > first+50 && truth[i] > 10*time.Second &&
				off.Seconds() > c.off*truth[i].Seconds()+3 {
				t.Errorf("%s: after %d s it says %v, and it is %v", c.what, i/5, said[i], truth[i])
				break
			}
		}
		if first < 24 || first > 30 {
			t.Errorf("%s: told first after %d fifths of a second", c.what, first)
		}
		if jumps > c.jumps {
			t.Errorf("%s: %d jumps", c.what, jumps)
		}
	}
}

func repeat(n int, of ...pace) (all []pace) {
	for range n {
		all = append(all, of...)
	}
	return all
}

// What means nothing is not told: at the beginning, of next to nothing done, when nothing moves, and of all done.
func TestTimeLeftThatIsNotTold(t *testing.T) {
	for what, c := range map[string]struct {
		total float64
		paces []pace
	}{
		"four seconds":        {100, []pace{{4, 5}}},
		"nothing done":        {100, []pace{{60, 0}}},
		"a hundredth of that": {1e6, []pace{{60, 100}}},
		"hundreds of years":   {1e30, []pace{{60, 1}}},
		"done":                {10, []pace{{4, 5}, {60, 0}}},
		"no work at all":      {0, []pace{{60, 0}}},
	} {
		said, _ := run(c.total, c.paces...)
		for i, d := range said {
			if d != 0 {
				t.Errorf("%s: %v after %d fifths of a second", what, d, i)
				break
			}
		}
	}
}

// A process that was stopped for an hour, or a machine that slept, has not become slow.
func TestTimeLeftAfterASleep(t *testing.T) {
	now := time.Unix(1e9, 0)
	var e Estimate
	var r Rate
	step := func(from, to int) {
		for i := from; i < to; i++ {
			now = now.Add(time.Second)
			e.See(now, float64(i), 100)
			r.See(now, int64(i)*1000)
		}
	}
	step(0, 50)
	before := e.Left(now)
	now = now.Add(time.Hour)
	step(50, 51)
	if left := e.Left(now); (before - left).Abs() > 3*time.Second {
		t.Errorf("%v before, %v after", before, left)
	}
	if step(51, 60); r.Value() < 990 || r.Value() > 1010 {
		t.Errorf("%d bytes a second", r.Value())
	}
}
