package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"snap/remote/replica"
)

// givers is how many streams are read from the disk at the same time.
const givers = 4

// maxBegun is how many streams are begun at a time: each has a file open, and a piece of it in memory. Others wait
// until some have ended, whatever the other end would read of them.
const maxBegun = 128

// giver answers what the other end asks of a destination here.
type giver struct {
	x     *replica.Here
	w     *frameWriter
	trees *trees
	told  func(kind byte, payload []byte) error // what is no question; nil: nothing is expected

	mu      sync.Mutex
	changed *sync.Cond
	streams map[uint64]*outgoing
	queue   []*outgoing // not begun, in the order in which they were asked for
	urgent  int         // how many of these somebody waits for, or nobody any more
	begun   []*outgoing // without enough credit
	live    int         // begun, and not ended
	ahead   int64       // credit of all that nobody reads yet
	err     error       // why it ends
}

// outgoing is a stream that is sent. Its credit is the giver's to change, under the lock; the rest is of the one
// goroutine that works on it.
type outgoing struct {
	number    uint64
	ask       ask
	own       int64 // credit of its own
	reads     bool  // it has had some: somebody waits for it
	cancelled bool
	queued    bool // it is not begun

	src  pieces
	next *piece // that could not be sent yet
}

// close closes what it is read from.
func (s *outgoing) close() {
	if s.src != nil {
		s.src.close() // it was only read
	}
	s.src, s.next = nil, nil
}

// piece is a part of a stream: bytes, or where they are in the old file.
type piece struct {
	data        []byte
	offset, len int64 // with data nil
	ahead       bool  // it was sent on the common credit
}

func (p *piece) cost() int64 { return int64(len(p.data)) + pieceCost }

// pieces is where the parts of a stream come from; io.EOF after the last.
type pieces interface {
	next(ctx context.Context) (*piece, error)
	close() error
}

// newGiver gives what is asked for from x. told is told all else that the other end says.
func newGiver(x *replica.Here, w *frameWriter, told func(kind byte, payload []byte) error) *giver {
	g := &giver{x: x, w: w, trees: newTrees(x), told: told, streams: map[uint64]*outgoing{}, ahead: aheadCredit}
	g.changed = sync.NewCond(&g.mu)
	return g
}

// run answers until the pipe ends, between two frames, or told returns io.EOF.
func (g *giver) run(ctx context.Context, r *frameReader) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	for range givers {
		all.Go(func() { g.work(ctx) })
	}
	err := g.listen(r)
	g.end(errors.Join(err, io.EOF))
	stop()
	all.Wait()
	for _, s := range g.begun {
		s.close()
	}
	err = errors.Join(err, g.trees.close())
	g.mu.Lock()
	defer g.mu.Unlock()
	if !errors.Is(g.err, io.EOF) {
		return g.err
	}
	return err
}

// end has all workers end.
func (g *giver) end(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		g.err = err
	}
	g.changed.Broadcast()
}

// listen reads what the other end says. It never waits for what is sent.
func (g *giver) listen(r *frameReader) error {
	for {
		kind, payload, err := r.next()
		if err == nil {
			err = g.hear(kind, payload)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (g *giver) hear(kind byte, payload []byte) error {
	switch kind {
	case kindAsk:
		n, rest, err := cut(payload, 1)
		s := &outgoing{number: n[0]}
		if err == nil {
			err = fromJSON(rest, &s.ask)
		}
		if err != nil {
			return err
		}
		return g.add(s)
	case kindCredit:
		n, _, err := cut(payload, 2)
		if err != nil {
			return err
		}
		return g.credit(n[0], n[1])
	case kindCancel:
		n, _, err := cut(payload, 1)
		if err != nil {
			return err
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if s := g.streams[n[0]]; s != nil {
			g.hurry(s)
			s.cancelled = true
			g.changed.Broadcast()
		}
		return nil
	}
	if g.told == nil {
		return fmt.Errorf("%w: it says %q", ErrProtocol, kind)
	}
	return g.told(kind, payload)
}

func (g *giver) add(s *outgoing) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.streams[s.number] != nil || s.number == 0 || len(g.streams) >= 2*maxAsked {
		return fmt.Errorf("%w: a number twice, or too many questions", ErrProtocol)
	}
	g.streams[s.number], s.queued = s, true
	g.queue = append(g.queue, s)
	g.changed.Broadcast()
	return nil
}

func (g *giver) credit(number, more uint64) error {
	if more > aheadCredit {
		return fmt.Errorf("%w: a credit of %d bytes", ErrProtocol, more)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.streams[number]; s != nil {
		g.hurry(s)
		s.own, s.reads = min(s.own+int64(more), aheadCredit), true
	} else if number == 0 {
		g.ahead = min(g.ahead+int64(more), aheadCredit)
	}
	g.changed.Broadcast()
	return nil
}
