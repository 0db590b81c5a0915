// Package pace keeps work that several goroutines do at a number of bytes a second.
package pace

import (
	"context"
	"sync"
	"time"

	"snap/internal/stream"
)

// Rate is what all who share it may do together. Over any time it is exact but for what may be caught up with: a
// quarter of a second's worth.
type Rate struct {
	perSecond int64
	now       func() time.Time
	pause     func(context.Context, time.Duration) error

	mu   sync.Mutex
	next time.Time // when what was allowed so far is used up
}

// burst is how much may be caught up with after a time in which less was done.
const burst = time.Second / 4

// New allows so many bytes a second, at least one.
func New(perSecond int64) *Rate { return newRate(perSecond, time.Now, stream.Pause) }

func newRate(perSecond int64, now func() time.Time, pause func(context.Context, time.Duration) error) *Rate {
	return &Rate{perSecond: max(perSecond, 1), now: now, pause: pause}
}

// Piece is how much to ask for at a time, so that nobody waits long for it: an eighth of a second's worth.
func (r *Rate) Piece() int64 { return max(r.perSecond/8, 1) }

// Wait waits until n bytes more are allowed, or returns the error of the context.
func (r *Rate) Wait(ctx context.Context, n int64) error {
	r.mu.Lock()
	now := r.now()
	if earliest := now.Add(-burst); r.next.Before(earliest) {
		r.next = earliest
	}
	r.next = r.next.Add(time.Duration(float64(n) / float64(r.perSecond) * float64(time.Second)))
	wait := r.next.Sub(now)
	r.mu.Unlock()
	if wait <= 0 {
		return ctx.Err()
	}
	return r.pause(ctx, wait)
}
