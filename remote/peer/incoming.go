package peer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
)

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
