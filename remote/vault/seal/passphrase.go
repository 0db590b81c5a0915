package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// letters are those of a passphrase that is made here: 32, so five bits each; none is taken for another one on paper.
const letters = "abcdefghijkmnpqrstuvwxyz23456789"

const passphraseLetters = 26 // 130 bits

// NewPassphrase is 26 random letters and digits in groups: 130 bits.
func NewPassphrase() string {
	b := make([]byte, passphraseLetters)
	_, _ = rand.Read(b) // it never fails
	for i := range b {
		b[i] = letters[b[i]%32]
	}
	return grouped(string(b))
}

func grouped(s string) string {
	return s[:6] + "-" + s[6:11] + "-" + s[11:16] + "-" + s[16:21] + "-" + s[21:]
}

// AsMade is a passphrase as NewPassphrase has made it, whatever somebody has typed between its letters and in whatever
// case; one of the user's own without spaces and ends of lines around it.
func AsMade(passphrase string) string {
	plain := strings.ToLower(strings.NewReplacer("-", "", " ", "", "\n", "", "\r", "").Replace(passphrase))
	if made(plain) {
		return grouped(plain)
	}
	return strings.TrimSpace(passphrase)
}

func made(plain string) bool {
	return len(plain) == passphraseLetters && strings.Trim(plain, letters) == ""
}

// How much work a guess of a passphrase is, as a power of two: 1 KiB of memory each. One that was made here cannot be
// guessed anyway; the user's own costs 128 MiB, the least that OWASP asks for, and as much as a restore takes besides.
// A file that asks for more than workMost is refused: it would take a gigabyte.
const (
	workMade = 15
	workOwn  = 17
	workMost = 20
)

// MaxKeyFile is how large an object of keys/ may be, in bytes.
const MaxKeyFile = 1 << 20

// SealKeys seals the keys of the vault with this id with a passphrase, as an object of keys/: with it and the
// passphrase a machine can do everything.
func (k *Keys) SealKeys(id, passphrase string) ([]byte, error) {
	passphrase = AsMade(passphrase)
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, errors.New("a passphrase cannot be empty")
	}
	to.SetWorkFactor(workOwn)
	if made(strings.ReplaceAll(passphrase, "-", "")) {
		to.SetWorkFactor(workMade)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(k.Text(id)); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// OpenKeys opens what SealKeys made. ErrKey if the passphrase is another one.
func OpenKeys(object []byte, id, passphrase string) (*Keys, error) {
	if len(object) > MaxKeyFile {
		return nil, fmt.Errorf("%w: a key file of %d bytes", ErrDamaged, len(object))
	}
	with, err := age.NewScryptIdentity(AsMade(passphrase))
	if err != nil {
		return nil, fmt.Errorf("%w: the passphrase is empty", ErrKey)
	}
	with.SetMaxWorkFactor(workMost)
	r, err := age.Decrypt(bytes.NewReader(object), with)
	if err != nil {
		return nil, asOurs(err)
	}
	text, err := io.ReadAll(io.LimitReader(r, MaxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return ParseKeys(text, id)
}
