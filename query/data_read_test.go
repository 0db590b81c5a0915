package query

import (
	"math"
	"testing"

	"snap/destination"
	"snap/record"
)

// TestWhatIsNewerThanACheck: of what is there now, also after snapshots before and behind it were deleted.
func TestWhatIsNewerThanACheck(t *testing.T) {
	snap := func(seq uint64, held, run int64) record.Header {
		h := record.Header{Seq: seq, CopiedBytes: held}
		if run != held {
			h.RunCopied = &run
		}
		return h
	}
	for _, c := range []struct {
		what   string
		all    Snapshots
		gone   int // so many of the first are not there
		read   destination.PastRead
		copied int64
		want   float64
	}{
		{"nothing since", Snapshots{snap(1, 90, 90), snap(2, 10, 10)}, 0,
			destination.PastRead{Newest: 2, Copied: 100}, 100, 0},
		{"one since", Snapshots{snap(1, 90, 90), snap(2, 10, 10)}, 0, destination.PastRead{Newest: 1, Copied: 90}, 100, 0.1},
		{"one since, the first deleted: what it had is old", Snapshots{snap(2, 100, 10)}, 0,
			destination.PastRead{Newest: 1, Copied: 90}, 100, 0.1},
		{"three since, two of them and the first deleted", Snapshots{snap(4, 120, 10)}, 0,
			destination.PastRead{Newest: 1, Copied: 90}, 120, 0.25},
		{"more was copied since than is there", Snapshots{snap(1, 90, 90), snap(9, 10, 10)}, 0,
			destination.PastRead{Newest: 1, Copied: 90}, 1000, 0.1},
		{"how much was copied is lost", Snapshots{snap(1, 50, 50), snap(2, 50, 50)}, 0,
			destination.PastRead{Newest: 1, Copied: 90}, 50, 0.5},
		{"what was read is not there", Snapshots{snap(1, 90, 90), snap(2, 10, 10)}, 1,
			destination.PastRead{Newest: 1, Copied: 90}, 100, 1},
		{"before the first", Snapshots{snap(1, 90, 90)}, 0, destination.PastRead{}, 90, 1},
		{"empty files", Snapshots{snap(1, 0, 0)}, 0, destination.PastRead{Newest: 1}, 0, 0},
		{"nothing there", nil, 0, destination.PastRead{Newest: 3}, 90, 1},
	} {
		present := make([]bool, len(c.all))
		for i := range present {
			present[i] = i >= c.gone
		}
		if got := newerThan(c.all, present, c.copied)(c.read); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}
