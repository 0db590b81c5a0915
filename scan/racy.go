package scan

import (
	"time"

	"snap/internal/file"
)

// racyWindow: a time this close to the look does not prove that nothing was written since. The coarsest clocks in use
// tick in 2 s (FAT); borg allows 3 s too.
const racyWindow = 3 * time.Second

// skew is how far a file server's clock may be ahead of this computer's, so that a time in the future is of a moment
// ago.
const skew = 24 * time.Hour

// Racy reports whether the times of an entry, seen at the time now by a run that began at start, leave open that it was
// changed, or will be, without another time: the next run then looks at it again.
//
// A change sets the ctime to the moment that it happens, so that only a ctime of about now is doubtful, be it a little
// ahead of this computer's clock; one far in the future is left by a clock that was wrong, and no change will set it
// again. A modification time can be set to any value, and a ctime in the past proves that it was. But not one of the
// last seconds: some file systems show the time when a file was made as its ctime.
func Racy(s *file.Stat, start, now time.Time, rules Rules) bool {
	from := file.At(start.Add(-racyWindow))
	between := func(t file.Time, to time.Time) bool { return !t.Before(from) && t.Before(file.At(to)) }
	if between(s.Ctime, now.Add(skew)) {
		return true
	}
	if s.Ctime.IsZero() || rules.IgnoreCtime {
		return between(s.Mtime, now.Add(skew))
	}
	return between(s.Mtime, now.Add(racyWindow))
}
