package progress

import (
	"context"
	"testing"
)

// A file counts for what it was begun with, whatever happens to it.
func TestMeter(t *testing.T) {
	ctx, m := Watch(context.Background())
	if MeterOf(ctx) != m || MeterOf(context.Background()) != nil {
		t.Error("the context takes another meter along")
	}
	is := func(what string, bytes int64, path string) {
		t.Helper()
		if n, _ := m.Bytes(); n != bytes || m.Path() != path {
			t.Errorf("%s: %d bytes, %q", what, n, m.Path())
		}
	}
	const size = 10 << 20
	grows, other := m.Begin("grows", size), m.Begin("other", size)
	grows.Moved(4)
	is("begun", 4, "grows")
	grows.Moved(2 * size)
	is("it grew", size, "grows")
	grows.Again()
	is("once more", 0, "grows")
	grows.Moved(3)
	grows.End()
	is("it shrank", size, "other")
	other.Moved(5)
	other.Drop()
	is("taken back", size, "")
	small := m.Begin("small", 10)
	is("a small one is not named", size, "")
	small.End()
	m.Add(7)
	m.Expect(3)
	if n, more := m.Bytes(); n != size+17 || more != 3 {
		t.Errorf("%d bytes, %d more", n, more)
	}
	var none *Meter
	work := none.Begin("x", 1)
	work.Moved(1)
	work.Again()
	work.Drop()
	work.End()
	none.Add(1)
	none.Expect(1)
	if n, more := none.Bytes(); n != 0 || more != 0 || none.Path() != "" {
		t.Error("nobody's meter counts")
	}
}
