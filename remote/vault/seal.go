package vault

import (
	"errors"
	"fmt"

	"snap/remote/vault/head"
	"snap/remote/vault/seal"
)

// What is wrong with keys, and with what they open.
var (
	ErrKey     = seal.ErrKey
	ErrDamaged = seal.ErrDamaged
	ErrForged  = head.ErrForged
	ErrNewer   = head.ErrNewer
)

const maxHead = seal.MaxObject

func (v *Vault) sealMeta(plain []byte) ([]byte, error) { return v.k.SealMeta(v.zenc, plain) }

func (v *Vault) openMeta(body []byte) ([]byte, error) { return v.k.OpenMeta(body, seal.MaxMeta) }

// sealHead writes a head: JSON, its signature in the last line.
func (v *Vault) sealHead(h *Head) ([]byte, error) {
	text, err := h.Encode(v.id, v.k.Sign)
	if err != nil {
		return nil, err
	}
	return v.sealMeta(text)
}

// openHead reads a head and verifies it.
func (v *Vault) openHead(body []byte) (*Head, error) {
	text, err := v.openMeta(body)
	if err != nil {
		return nil, err
	}
	h, err := head.Parse(text, v.id, v.k.Verify)
	if errors.Is(err, head.ErrDamaged) {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return h, err
}
