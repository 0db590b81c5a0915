package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"snap/backup"
	"snap/internal/file"
)

// errorOf is what a stream has ended with.
func errorOf(e *ended) error {
	switch {
	case e.Lost:
		return fmt.Errorf("%w: %s", backup.ErrLost, e.Text)
	case e.None:
		return errNone
	}
	return &Trouble{Text: e.Text, Code: 1}
}

// reader reads a stream that was opened.
type reader struct {
	ctx  context.Context //nolint:containedctx // of the one who opened it: an io.Reader has none
	s    *incoming
	left []byte // of the last piece
	old  *old   // what copies are made of
	copy piece  // what is copied now
}

// old is the file that pieces are copied from, opened when the first comes.
type old struct {
	open func() (*file.File, error)
	f    *file.File
}

func (t *taker) reader(ctx context.Context, s *incoming) (*reader, error) {
	if err := t.open(s); err != nil {
		return nil, err
	}
	return &reader{ctx: ctx, s: s}, nil
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.left) == 0 && r.copy.len == 0 {
		next, err := r.s.next(r.ctx)
		if err != nil {
			return 0, err
		}
		if next.data == nil {
			r.copy = *next
		} else {
			r.left = next.data
		}
	}
	if r.copy.len > 0 {
		return r.readOld(p)
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// readOld reads of the old file. Where that is not what it should be, the file is wanted again, without it.
func (r *reader) readOld(p []byte) (int, error) {
	if r.old == nil {
		return 0, fmt.Errorf("%w: a copy of nothing", ErrProtocol)
	}
	if r.old.f == nil {
		f, err := r.old.open()
		if err != nil {
			return 0, fmt.Errorf("%w: its old bytes: %w", backup.ErrOtherContent, err)
		}
		r.old.f = f
	}
	n, err := r.old.f.ReadAt(p[:min(int64(len(p)), r.copy.len)], r.copy.offset)
	if n == 0 {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, fmt.Errorf("%w: its old bytes: %w", backup.ErrOtherContent, err)
	}
	r.copy.offset += int64(n)
	r.copy.len -= int64(n)
	return n, nil
}

func (r *reader) Close() error {
	err := r.s.close()
	if r.old != nil && r.old.f != nil {
		err = errors.Join(err, r.old.f.Close())
	}
	return err
}

// wantedMost bounds how much is said at once of a destination as a whole: its snapshots, its settings.
const wantedMost = 64 << 20

// answer is all of a stream.
func (t *taker) answer(ctx context.Context, a ask, v any) error {
	r, err := t.reader(ctx, t.want(a))
	if err != nil {
		return err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, wantedMost+1))
	if err != nil {
		return err
	}
	if len(b) > wantedMost {
		return fmt.Errorf("%w: an answer of more than %d bytes", ErrProtocol, wantedMost)
	}
	return fromJSON(b, v)
}

// forget drops a stream that is not asked for yet.
func (t *taker) forget(s *incoming) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = slices.DeleteFunc(t.waiting, func(w *incoming) bool { return w == s })
}
