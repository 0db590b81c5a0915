package pace

import (
	"context"
	"testing"
	"time"
)

// clock goes on only when somebody waits for it.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func (c *clock) pause(ctx context.Context, d time.Duration) error {
	c.at = c.at.Add(d)
	return ctx.Err()
}

func TestARateIsExactOverSeconds(t *testing.T) {
	for _, rate := range []int64{1, 7, 1000, 20 << 20, 3 << 40} {
		begun := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		c := &clock{begun}
		r := newRate(rate, c.now, c.pause)
		done := int64(0)
		for c.at.Sub(begun) < 100*time.Second {
			n := r.Piece()
			if err := r.Wait(t.Context(), n); err != nil {
				t.Fatal(err)
			}
			if done += n; float64(done) > float64(rate)*(c.at.Sub(begun)+burst).Seconds()*1.0001+1 {
				t.Fatalf("%d a second: %d bytes after %s", rate, done, c.at.Sub(begun))
			}
		}
		took := c.at.Sub(begun).Seconds()
		if got := float64(done) / took; got < float64(rate)*0.99 || got > float64(rate)*1.01+1 {
			t.Errorf("%d a second: %f", rate, got)
		}
	}
}

// TestIdleTimeIsNotSavedUp: after a time in which nothing was done no more is done at once than a quarter of a second's
// worth.
func TestIdleTimeIsNotSavedUp(t *testing.T) {
	c := &clock{time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	r := newRate(1000, c.now, c.pause)
	c.at = c.at.Add(time.Hour)
	begun, done := c.at, int64(0)
	for c.at.Equal(begun) {
		if err := r.Wait(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		done += 10
	}
	if done > 260 {
		t.Errorf("%d bytes at once", done)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(1).Wait(ctx, 1<<40); err == nil {
		t.Error("it waited")
	}
}
