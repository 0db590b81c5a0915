package backup

import (
	"time"

	"snap/internal/file"
	"snap/record"
)

// How often a run saves how far it has come, so that little is lost when it is interrupted.
//
// Records are handed to the system a second or 64 MiB after the last ones at the latest: a process that is
// killed loses no more than about that, and a large snapshot's change set is hardly larger for it. A
// checkpoint makes everything durable, which holds up the copying while the disk catches up: after a
// minute or 10 GiB that is little beside what a power cut would cost.
const (
	flushTime  = time.Second
	flushBytes = 64 << 20
	syncTime   = time.Minute
	syncBytes  = 10 << 30
)

// interval ends after some time or some bytes, whichever comes first.
type interval struct {
	time  time.Duration
	bytes int64

	since time.Time
	from  int64
}

// elapsed reports whether the interval has ended at the time now, with copied bytes since the run began.
func (l *interval) elapsed(now time.Time, copied int64) bool {
	return now.Sub(l.since) >= l.time || copied-l.from >= l.bytes
}

// begin begins the next interval.
func (l *interval) begin(now time.Time, copied int64) { l.since, l.from = now, copied }

// save writes the records of what was made, if it is time to.
func (b *builder) save(w *record.ChangeWriter) error {
	now, copied := time.Now(), b.copied.Load()
	if copied > b.run.checkpoint.from && b.run.checkpoint.elapsed(now, copied) && file.SyncsSystem() {
		if err := w.Flush(); err != nil { // the records become durable with their files
			return err
		}
		if err := b.run.d.Sync(); err != nil {
			return err
		}
		b.run.checkpoint.begin(time.Now(), copied)
		return w.Checkpoint()
	}
	if b.run.flush.elapsed(now, copied) {
		b.run.flush.begin(now, copied)
		return w.Flush()
	}
	return nil
}
