package peer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
)

// hurry counts a stream that is not begun as one that is to be begun at once. The caller has the lock.
func (g *giver) hurry(s *outgoing) {
	if s.queued && !s.reads && !s.cancelled {
		g.urgent++
	}
}

// work sends streams, one after the other.
func (g *giver) work(ctx context.Context) {
	for {
		s := g.pick()
		if s == nil {
			return
		}
		if err := g.send(ctx, s); err != nil {
			s.close()
			g.end(err)
			return
		}
	}
}

// pick takes the stream to work on next, nil at the end: one that somebody waits for before those that nobody reads
// yet, and of these the one that was asked for first.
func (g *giver) pick() *outgoing {
	g.mu.Lock()
	defer g.mu.Unlock()
	for {
		if g.err != nil {
			return nil
		}
		for i, s := range g.begun {
			if s.cancelled || g.affords(s) {
				g.begun = slices.Delete(g.begun, i, i+1)
				return s
			}
		}
		if s := g.unqueue(); s != nil {
			return s
		}
		g.changed.Wait()
	}
}

// unqueue takes the stream that is to be begun next, nil where none is. One that nobody wants any more is only ended.
func (g *giver) unqueue() *outgoing {
	if len(g.queue) == 0 {
		return nil
	}
	n, room := 0, g.live < maxBegun
	switch first := g.queue[0]; {
	case g.urgent > 0:
		n = slices.IndexFunc(g.queue, func(s *outgoing) bool { return s.reads && room || s.cancelled })
		if n < 0 {
			return nil
		}
		g.urgent--
	case !room || first.ask.Kind != askFile || g.ahead < pieceSize+pieceCost:
		return nil
	}
	s := g.queue[n]
	s.queued, g.queue = false, slices.Delete(g.queue, n, n+1)
	g.live++
	return s
}

// affords reports whether the next piece of a stream can be sent.
func (g *giver) affords(s *outgoing) bool {
	return s.own >= s.next.cost() || s.ask.Kind == askFile && g.ahead >= s.next.cost()
}

// send sends as much of a stream as there is credit for. An error is of the pipe.
func (g *giver) send(ctx context.Context, s *outgoing) error {
	for {
		err := g.goesOn(s)
		if err == nil && s.src == nil {
			s.src, err = g.open(ctx, s)
		}
		if err == nil && s.next == nil {
			s.next, err = s.src.next(ctx)
		}
		if err != nil {
			return g.finish(s, err)
		}
		if !g.spend(s) {
			return nil
		}
		if err := g.write(s.number, s.next); err != nil {
			return err
		}
		s.next = nil
	}
}

// goesOn says why nothing more of a stream is to be sent.
func (g *giver) goesOn(s *outgoing) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.cancelled {
		return io.EOF
	}
	return g.err
}

// spend takes the credit of the next piece. Where there is not enough the stream is put aside.
func (g *giver) spend(s *outgoing) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch cost := s.next.cost(); {
	case s.own >= cost:
		s.own -= cost
	case s.ask.Kind == askFile && g.ahead >= cost:
		g.ahead -= cost
		s.next.ahead = true
	default:
		g.begun = append(g.begun, s)
		return false
	}
	return true
}

func (g *giver) write(number uint64, p *piece) error {
	class := uint64(classOwn)
	if p.ahead {
		class = classAhead
	}
	if p.data == nil {
		return g.w.write(kindCopy, numbered(number, class, uint64(p.offset), uint64(p.len)))
	}
	return g.w.write(kindData, append(numbered(number, class), p.data...))
}

// finish ends a stream: err is io.EOF, or why there is nothing more.
func (g *giver) finish(s *outgoing, err error) error {
	s.close()
	g.mu.Lock()
	delete(g.streams, s.number)
	g.live--
	g.changed.Broadcast()
	g.mu.Unlock()
	payload := numbered(s.number)
	if !errors.Is(err, io.EOF) {
		said, jerr := json.Marshal(endOf(err))
		if jerr != nil {
			return jerr
		}
		payload = append(payload, said...)
	}
	return g.w.write(kindEnd, payload)
}
