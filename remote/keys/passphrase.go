package keys

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// ErrKey says that a key or passphrase does not open what it should.
var ErrKey = errors.New("the key or passphrase is not the right one")

// letters are those of a passphrase that is made: none is taken for another, and each has five bits.
const letters = "abcdefghijkmnpqrstuvwxyz23456789"

// passphraseLength gives 130 bits.
const passphraseLength = 26

// Work is how hard a passphrase is to try: scrypt with 2^Work rounds.
const Work = 18

// NewPassphrase makes a passphrase, written in groups for people: as they type it back the dashes do not matter, nor
// large letters.
func NewPassphrase() string {
	b := make([]byte, passphraseLength)
	_, _ = rand.Read(b) // it never fails: it ends the program instead
	var s strings.Builder
	for i, c := range b {
		if i > 0 && i%5 == 0 && i < 25 {
			s.WriteByte('-')
		}
		s.WriteByte(letters[c%32])
	}
	return s.String()
}

// plainPassphrase is what a typed passphrase means: one that looks like one that was made is taken without its dashes
// and blanks, another as it stands.
func plainPassphrase(typed string) string {
	drop := func(r rune) rune {
		if r == '-' || r == ' ' || r == '\t' {
			return -1
		}
		return r
	}
	made := strings.Map(drop, strings.ToLower(strings.TrimSpace(typed)))
	if len(made) != passphraseLength || strings.Trim(made, letters) != "" {
		return strings.TrimRight(typed, "\r\n")
	}
	return made
}

// Last are the letters at the end of a passphrase, which are asked back: who has them has written it down.
func Last(passphrase string) string {
	p := []rune(plainPassphrase(passphrase))
	return string(p[max(0, len(p)-4):])
}

// SealRing seals the ring by a passphrase, or where that is "" to the readers of the contents. work is Work but in
// tests.
func (r *Ring) SealRing(passphrase string, work int) ([]byte, error) {
	var to []age.Recipient
	if passphrase != "" {
		s, err := age.NewScryptRecipient(plainPassphrase(passphrase))
		if err != nil {
			return nil, err
		}
		s.SetWorkFactor(work)
		to = append(to, s)
	} else {
		var err error
		if to, err = recipients(r.Readers); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(r.Text()); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil { // which writes
		return nil, err
	}
	return b.Bytes(), nil
}

// OpenWithPassphrase opens a sealed ring; ErrKey where the passphrase is wrong.
func OpenWithPassphrase(sealed []byte, passphrase string) (*Ring, error) {
	s, err := age.NewScryptIdentity(plainPassphrase(passphrase))
	if err != nil {
		return nil, fmt.Errorf("%w: it is empty", ErrKey)
	}
	s.SetMaxWorkFactor(Work + 2) // more would be an attempt to keep us busy
	return openRing(sealed, s)
}

// OpenWithIdentities opens a ring that is sealed to somebody's own key; ErrKey where it is to another.
func OpenWithIdentities(sealed []byte, own []age.Identity) (*Ring, error) {
	return openRing(sealed, own...)
}

func openRing(sealed []byte, by ...age.Identity) (*Ring, error) {
	if len(by) == 0 {
		return nil, ErrKey
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), by...)
	if no := (*age.NoIdentityMatchError)(nil); errors.As(err, &no) {
		return nil, ErrKey
	}
	if err != nil {
		return nil, fmt.Errorf("the keys in the vault are damaged: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("the keys in the vault are damaged: %w", err)
	}
	return ParseRing(text)
}
