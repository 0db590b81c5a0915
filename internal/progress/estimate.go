package progress

import (
	"math"
	"time"
)

// Estimate says how fast work gets on and how long it will still take. What was done lately weighs most, and what it
// has said stays until it is wrong by more than a little: it counts down and does not jump. Its zero value has seen
// nothing.
type Estimate struct {
	seen    time.Time // when it was told last
	done    float64   // so much was done then
	elapsed time.Duration
	lately  average
	finish  time.Time // as it was told last, zero: not yet
}

const (
	// memory is after how much time what was is worth a third: long enough for a pause of the disk to pass unseen.
	memory = 45 * time.Second
	// asleep is a time in which nobody can have worked: the process was stopped, or the machine slept.
	asleep = 5 * time.Second
	// untold is how long, and leastShare how much of the work, it takes until a guess means something.
	untold, leastShare = 5 * time.Second, 0.01
	// band is by what part of itself the time left may be wrong before it is told anew.
	band = 0.2
)

// See is told that at the time now so much of total is done. Both are in one unit, and total may change.
func (e *Estimate) See(now time.Time, done, total float64) {
	if e.seen.IsZero() {
		e.seen, e.done = now, done
		return
	}
	dt := now.Sub(e.seen)
	if dt <= 0 {
		return
	}
	was := e.done
	e.seen, e.done = now, done
	if dt > asleep {
		if !e.finish.IsZero() {
			e.finish = e.finish.Add(dt)
		}
		return
	}
	e.elapsed += dt
	e.lately.see(dt, memory, max(done-was, 0)/dt.Seconds())
	speed := e.lately.value()
	if e.elapsed < untold || done < leastShare*total || speed <= 0 || done >= total {
		return
	}
	left := (total - done) / speed
	if left > float64(math.MaxInt64/time.Second)/2 {
		return
	}
	at := now.Add(time.Duration(left * float64(time.Second)))
	off := at.Sub(e.finish).Abs()
	if e.finish.IsZero() || off > time.Duration(band*float64(at.Sub(now)))+2*time.Second {
		e.finish = at
	}
}

// Left is how long the work will still take at the time now; 0: that cannot be told.
func (e *Estimate) Left(now time.Time) time.Duration {
	if e.finish.IsZero() || e.done <= 0 {
		return 0
	}
	return max(e.finish.Sub(now), 0)
}

// average weighs what it sees by how long ago it was.
type average struct{ sum, weight float64 }

// see takes in a value that held for dt; after the time memory it counts for a third.
func (a *average) see(dt, memory time.Duration, v float64) {
	w := 1 - math.Exp(-dt.Seconds()/memory.Seconds())
	a.sum += w * (v - a.sum)
	a.weight += w * (1 - a.weight)
}

// value is the average: of a short time too, for it is divided by what all weights come to.
func (a *average) value() float64 {
	if a.weight == 0 {
		return 0
	}
	return a.sum / a.weight
}

// Rate is how many bytes a second there were lately. Its zero value has seen nothing.
type Rate struct {
	seen   time.Time
	bytes  int64
	lately average
}

// See is told how many bytes there are at the time now.
func (r *Rate) See(now time.Time, bytes int64) {
	const memory = 5 * time.Second
	if dt := now.Sub(r.seen); !r.seen.IsZero() && dt > 0 && dt <= asleep {
		r.lately.see(dt, memory, float64(max(bytes-r.bytes, 0))/dt.Seconds())
	}
	r.seen, r.bytes = now, bytes
}

// Value is the bytes a second, 0 while there were none.
func (r *Rate) Value() int64 { return int64(r.lately.value()) }
