package store

import (
	"context"
	"sync"
)

// gate lets so many requests through at a time. A place that says it is too many halves their number; each full round
// that went well makes it one more again (the rule of TCP: additive increase, multiplicative decrease).
type gate struct {
	mu    sync.Mutex
	most  int
	limit int
	busy  int
	well  int           // answered well since limit last changed
	moved chan struct{} // closed when somebody may go on
}

func newGate(most int) *gate { return &gate{most: most, limit: most, moved: make(chan struct{})} }

// enter waits until another request may begin.
func (g *gate) enter(ctx context.Context) error {
	for ctx.Err() == nil {
		g.mu.Lock()
		if g.busy < g.limit {
			g.busy++
			g.mu.Unlock()
			return nil
		}
		moved := g.moved
		g.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// leave says that a request has ended, and whether the place was asked too much.
func (g *gate) leave(tooMuch bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy--
	switch g.well++; {
	case tooMuch:
		g.limit, g.well = max(g.limit/2, 1), 0
	case g.well >= g.limit && g.limit < g.most:
		g.limit, g.well = g.limit+1, 0
	}
	close(g.moved)
	g.moved = make(chan struct{})
}

// atLeast lets so many through until the function that it returns is called.
func (g *gate) atLeast(n int) func() {
	g.mu.Lock()
	defer g.mu.Unlock()
	most, limit := g.most, g.limit
	g.most, g.limit = max(most, n), max(limit, n)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.most, g.limit = most, limit
	}
}
