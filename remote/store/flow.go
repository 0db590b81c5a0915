package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"snap/internal/pace"
)

// maxWhole is the largest object that is read without saying how much: no head is larger, and a place that lies about
// a size costs no more memory than that.
const maxWhole = 64 << 20

// flow is the bytes of one try of a request: they keep to the rates that all requests share, and as long as they move
// the request is not given up.
type flow struct {
	up, down *pace.Rate
	alive    func()
}

func (f flow) wait(ctx context.Context, rate *pace.Rate, n int) error {
	f.alive()
	if rate == nil {
		return ctx.Err()
	}
	defer f.alive()
	return rate.Wait(ctx, int64(n))
}

// chunk is how much is moved between two looks at the rate.
func chunk(rate *pace.Rate) int {
	const most = 128 << 10
	if rate == nil {
		return most
	}
	return int(min(rate.Piece(), most))
}

// sender reads a body for the network. It has no WriteTo, which would move it all at once.
type sender struct {
	body *bytes.Reader
	most int
	wait func(n int) error
}

func (f flow) sender(ctx context.Context, body []byte) *sender {
	return &sender{bytes.NewReader(body), chunk(f.up), func(n int) error { return f.wait(ctx, f.up, n) }}
}

func (s *sender) Read(p []byte) (int, error) {
	n, err := s.body.Read(p[:min(len(p), s.most)])
	if n > 0 {
		return n, firstError(err, s.wait(n))
	}
	return n, err
}

func (s *sender) Seek(offset int64, whence int) (int64, error) { return s.body.Seek(offset, whence) }

// receive reads n bytes. An r that ends before is a connection that broke.
func (f flow) receive(ctx context.Context, r io.Reader, n int64) ([]byte, error) {
	body := make([]byte, n)
	for done := 0; done < len(body); {
		got, err := r.Read(body[done:min(done+chunk(f.down), len(body))])
		if got > 0 {
			done += got
			if err := f.wait(ctx, f.down, got); err != nil {
				return nil, err
			}
		}
		if err != nil && done < len(body) {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("after %d of %d bytes: %w", done, n, err)
		}
	}
	return body, nil
}

// skip reads past n bytes that were not asked for.
func (f flow) skip(ctx context.Context, r io.Reader, n int64) error {
	for n > 0 {
		got, err := io.CopyN(io.Discard, r, min(n, int64(chunk(f.down))))
		n -= got
		if err := firstError(err, f.wait(ctx, f.down, int(got))); err != nil {
			return err
		}
	}
	return nil
}
