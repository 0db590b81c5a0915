package pack

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"snap/remote/vault/seal"
)

// Content is an entry of a pack that is read from front to end.
type Content struct {
	Entry
	Place Place
	Body  []byte // until the next one is asked for
}

// All yields all that is in a pack, of which body is the whole object: what its tables say can be found again so, and
// whoever has lost them has names and bytes. It ends with the first error.
func All(body []byte, k *seal.Keys) iter.Seq2[*Content, error] {
	return func(yield func(*Content, error) bool) {
		r, err := Open(bytes.NewReader(body), int64(len(body)), k)
		if err != nil {
			yield(nil, err)
			return
		}
		frames := make([]byte, r.size)
		if _, err := r.frames.ReadAt(frames, 0); err != nil && !errors.Is(err, io.EOF) {
			yield(nil, fmt.Errorf("%w: %w", seal.ErrDamaged, err))
			return
		}
		for at := 0; at < len(frames); {
			n, content, err := seal.FrameLen(frames[at:])
			if err == nil && content {
				var on bool
				if on, err = inFrame(frames[at:at+n], at, yield); err == nil && !on {
					return
				}
			}
			if err != nil {
				yield(nil, fmt.Errorf("the frame at %d: %w", at, err))
				return
			}
			at += n
		}
	}
}

// inFrame yields the entries of a frame; on says whether more is wanted.
func inFrame(packed []byte, at int, yield func(*Content, error) bool) (on bool, err error) {
	frame, err := seal.Decompress(packed, MaxFrame)
	if err != nil {
		return false, err
	}
	src := bytes.NewReader(frame)
	t := tar.NewReader(src)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("%w: %w", seal.ErrDamaged, err)
		}
		off := int64(len(frame)) - int64(src.Len())
		if h.Typeflag != tar.TypeReg || h.Size > PieceSize || off+h.Size > int64(len(frame)) {
			return false, fmt.Errorf("%w: %q is not an entry of a pack", seal.ErrDamaged, h.Name)
		}
		c := &Content{Entry: Entry{Name: h.Name, Mode: uint32(h.Mode), Mtime: time.Unix(h.ModTime.Unix(), 0)},
			Place: Place{Frame: uint32(at), FrameLen: uint32(len(packed)), Off: uint32(off), Size: uint32(h.Size)},
			Body:  frame[off : off+h.Size]}
		if !yield(c, nil) {
			return false, nil
		}
	}
}
