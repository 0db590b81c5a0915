package peer

import (
	"context"
	"encoding/json"
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

// want asks for a stream that will be read: it may come before. What is wanted beyond what the other end takes at once
// waits here.
func (t *taker) want(a ask) *incoming {
	s := &incoming{t: t, ask: a, news: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asked >= maxAsked || t.err != nil {
		t.waiting = append(t.waiting, s)
		return s
	}
	s.counts = true
	if err := t.send(s); err != nil && t.err == nil {
		t.err = err
	}
	return s
}

// send asks for a stream. The caller has the lock.
func (t *taker) send(s *incoming) error {
	if s.number == 0 && !s.opened {
		s.counts = true
		t.asked++
	}
	t.last++
	s.number = t.last
	t.streams[s.number] = s
	b, err := json.Marshal(&s.ask)
	if err != nil {
		return err
	}
	return t.w.control(kindAsk, append(numbered(s.number), b...))
}

// open begins to read a stream, which has a credit of its own from now on.
func (t *taker) open(s *incoming) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return t.err
	}
	s.opened = true
	if s.number == 0 {
		if err := t.send(s); err != nil {
			return err
		}
	}
	if s.done {
		return nil
	}
	return t.w.control(kindCredit, numbered(s.number, ownCredit))
}

// free gives the credit of a piece back. The caller has the lock.
func (t *taker) free(s *incoming, p *piece) error {
	const atOnce = 256 << 10
	if p.ahead {
		t.ahead -= p.cost()
		if t.owed += p.cost(); t.owed < atOnce {
			return nil
		}
		owed := t.owed
		t.owed = 0
		return t.w.control(kindCredit, numbered(0, uint64(owed)))
	}
	s.owns -= p.cost()
	if s.owed += p.cost(); s.owed < ownCredit/4 || s.done || s.closed {
		return nil
	}
	owed := s.owed
	s.owed = 0
	return t.w.control(kindCredit, numbered(s.number, uint64(owed)))
}

// next is the next piece of a stream that was opened; io.EOF after the last.
func (s *incoming) next(ctx context.Context) (*piece, error) {
	for {
		s.t.mu.Lock()
		switch {
		case s.closed:
			s.t.mu.Unlock()
			return nil, errClosed
		case len(s.got) > 0:
			p := s.got[0]
			s.got = s.got[1:]
			err := s.t.free(s, p)
			s.t.mu.Unlock()
			return p, err
		case s.done:
			s.t.mu.Unlock()
			if s.err != nil {
				return nil, s.err
			}
			return nil, io.EOF
		case s.t.err != nil:
			s.t.mu.Unlock()
			return nil, s.t.err
		}
		s.t.mu.Unlock()
		select {
		case <-s.news:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// close drops what has come and not been read.
func (s *incoming) close() error {
	t := s.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var err error
	for _, p := range s.got {
		err = errors.Join(err, t.free(s, p))
	}
	s.got = nil
	if t.err != nil || s.done || s.number == 0 {
		return nil
	}
	return errors.Join(err, t.w.control(kindCancel, numbered(s.number)))
}
