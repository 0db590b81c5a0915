package pack

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"snap/remote/vault/seal"
)

// Entry is what people see of a content that is put into a pack.
type Entry struct {
	Name  string // <snapshot>/<path>, of a piece with Piece behind it
	Mode  uint32 // permissions; the entry has no set-uid, set-gid and sticky bits, as tar gives it to whoever unpacks
	Mtime time.Time
}

// Piece is what stands behind the name of the nth piece of a large file, counted from 0.
func Piece(n int) string { return fmt.Sprintf(".snap-%04d", n+1) }

// Writer fills a pack.
type Writer struct {
	keys   *seal.Keys
	comp   *seal.Compressor
	frames []byte       // closed ones
	open   bytes.Buffer // of the tar, what is in no frame yet
	tar    *tar.Writer
	items  []Item
	placed int // of items, those whose frame is closed
	err    error
}

// Item is a content in a pack.
type Item struct {
	Key   [32]byte
	Place Place
}

// Pack is a pack to be put: the object, and what is in it.
type Pack struct {
	Sum   [32]byte // SHA-256 of Body: its name
	Body  []byte
	Items []Item // in the order in which they were added
}

// NewWriter begins a pack.
func NewWriter(k *seal.Keys, c *seal.Compressor) (*Writer, error) {
	salt, err := k.Salt()
	if err != nil {
		return nil, err
	}
	w := &Writer{keys: k, comp: c, frames: append(make([]byte, 0, Target+frameTarget), salt...)}
	w.tar = tar.NewWriter(&w.open)
	return w, nil
}

var errTooLarge = errors.New("larger than a piece")

// Add adds the bytes of a file, or of a piece of one, that is found by key. After an error the pack is of no use.
func (w *Writer) Add(key [32]byte, e Entry, body []byte) error {
	if w.err == nil {
		w.err = w.add(key, e, body)
	}
	return w.err
}

func (w *Writer) add(key [32]byte, e Entry, body []byte) error {
	if len(body) > PieceSize {
		return fmt.Errorf("%q: %w: %d bytes", e.Name, errTooLarge, len(body))
	}
	// The GNU form has names as bytes; in that of POSIX they are UTF-8, and tar may convert them.
	h := &tar.Header{Typeflag: tar.TypeReg, Name: e.Name, Mode: int64(e.Mode & 0o777), Size: int64(len(body)),
		ModTime: inRange(e.Mtime), Format: tar.FormatGNU}
	if err := w.tar.WriteHeader(h); err != nil {
		return fmt.Errorf("%q: %w", e.Name, err)
	}
	w.items = append(w.items, Item{key, Place{Off: uint32(w.open.Len()), Size: uint32(len(body))}})
	if _, err := w.tar.Write(body); err != nil {
		return err
	}
	if err := w.tar.Flush(); err != nil {
		return err
	}
	if w.open.Len() >= frameTarget {
		w.endFrame()
	}
	return nil
}

// inRange is the time in whole seconds, within what tar takes: people and make(1) look at it, snap does not.
func inRange(t time.Time) time.Time {
	const last = 1<<40 - 1
	return time.Unix(max(-last, min(t.Unix(), last)), 0)
}

func (w *Writer) endFrame() {
	at := len(w.frames)
	w.frames = w.comp.Append(w.frames, w.open.Bytes())
	w.open.Reset()
	for ; w.placed < len(w.items); w.placed++ {
		p := &w.items[w.placed].Place
		p.Frame, p.FrameLen = uint32(at), uint32(len(w.frames)-at)
	}
}

// Full reports whether the pack is to be closed before more is added.
func (w *Writer) Full() bool { return len(w.frames)+w.open.Len() >= Target }

// Empty reports whether nothing was added.
func (w *Writer) Empty() bool { return len(w.items) == 0 }

// Close ends the pack and seals it.
func (w *Writer) Close() (*Pack, error) {
	if w.err != nil {
		return nil, w.err
	}
	if err := w.tar.Close(); err != nil {
		return nil, err
	}
	w.endFrame()
	body, err := w.keys.SealPack(w.frames)
	if err != nil {
		return nil, err
	}
	w.err = errors.New("the pack is closed")
	return &Pack{Sum: sha256.Sum256(body), Body: body, Items: w.items}, nil
}

// Name is the name of a pack's object.
func Name(sum [32]byte) string { return fmt.Sprintf("data/%x/%x", sum[:1], sum[:]) }
