package progress

import "time"

// Course is how an operation gets on, from the states that it tells and the bytes that its meter counts meanwhile. It
// is for one goroutine at a time.
type Course struct {
	meter   *Meter
	state   State
	began   time.Time // the stage
	before  int64     // what the meter had counted when the stage began
	moreYet int64     // and what it had taken into the totals
	work    Estimate
	bytes   Rate
}

// NewCourse begins one. meter counts the bytes of files in work, nil if nobody does.
func NewCourse(meter *Meter) *Course { return &Course{meter: meter} }

// Show takes the newest state, at the time now. It costs next to nothing. It reports whether a stage begins.
func (c *Course) Show(s State, now func() time.Time) (begins bool) {
	if begins = c.state.Stage != s.Stage; begins {
		c.began, c.work, c.bytes = now(), Estimate{}, Rate{}
		if c.state.Stage != "" { // what was counted before the first belongs to it
			c.before, c.moreYet = c.meter.Bytes()
		}
	}
	c.state = s
	return begins
}

// Standing is how far an operation has come, and how fast it gets on. Its State has the bytes of files in work too.
type Standing struct {
	State
	Share   float64       // of the stage, from 0 to 1; below 0: not known
	Elapsed time.Duration // since the stage began
	Rate    int64         // bytes a second lately
	Left    time.Duration // 0: not known
}

// perFile is for how many bytes a file counts beside its own: making it takes about as long as writing them.
const perFile = 64 << 10

// At is how it stands at the time now. It is to be asked some times a second.
func (c *Course) At(now time.Time) Standing {
	at := Standing{State: c.state, Share: -1, Elapsed: now.Sub(c.began)}
	moved, more := c.meter.Bytes()
	at.Bytes = max(at.Bytes, moved-c.before)
	if at.TotalBytes > 0 || more > c.moreYet {
		at.TotalBytes = max(at.TotalBytes+more-c.moreYet, 0)
	}
	if path := c.meter.Path(); path != "" {
		at.Path = path
	}
	if at.TotalFiles > 0 && at.About && at.Files > at.TotalFiles { // more than there were
		at.TotalFiles = 0
	}
	if at.TotalFiles > 0 {
		at.Files = min(at.Files, at.TotalFiles)
	}
	if at.TotalBytes > 0 {
		at.Bytes = min(at.Bytes, at.TotalBytes)
	}
	c.bytes.See(now, at.Bytes)
	at.Rate = c.bytes.Value()
	var done, total float64
	if at.TotalFiles > 0 {
		done, total = perFile*float64(at.Files), perFile*float64(at.TotalFiles)
	}
	if at.TotalBytes > 0 {
		done, total = done+float64(at.Bytes), total+float64(at.TotalBytes)
	}
	if total > 0 {
		at.Share = done / total
		c.work.See(now, done, total)
		at.Left = c.work.Left(now)
	}
	return at
}
