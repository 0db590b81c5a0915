package peer

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"snap/internal/quote"
)

// ErrNoSnap: what answers is no snap, or nothing does.
var ErrNoSnap = errors.New("no snap answers there")

// talk is a pipe whose two ends have said who they are.
type talk struct {
	w *frameWriter
	r *frameReader
}

func newTalk(r io.Reader, w io.Writer) (*talk, error) {
	out, err := newFrameWriter(w)
	if err != nil {
		return nil, err
	}
	in, err := newFrameReader(r)
	if err != nil {
		return nil, errors.Join(err, out.close())
	}
	return &talk{out, in}, nil
}

// close sends what is left to be sent. The pipe stays open.
func (t *talk) close() error { return t.w.close() }

// say sends a frame of JSON.
func (t *talk) say(kind byte, v any) error { return say(t.w, kind, v) }

func say(w *frameWriter, kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.write(kind, b)
}

// greet says who is here.
func (t *talk) greet(h *hello) error {
	h.Version = version
	t.w.raw(magic)
	return t.say(kindHello, h)
}

// meet hears who is there.
func (t *talk) meet() (*hello, error) {
	if err := expectMagic(t.r.r); err != nil {
		return nil, err
	}
	kind, payload, err := t.r.next()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoSnap, err)
	}
	h := &hello{}
	if kind != kindHello {
		return nil, fmt.Errorf("%w: it says %q", ErrProtocol, kind)
	}
	if err := fromJSON(payload, h); err != nil {
		return nil, err
	}
	if h.Version != version && h.Trouble == nil {
		return nil, fmt.Errorf("the snap there speaks version %d of the protocol, this one %d: use the same on both machines",
			h.Version, version)
	}
	return h, nil
}

// expectMagic refuses what does not begin as a snap does: a login shell that prints something, for instance.
func expectMagic(r *bufio.Reader) error {
	b, err := r.Peek(len(magic))
	if string(b) == magic {
		_, err = r.Discard(len(magic))
		return err
	}
	if len(b) == 0 {
		return fmt.Errorf("%w: %w", ErrNoSnap, err)
	}
	more, _ := r.Peek(min(r.Buffered(), 100))
	return fmt.Errorf("%w: it says %s", ErrNoSnap, quote.Name(string(more)))
}
