package restore

import (
	"path/filepath"
	"testing"

	"snap/internal/progress"
)

// What is counted while files are restored comes to what was expected before, whatever is done with each.
func TestCountedBytesComeToWhatWasExpected(t *testing.T) {
	d := groups(t)
	target := filepath.Join(work(t), "out")
	for _, c := range []struct {
		items []Item
		how   Overwrite
		total int64 // as the caller knows it
		bytes int64
	}{
		{[]Item{{Path: "a", To: "a"}, {Path: "single", To: "single"}}, Never, 0, 5 + 6},
		{nil, IfChanged, 3*5 + 2*5 + 6, 5 + 5 + 6},
		{nil, IfChanged, 3*5 + 2*5 + 6, 0},
		{nil, Always, 3*5 + 2*5 + 6, 5 + 5 + 6},
		{[]Item{{Path: "a", To: "a"}}, Skip, 0, 0},
	} {
		ctx, meter := progress.Watch(t.Context())
		if c.items == nil {
			c.items = []Item{{}}
		}
		res, err := Run(ctx, d.db, &d.header, d.tree(), Options{Items: c.items, Target: target, Overwrite: c.how, Jobs: 2})
		done, more := meter.Bytes()
		if err != nil || res.Errors > 0 || done != c.total+more || res.BytesRestored > c.bytes {
			t.Errorf("%v: %v, %+v: %d bytes counted of %d and %d more", c.items, err, res, done, c.total, more)
		}
	}
}
