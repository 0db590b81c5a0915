package seal

import (
	"bytes"
	"errors"
	"io"

	"filippo.io/age"
)

// HeadRead is how much of a sealed object is best read first: its head, which has some hundred bytes a recipient.
const HeadRead = 4 << 10

// An age file is a head, a nonce and chunks, each with a tag (age-encryption.org/v1).
const (
	nonceSize = 16
	chunkSize = 64 << 10
	tagSize   = 16
)

// OpenPack opens a pack so that its frames can be read at any place. It reads the head and the last chunk of src, which
// is size bytes long, and later the chunks that are asked for.
func (k *Keys) OpenPack(src io.ReaderAt, size int64) (frames io.ReaderAt, n int64, err error) {
	if !k.Sealed() {
		head := make([]byte, len(ageMagic))
		if n, _ := src.ReadAt(head, 0); IsSealed(head[:n]) {
			return nil, 0, ErrKey
		}
		return src, size, nil
	}
	if len(k.Content) == 0 {
		return nil, 0, ErrKey
	}
	w := &watched{ReaderAt: src}
	below, n, err := age.DecryptReaderAt(w, size, ages(k.openersOfPacks())...)
	if w.err != nil {
		return nil, 0, w.err
	}
	return &payload{below, w}, n, asOurs(err)
}

// watched remembers why it could not be read: what else goes wrong above it is damage.
type watched struct {
	io.ReaderAt
	err error
}

func (w *watched) ReadAt(b []byte, at int64) (int, error) {
	n, err := w.ReaderAt.ReadAt(b, at)
	if n < len(b) && err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// payload is what lies in the age layer. An error is what src said when it could not be read, else ErrDamaged.
type payload struct {
	below io.ReaderAt
	src   *watched
}

func (p *payload) ReadAt(b []byte, at int64) (int, error) {
	p.src.err = nil
	n, err := p.below.ReadAt(b, at)
	switch {
	case p.src.err != nil:
		return n, p.src.err
	case n < len(b) && err != nil && !errors.Is(err, io.EOF):
		return n, asOurs(err)
	}
	return n, err
}

// OpenBroken opens a pack that is damaged, as far as that is possible: chunk by chunk, and where its end is lost all
// before the first chunk that is.
func (k *Keys) OpenBroken(object []byte) (frames io.ReaderAt, n int64, err error) {
	frames, n, err = k.OpenPack(bytes.NewReader(object), int64(len(object)))
	if !errors.Is(err, ErrDamaged) {
		return frames, n, err
	}
	r, err := decrypt(bytes.NewReader(object), k.openersOfPacks())
	if err != nil {
		return nil, 0, err
	}
	begin, _ := io.ReadAll(r) // up to what is broken
	return bytes.NewReader(begin), int64(len(begin)), nil
}

// openersOfPacks are the content identities, the newest first.
func (k *Keys) openersOfPacks() []Identity {
	return (&Keys{Content: k.Content}).openers()
}

// PayloadAt is where the chunks of a sealed object begin whose first bytes are head; 0 in a vault that is not sealed.
// All packs that are sealed to the same recipients have it at the same place.
func (k *Keys) PayloadAt(head []byte) (int64, error) {
	if !k.Sealed() {
		return 0, nil
	}
	h, err := age.ExtractHeader(bytes.NewReader(head))
	if err != nil {
		return 0, asOurs(err)
	}
	return int64(len(h)) + nonceSize, nil
}

// StoredRange is the range of an object of size bytes that has the frames from, to, to not included, in it.
func (k *Keys) StoredRange(payloadAt, from, to, size int64) (storedFrom, storedTo int64) {
	if !k.Sealed() {
		return from, min(to, size)
	}
	const stored = chunkSize + tagSize
	return payloadAt + from/chunkSize*stored, min(payloadAt+(to+chunkSize-1)/chunkSize*stored, size)
}
