package vault

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// Keys are what a machine has of a vault's keys. Without Catalogue recipients the vault is not sealed.
type Keys struct {
	CatalogueRecipients []age.Recipient
	Catalogue           []age.Identity // opens heads, tables and change sets
	ContentRecipients   []age.Recipient
	Content             []age.Identity     // opens packs; none: this machine cannot restore
	Sign                ed25519.PrivateKey // nil: this machine cannot publish
	Verify              ed25519.PublicKey
}

// What is wrong with keys.
var (
	ErrKey    = errors.New("the key does not open this")
	ErrForged = errors.New("the signature is not that of the vault's key")
	ErrNewer  = errors.New("written by a newer version of snap")
)

const (
	maxHead = 64 << 20
	maxMeta = 64 << 20 // of one part, when it is open
)

func sealFor(plain []byte, to []age.Recipient) ([]byte, error) {
	if len(to) == 0 {
		return plain, nil
	}
	var out bytes.Buffer
	out.Grow(len(plain) + len(plain)/2048 + 4096) // what age adds: no copies of 16 MiB while it grows
	w, err := age.Encrypt(&out, to...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func openWith(body []byte, with []age.Identity, sealed bool) ([]byte, error) {
	if !sealed {
		return body, nil
	}
	if len(with) == 0 {
		return nil, ErrKey
	}
	r, err := age.Decrypt(bytes.NewReader(body), with...)
	if no := (*age.NoIdentityMatchError)(nil); errors.As(err, &no) {
		return nil, ErrKey
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return plain, nil
}

// sealMeta compresses and seals bytes of the catalogue. Those of a vault that is not sealed begin with random bytes, so
// that no two objects ever have one name.
func (v *Vault) sealMeta(plain []byte) ([]byte, error) {
	salt, err := v.salt()
	if err != nil {
		return nil, err
	}
	return sealFor(v.zenc.EncodeAll(plain, salt), v.k.CatalogueRecipients)
}

// salt is a frame of 32 random bytes that zstd passes over, where age does not make each object its own.
func (v *Vault) salt() ([]byte, error) {
	if v.sealed() {
		return nil, nil
	}
	frame := append([]byte{0x50, 0x2a, 0x4d, 0x18, 32, 0, 0, 0}, make([]byte, 32)...)
	_, err := io.ReadFull(v.random(), frame[8:])
	return frame, err
}

func (v *Vault) sealed() bool { return len(v.k.CatalogueRecipients) > 0 || len(v.k.Catalogue) > 0 }

func (v *Vault) openMeta(body []byte) ([]byte, error) {
	packed, err := openWith(body, v.k.Catalogue, v.sealed())
	if err != nil {
		return nil, err
	}
	return unzip(packed, maxMeta)
}

// unzip takes zstd frames apart, to at most limit bytes.
func unzip(packed []byte, limit uint64) ([]byte, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(limit))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	plain, err := d.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return plain, nil
}

// sealHead writes a head: JSON, its signature in the last line.
func (v *Vault) sealHead(h *Head) ([]byte, error) {
	if v.k.Sign == nil {
		return nil, fmt.Errorf("%w: the signing key of the vault is not on this machine", ErrKey)
	}
	h.Format = 1
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	text = append(text, '\n')
	sig := ed25519.Sign(v.k.Sign, v.signed(text))
	return v.sealMeta(fmt.Appendf(text, "%x\n", sig))
}

// signed is what the signature of a head is of.
func (v *Vault) signed(text []byte) []byte { return append([]byte(v.id+"\n"), text...) }

// openHead reads a head and verifies it.
func (v *Vault) openHead(body []byte) (*Head, error) {
	text, err := v.openMeta(body)
	if err != nil {
		return nil, err
	}
	at := bytes.IndexByte(text, '\n')
	var sig []byte
	if at < 0 {
		return nil, ErrDamaged
	}
	if _, err := fmt.Sscanf(string(text[at+1:]), "%x", &sig); err != nil {
		return nil, fmt.Errorf("%w: it has none", ErrForged)
	}
	if v.k.Verify != nil && !ed25519.Verify(v.k.Verify, v.signed(text[:at+1]), sig) {
		return nil, ErrForged
	}
	h := &Head{}
	if err := json.Unmarshal(text[:at], h); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if h.Format > 1 {
		return nil, ErrNewer
	}
	return h, nil
}
