package peer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"snap/internal/file"
	"snap/record"
)

// Tape is what Send has written, as what a replica follows. It is read once from front to end when it is opened, and
// nothing of it is used before its SHA-256 is right.
type Tape struct {
	in       io.ReaderAt
	zip      *decompressor
	head     sendHead
	all      []record.Header
	sets     map[uint64]place // by the number of the snapshot
	contents map[[16]byte]int64
}

// place is where records begin.
type place struct {
	at    int64
	whole bool
}

// shortKey is a key of contents in memory.
func shortKey(key []byte) [16]byte {
	sum := sha256.Sum256(key)
	return [16]byte(sum[:16])
}

// OpenTape reads what Send has written. in is read at any place afterwards, until the tape is not used any more.
func OpenTape(ctx context.Context, in io.ReaderAt) (*Tape, error) {
	t := &Tape{in: in, sets: map[uint64]place{}, contents: map[[16]byte]int64{}}
	count := &counted{r: io.NewSectionReader(in, 0, 1<<62)}
	r, err := newFrameReader(count)
	if err != nil {
		return nil, err
	}
	magic := make([]byte, len(sendMagic))
	if _, err := io.ReadFull(r.r, magic); err != nil || string(magic) != sendMagic {
		return nil, fmt.Errorf("%w: it does not begin as what snap send writes", ErrProtocol)
	}
	t.zip = r.zip
	if err := t.scan(ctx, r, count); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: it is cut off", ErrProtocol)
		}
		return nil, err
	}
	return t, nil
}

// counted counts what is read.
type counted struct {
	r io.Reader
	n int64
}

// scan finds what there is.
func (t *Tape) scan(ctx context.Context, r *frameReader, count *counted) error {
	at := func() int64 { return count.n - int64(r.r.Buffered()) }
	open := false // records or bytes have begun and not ended
	for first := true; ; first = false {
		begin := at()
		kind, payload, err := r.next()
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if first != (kind == kindHello) || open != (kind == kindData || kind == kindEnd) {
			return fmt.Errorf("%w: a frame %q out of place", ErrProtocol, kind)
		}
		switch kind {
		case kindHello:
			err = t.begin(payload)
		case kindSnapshot:
			s := sendSnapshot{}
			err = fromJSON(payload, &s)
			t.sets[s.Seq], open = place{at(), s.Whole}, true
		case kindContent:
			c := content{}
			err = fromJSON(payload, &c)
			t.contents[shortKey(c.Key)], open = at(), true
		case kindData:
		case kindEnd:
			open = false
		case kindSum:
			sum := sha256.New()
			if _, err := io.Copy(sum, io.NewSectionReader(t.in, 0, begin)); err != nil {
				return err
			}
			if string(payload) != hex.EncodeToString(sum.Sum(nil)) {
				return fmt.Errorf("%w: its SHA-256 is wrong", ErrProtocol)
			}
			return nil
		default:
			err = fmt.Errorf("%w: a frame %q", ErrProtocol, kind)
		}
		if err != nil {
			return err
		}
	}
}

func (t *Tape) begin(payload []byte) error {
	if err := fromJSON(payload, &t.head); err != nil {
		return err
	}
	if t.head.Version != version {
		return fmt.Errorf("it is of version %d, and this snap reads %d", t.head.Version, version)
	}
	if !validID(t.head.ID) {
		return fmt.Errorf("%w: the id %q", ErrProtocol, t.head.ID)
	}
	var err error
	t.all, err = headersOf(&snapshots{Next: t.head.Next, All: t.head.All, Sets: make([]string, len(t.head.All))})
	return err
}

// Base is the snapshot that the follower must have already, 0 and "" for none.
func (t *Tape) Base() (seq uint64, name string) { return t.head.Base, t.head.BaseName }

// ID is that of the destination that was sent.
func (t *Tape) ID() string { return t.head.ID }

// Name is where that was.
func (t *Tape) Name() string { return t.head.Place }

// Snapshots are those that were sent.
func (t *Tape) Snapshots(context.Context) ([]record.Header, error) { return t.all, nil }

// NextSeq is above all numbers there.
func (t *Tape) NextSeq(context.Context) (uint64, error) { return t.head.Next, nil }

// Holds is true.
func (t *Tape) Holds(context.Context, *record.Header) (bool, error) { return true, nil }

// Settings are the settings files.
func (t *Tape) Settings(context.Context) (map[string][]byte, error) { return t.head.Settings, nil }

// Is is false.
func (t *Tape) Is(*file.Dir) (bool, error) { return false, nil }
