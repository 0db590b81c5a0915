package peer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"snap/backup"
	"snap/record"
	"snap/remote/replica"
)

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// Changes are the records of a change set, if that was sent.
func (t *Tape) Changes(_ context.Context, h *record.Header) (iter.Seq2[*record.Entry, error], bool, error) {
	p, ok := t.sets[h.Seq]
	if !ok || p.whole {
		return nil, false, nil
	}
	return t.records(p.at), true, nil
}

// Listing is all that a snapshot holds, if that was sent.
func (t *Tape) Listing(_ context.Context, h *record.Header) iter.Seq2[*record.Entry, error] {
	p, ok := t.sets[h.Seq]
	if !ok || !p.whole {
		return func(yield func(*record.Entry, error) bool) {
			yield(nil, fmt.Errorf("only what has changed in %s was sent, and the snapshot before it is another one here",
				h.Name))
		}
	}
	return t.records(p.at)
}

func (t *Tape) records(at int64) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		c, err := record.NewChangeReader(t.open(at))
		if err != nil {
			yield(nil, err)
			return
		}
		entries(c, io.NopCloser(nil))(yield)
	}
}

// open reads the bytes that begin at a place.
func (t *Tape) open(at int64) *taped {
	in := io.NewSectionReader(t.in, at, 1<<62-at)
	return &taped{r: &frameReader{bufio.NewReaderSize(in, 32<<10), t.zip}}
}

// taped is a stream on a tape.
type taped struct {
	r    *frameReader
	left []byte
	done bool
}

func (s *taped) Read(p []byte) (int, error) {
	for len(s.left) == 0 {
		if s.done {
			return 0, io.EOF
		}
		kind, payload, err := s.r.next()
		switch {
		case err != nil:
			return 0, err
		case kind == kindData:
			s.left = payload
		case kind == kindEnd && len(payload) > 0:
			e := ended{}
			if err := json.Unmarshal(payload, &e); err != nil {
				return 0, err
			}
			return 0, errorOf(&e)
		default:
			s.done = true
		}
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}

func (s *taped) Close() error { return nil }

// Contents are the bytes that were sent; of what was not, those at the same path of the snapshot before.
func (t *Tape) Contents(_ context.Context, h *record.Header, old replica.Old) (replica.Contents, error) {
	return &tapedFiles{t, h.Seq, old}, nil
}

type tapedFiles struct {
	t   *Tape
	seq uint64
	old replica.Old
}

func (c *tapedFiles) Want(*backup.Wanted) {}
func (c *tapedFiles) Close() error        { return nil }

func (c *tapedFiles) Open(_ context.Context, w *backup.Wanted) (io.ReadCloser, error) {
	if w.Size == 0 {
		return io.NopCloser(eof{}), nil
	}
	at, ok := c.t.contents[shortKey(keyOf(&w.Record, c.seq, w.Path))]
	switch {
	case ok && w.Tries == 0:
		return c.t.open(at), nil
	case c.old != nil:
		if f, err := c.old(w.Path); err == nil {
			return f, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: %w", backup.ErrLost, err)
		}
	}
	return nil, fmt.Errorf("%w: its bytes were not sent", backup.ErrLost)
}
