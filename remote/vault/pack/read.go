package pack

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"snap/remote/vault/seal"
)

// Reader reads contents from a pack. One goroutine at a time uses it.
type Reader struct {
	frames io.ReaderAt
	size   int64 // of the frames together
	at     int64 // the frame that was read last; -1: none
	frame  []byte
}

// Open begins to read a pack, of which src has size bytes: only what is needed is read from it. seal.ErrKey if no
// content identity fits.
func Open(src io.ReaderAt, size int64, k *seal.Keys) (*Reader, error) {
	frames, n, err := k.OpenPack(src, size)
	if err != nil {
		return nil, err
	}
	return &Reader{frames: frames, size: n, at: -1}, nil
}

// OpenBroken opens a pack whose bytes are partly wrong, or end too early: what Read returns without an error are bytes
// that were sealed, of what can still be had.
func OpenBroken(object []byte, k *seal.Keys) (*Reader, error) {
	frames, n, err := k.OpenBroken(object)
	if err != nil {
		return nil, err
	}
	return &Reader{frames: frames, size: n, at: -1}, nil
}

// Read reads a content. What is asked for in the order of the frames takes each of them apart once.
func (r *Reader) Read(p Place) ([]byte, error) {
	if int64(p.Frame)+int64(p.FrameLen) > r.size {
		return nil, fmt.Errorf("%w: the pack ends before the frame at %d", seal.ErrDamaged, p.Frame)
	}
	if r.at != int64(p.Frame) {
		r.at = -1
		frame, err := r.open(p)
		if err != nil {
			return nil, err
		}
		r.at, r.frame = int64(p.Frame), frame
	}
	if int64(p.Off)+int64(p.Size) > int64(len(r.frame)) {
		return nil, fmt.Errorf("%w: the frame at %d is shorter than what is to be in it", seal.ErrDamaged, p.Frame)
	}
	return slices.Clone(r.frame[p.Off : p.Off+p.Size]), nil
}

func (r *Reader) open(p Place) ([]byte, error) {
	packed := make([]byte, p.FrameLen)
	if _, err := r.frames.ReadAt(packed, int64(p.Frame)); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the frame at %d: %w", p.Frame, err)
	}
	frame, err := seal.Decompress(packed, MaxFrame)
	if err != nil {
		return nil, fmt.Errorf("the frame at %d: %w", p.Frame, err)
	}
	return frame, nil
}

// Span is a range of bytes, To not included.
type Span struct{ From, To int64 }

// Spans are the frames of places, in order, those that are nearer to each other than gap bytes as one.
func Spans(places []Place, gap int64) (all []Span) {
	sorted := slices.SortedFunc(slices.Values(places), func(a, b Place) int { return cmp.Compare(a.Frame, b.Frame) })
	for _, p := range sorted {
		s := Span{int64(p.Frame), int64(p.Frame) + int64(p.FrameLen)}
		if n := len(all); n > 0 && s.From-all[n-1].To < gap {
			all[n-1].To = max(all[n-1].To, s.To)
			continue
		}
		all = append(all, s)
	}
	return all
}

// Stored are the ranges of the stored object, size bytes long, that spans of its frames need. payloadAt is what
// seal.Keys.PayloadAt says. Open needs besides what is before payloadAt, and the last chunk, which ends the object.
func Stored(k *seal.Keys, spans []Span, payloadAt, size int64) []Span {
	stored := make([]Span, len(spans))
	for i, s := range spans {
		stored[i].From, stored[i].To = k.StoredRange(payloadAt, s.From, s.To, size)
	}
	return stored
}
