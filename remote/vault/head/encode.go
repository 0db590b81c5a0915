package head

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"snap/remote/vault/seal"
)

const signaturePrefix = "ed25519 "

// Encode writes a head of the vault with this id, signed. seal.ErrKey if sign is nil.
func (h *Head) Encode(id string, sign ed25519.PrivateKey) ([]byte, error) {
	if sign == nil {
		return nil, fmt.Errorf("%w: the signing key of the vault is not on this machine", seal.ErrKey)
	}
	line, err := h.line()
	if err != nil {
		return nil, err
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	text := fmt.Appendf(line, "%s%x\n", signaturePrefix, ed25519.Sign(sign, signed(id, line)))
	if len(text) > MaxSize {
		return nil, fmt.Errorf("head %d would have %d bytes, more than a reader takes", h.Number, len(text))
	}
	return text, nil
}

// line is the line of JSON. It is written twice: text that is not UTF-8 becomes what a reader of it would write.
func (h *Head) line() ([]byte, error) {
	again := *h
	again.Format = 1
	var text []byte
	for range 2 {
		var err error
		if text, err = marshal(&again); err != nil {
			return nil, fmt.Errorf("head %d: %w", h.Number, err)
		}
		again = Head{}
		if err := json.Unmarshal(text, &again); err != nil {
			return nil, fmt.Errorf("head %d: %w", h.Number, err)
		}
	}
	return text, nil
}

// marshal writes JSON in a line, with lists that are there even if they are empty.
func marshal(h *Head) ([]byte, error) {
	if h.Snapshots == nil {
		h.Snapshots = []Snapshot{}
	}
	if h.Tables == nil {
		h.Tables = []Table{}
	}
	b, err := json.Marshal(h)
	return append(b, '\n'), err
}

// signed is what a signature is of: it counts in one vault only, and for nothing but a head.
func signed(id string, line []byte) []byte {
	return append([]byte("snap vault head\n"+id+"\n"), line...)
}

// Parse reads a head of the vault with this id and verifies it; with verify nil it is read as it comes, and whoever
// reads it is to be warned.
func Parse(text []byte, id string, verify ed25519.PublicKey) (*Head, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%w: a head of %d bytes", ErrDamaged, len(text))
	}
	at := bytes.IndexByte(text, '\n') + 1
	line, last := text[:at], text[at:]
	signature, ok := parseSignature(last)
	if !ok {
		return nil, fmt.Errorf("%w: a head without its signature", ErrDamaged)
	}
	if verify != nil && !ed25519.Verify(verify, signed(id, line), signature) {
		return nil, ErrForged
	}
	return parseLine(line)
}

func parseSignature(last []byte) (signature []byte, ok bool) {
	text, ok := bytes.CutPrefix(last, []byte(signaturePrefix))
	text, end := bytes.CutSuffix(text, []byte("\n"))
	signature, err := hex.DecodeString(string(text))
	ok = ok && end && err == nil && len(signature) == ed25519.SignatureSize
	return signature, ok && fmt.Sprintf("%x", signature) == string(text)
}

func parseLine(line []byte) (*Head, error) {
	var version struct{ Format int }
	if err := json.Unmarshal(line, &version); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if version.Format > 1 {
		return nil, fmt.Errorf("the vault's state has format %d: %w", version.Format, ErrNewer)
	}
	h := new(Head)
	if err := json.Unmarshal(line, h); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if again, err := marshal(h); err != nil || !bytes.Equal(again, line) {
		return nil, fmt.Errorf("head %d has something that this snap does not know: %w", h.Number, ErrNewer)
	}
	return h, nil
}

// check says what makes no sense in a head.
func (h *Head) check() error {
	if h.Number == 0 || (h.Number == 1) != (h.Before == "") {
		return fmt.Errorf("a head with the number %d after %q", h.Number, h.Before)
	}
	last := uint64(0)
	for i := range h.Snapshots {
		s := &h.Snapshots[i]
		if s.Header.Seq <= last {
			return fmt.Errorf("snapshot %d behind snapshot %d", s.Header.Seq, last)
		}
		last = s.Header.Seq
		if err := s.Header.CheckNames(); err != nil {
			return err
		}
		if len(s.Parts) == 0 {
			return fmt.Errorf("snapshot %d without a change set", s.Header.Seq)
		}
	}
	for i := range h.Tables {
		if len(h.Tables[i].Parts) == 0 || h.Tables[i].Rows < 0 {
			return errors.New("a table without objects")
		}
	}
	for _, m := range h.Missing {
		if m.Size <= 0 {
			return fmt.Errorf("%s is missing with %d bytes", m.Hash, m.Size)
		}
	}
	for name, n := range h.Condemned {
		if n == 0 || n > h.Number {
			return fmt.Errorf("%q is condemned by head %d", name, n)
		}
	}
	return nil
}
