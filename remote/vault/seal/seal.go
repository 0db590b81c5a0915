// Package seal makes the objects of a vault and opens them: zstd frames in an age file, two formats that others keep.
//
// In a vault that is not sealed the age file is missing: an object begins with a zstd frame of 32 random bytes that
// every reader passes over. So no two objects ever have one name, which is the SHA-256 of their bytes, in either.
package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"snap/remote/keys"
)

// ErrDamaged says that an object is not what was stored.
var ErrDamaged = errors.New("damaged")

// saltHead begins a zstd frame that is passed over, of 32 bytes.
var saltHead = []byte{0x50, 0x2a, 0x4d, 0x18, 32, 0, 0, 0}

const saltSize = 8 + 32

// Sealer makes objects that only the holders of some keys open. The zero value makes those of a vault that is not
// sealed.
type Sealer struct{ to []age.Recipient }

// NewSealer makes a Sealer for these keys; none: the vault is not sealed.
func NewSealer(to []age.Recipient) *Sealer { return &Sealer{to} }

// Writer is the outer layer of an object. What is written to it is to be zstd frames; Close ends the object.
func (s *Sealer) Writer(w io.Writer) (io.WriteCloser, error) {
	if len(s.to) > 0 {
		return age.Encrypt(w, s.to...)
	}
	salt := append(bytes.Clone(saltHead), make([]byte, saltSize-len(saltHead))...)
	_, _ = rand.Read(salt[len(saltHead):]) // it never fails: it ends the program instead
	_, err := w.Write(salt)
	return plain{w}, err
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// Seal makes a whole object of bytes.
func (s *Sealer) Seal(content []byte) ([]byte, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	packed := enc.EncodeAll(content, nil)
	if err := enc.Close(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w, err := s.Writer(&b)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(packed); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil { // which writes
		return nil, err
	}
	return b.Bytes(), nil
}

// Opener opens objects. The zero value opens those of a vault that is not sealed.
type Opener struct {
	sealed bool
	by     []age.Identity
}

// NewOpener makes an Opener for these keys. With none, nothing of a sealed vault can be opened: keys.ErrKey.
func NewOpener(sealed bool, by []age.Identity) *Opener { return &Opener{sealed, by} }

// ReaderAt reads below the outer layer of an object of that size: the zstd frames, and how many bytes they are. What is
// not sealed has the frame of random bytes in front. Only the parts of src are read that are asked for, and a little at
// its ends.
func (o *Opener) ReaderAt(src io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	if !o.sealed {
		return src, size, nil
	}
	if len(o.by) == 0 {
		return nil, 0, keys.ErrKey
	}
	r, n, err := age.DecryptReaderAt(src, size, o.by...)
	if err != nil {
		return nil, 0, keyError(err)
	}
	return r, n, nil
}

// Open opens a whole object, which may have limit bytes then.
func (o *Opener) Open(stored []byte, limit int64) ([]byte, error) {
	packed := stored
	if o.sealed {
		if len(o.by) == 0 {
			return nil, keys.ErrKey
		}
		r, err := age.Decrypt(bytes.NewReader(stored), o.by...)
		if err != nil {
			return nil, keyError(err)
		}
		if packed, err = io.ReadAll(r); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return Frames(packed, limit)
}

// keyError tells a wrong key from a damaged object.
func keyError(err error) error {
	if no := (*age.NoIdentityMatchError)(nil); errors.As(err, &no) {
		return keys.ErrKey
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// Frames opens zstd frames to at most limit bytes: what claims to be more is damaged.
func Frames(packed []byte, limit int64) ([]byte, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxMemory(uint64(max(limit, 1<<20)))) // a bound below one block is met by none
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	content, err := dec.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrDamaged, limit)
	}
	return content, nil
}
