package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// Limits of what is opened, in bytes.
const (
	MaxMeta   = 64 << 20 // what an object of head/ or meta/ has in it
	MaxObject = 72 << 20 // such an object as it is stored
)

// SealMeta compresses and seals bytes of the catalogue: a head, a table, a change set.
func (k *Keys) SealMeta(c *Compressor, plain []byte) ([]byte, error) {
	salt, err := k.Salt()
	if err != nil {
		return nil, err
	}
	frames := c.Append(salt, plain)
	if !k.Sealed() {
		return frames, nil
	}
	return encrypt(frames, k.catalogueRecipients())
}

// OpenMeta opens what SealMeta made; ErrDamaged if there is more in it than limit bytes.
func (k *Keys) OpenMeta(object []byte, limit int64) ([]byte, error) {
	frames := object
	if k.Sealed() {
		r, err := decrypt(bytes.NewReader(object), k.openers())
		if err != nil {
			return nil, err
		}
		if frames, err = io.ReadAll(r); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	} else if IsSealed(object) {
		return nil, ErrKey
	}
	return Decompress(frames, limit)
}

// IsSealed reports whether an object that begins so is an age file: who has no keys needs them.
func IsSealed(object []byte) bool { return bytes.HasPrefix(object, []byte(ageMagic)) }

const ageMagic = "age-encryption.org/"

// SealPack seals the frames of a pack, which begin with the Salt.
func (k *Keys) SealPack(frames []byte) ([]byte, error) {
	if !k.Sealed() {
		return frames, nil
	}
	return encrypt(frames, k.ContentTo)
}

// Salt is what the frames of an object begin with: nothing in a sealed vault, where age makes each object its own.
func (k *Keys) Salt() ([]byte, error) {
	if k.Sealed() {
		return nil, nil
	}
	frame := append([]byte(saltHead), make([]byte, saltSize)...)
	_, err := io.ReadFull(rand.Reader, frame[len(saltHead):])
	return frame, err
}

// saltHead is the head of a skippable frame of zstd with saltSize bytes (RFC 8878, 3.1.2).
const (
	saltHead = "\x50\x2a\x4d\x18\x20\x00\x00\x00"
	saltSize = 32
)

// encrypt seals bytes to recipients. With none nobody could open them.
func encrypt(plain []byte, to []Recipient) ([]byte, error) {
	if len(to) == 0 {
		return nil, fmt.Errorf("%w: there is no recipient to seal to", ErrKey)
	}
	recipients := make([]age.Recipient, len(to))
	for i := range to {
		recipients[i] = to[i].key
	}
	var out bytes.Buffer
	out.Grow(len(plain) + len(plain)/4096 + 2048*len(to))
	w, err := age.Encrypt(&out, recipients...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// decrypt begins to open an age file.
func decrypt(r io.Reader, with []Identity) (io.Reader, error) {
	if len(with) == 0 {
		return nil, ErrKey
	}
	plain, err := age.Decrypt(r, ages(with)...)
	return plain, asOurs(err)
}

func ages(all []Identity) []age.Identity {
	keys := make([]age.Identity, len(all))
	for i := range all {
		keys[i] = all[i].key
	}
	return keys
}

// asOurs is an error of age as ErrKey or ErrDamaged.
func asOurs(err error) error {
	no := (*age.NoIdentityMatchError)(nil)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &no):
		return ErrKey
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}
