package peer

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// ErrCut: the pipe has ended before what was asked for came.
var ErrCut = errors.New("the connection has ended")

// taker asks the other end for streams.
type taker struct {
	w *frameWriter

	mu      sync.Mutex
	last    uint64
	streams map[uint64]*incoming
	asked   int         // that were asked for ahead, and have not ended
	waiting []*incoming // to be asked for when others have ended
	ahead   int64       // bytes that came on the common credit, and were not read yet
	owed    int64       // credit that is to be given back
	err     error       // nothing comes any more
}

// incoming is a stream that comes. Its fields are under the taker's lock.
type incoming struct {
	t      *taker
	number uint64 // 0: it is not asked for yet
	ask    ask
	counts bool // as one that is asked for ahead

	opened bool  // somebody reads it
	owns   int64 // bytes that came on its own credit, and were not read yet
	owed   int64 // credit that is to be given back
	got    []*piece
	done   bool
	err    error         // how it has ended, nil for well
	news   chan struct{} // something came, or it has ended
	closed bool
}

func newTaker(w *frameWriter) *taker { return &taker{w: w, streams: map[uint64]*incoming{}} }

// listen takes what comes, until the pipe ends or the other end breaks the protocol.
func (t *taker) listen(r *frameReader) error {
	for {
		kind, payload, err := r.next()
		if err == nil {
			err = t.hear(kind, payload)
		}
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = fmt.Errorf("%w: %w", ErrCut, err)
			}
			t.fail(err)
			return err
		}
	}
}

// fail ends all streams.
func (t *taker) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
	}
	for _, s := range t.streams {
		s.wake()
	}
	for _, s := range t.waiting {
		s.wake()
	}
}

func (s *incoming) wake() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

func (t *taker) hear(kind byte, payload []byte) error {
	switch kind {
	case kindData:
		n, rest, err := cut(payload, 2)
		if err != nil {
			return err
		}
		return t.came(n[0], &piece{data: rest, ahead: n[1] == classAhead})
	case kindCopy:
		n, _, err := cut(payload, 4)
		if err != nil {
			return err
		}
		if int64(n[2]) < 0 || int64(n[3]) <= 0 || int64(n[2]+n[3]) < 0 {
			return fmt.Errorf("%w: bytes of nowhere", ErrProtocol)
		}
		return t.came(n[0], &piece{offset: int64(n[2]), len: int64(n[3]), ahead: n[1] == classAhead})
	case kindEnd:
		n, rest, err := cut(payload, 1)
		if err != nil {
			return err
		}
		return t.finished(n[0], rest)
	}
	return fmt.Errorf("%w: it says %q", ErrProtocol, kind)
}

// came takes a piece, as long as its credit lasts.
func (t *taker) came(number uint64, p *piece) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.streams[number]
	if s == nil || s.done || p.data == nil && s.ask.Old == nil {
		return fmt.Errorf("%w: a part of what nobody asked for", ErrProtocol)
	}
	switch {
	case p.ahead:
		if t.ahead += p.cost(); t.ahead > aheadCredit {
			return fmt.Errorf("%w: more comes than was granted", ErrProtocol)
		}
	default:
		if s.owns += p.cost(); s.owns > ownCredit {
			return fmt.Errorf("%w: more comes than was granted", ErrProtocol)
		}
	}
	if s.closed {
		return t.free(s, p)
	}
	s.got = append(s.got, p)
	s.wake()
	return nil
}

func (t *taker) finished(number uint64, said []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.streams[number]
	if s == nil || s.done {
		return fmt.Errorf("%w: the end of what nobody asked for", ErrProtocol)
	}
	s.done = true
	delete(t.streams, number)
	if len(said) > 0 {
		e := ended{}
		if err := fromJSON(said, &e); err != nil {
			return err
		}
		s.err = errorOf(&e)
	}
	s.wake()
	if s.counts {
		t.asked--
	}
	for len(t.waiting) > 0 && t.asked < maxAsked {
		next := t.waiting[0]
		t.waiting = t.waiting[1:]
		if next.number == 0 && !next.closed {
			if err := t.send(next); err != nil {
				return err
			}
		}
	}
	return nil
}
