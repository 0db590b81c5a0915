package keys

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ErrFile says that a file of keys is not one.
var ErrFile = errors.New("not a file of keys of a snap vault")

// maxFile bounds a file of keys: a few hundred keys.
const maxFile = 1 << 16

// The lines of a file of keys that are not private keys. For age they are comments.
const (
	secretPrefix  = "AGE-SECRET-KEY-"
	lineFormat    = "# snap vault keys, format "
	lineVault     = "# vault: "
	lineCatalogue = "# catalogue: opens head/ and meta/"
	lineContent   = "# content: opens data/"
	lineReader    = "# sealed to: "
	lineSign      = "# sign: "
	lineVerify    = "# verify: "
)

// Text is the ring as a file, which is an identity file of age, too.
func (r *Ring) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s1\n%s%s\n", lineFormat, lineVault, r.Vault)
	if len(r.Catalogue) > 0 {
		fmt.Fprintln(&b, lineCatalogue)
	}
	for _, i := range r.Catalogue {
		fmt.Fprintln(&b, i)
	}
	if len(r.Content) > 0 {
		fmt.Fprintln(&b, lineContent)
	}
	for _, i := range r.Content {
		fmt.Fprintln(&b, i)
	}
	for _, t := range r.Readers {
		fmt.Fprintf(&b, "%s%s\n", lineReader, t)
	}
	if r.Sign != nil {
		fmt.Fprintf(&b, "%s%x\n", lineSign, r.Sign.Seed())
	}
	fmt.Fprintf(&b, "%s%x\n", lineVerify, []byte(r.Verify))
	return b.Bytes()
}

// ParseRing reads what Text has written.
func ParseRing(b []byte) (*Ring, error) {
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	if len(b) > maxFile || !strings.HasPrefix(lines[0], lineFormat) {
		return nil, ErrFile
	}
	if format := strings.TrimPrefix(lines[0], lineFormat); format != "1" {
		return nil, fmt.Errorf("%w that this version of snap reads: its format is %q, and 1 was expected", ErrFile, format)
	}
	r := &Ring{}
	var into *[]Secret
	for n, line := range lines[1:] {
		var err error
		switch line {
		case lineCatalogue:
			into = &r.Catalogue
		case lineContent:
			into = &r.Content
		default:
			err = r.line(line, into)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+2, err)
		}
	}
	return r, r.check()
}

// line reads one line; a private key goes where into says.
func (r *Ring) line(line string, into *[]Secret) error {
	if strings.HasPrefix(line, secretPrefix) {
		key, err := parseSecret(line)
		if err != nil || into == nil {
			return ErrFile
		}
		*into = append(*into, key)
		return nil
	}
	for _, is := range []struct {
		begins string
		take   func(string) error
	}{
		{lineVault, func(s string) error { r.Vault = s; return nil }},
		{lineReader, func(s string) error { r.Readers = append(r.Readers, s); return nil }},
		{lineSign, func(s string) error {
			seed, err := fixed(s, ed25519.SeedSize)
			if err == nil {
				r.Sign = ed25519.NewKeyFromSeed(seed)
			}
			return err
		}},
		{lineVerify, func(s string) (err error) {
			r.Verify, err = fixed(s, ed25519.PublicKeySize)
			return err
		}},
	} {
		if rest, ok := strings.CutPrefix(line, is.begins); ok {
			return is.take(rest)
		}
	}
	return ErrFile
}

func fixed(text string, n int) ([]byte, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != n {
		return nil, ErrFile
	}
	return b, nil
}

// check finds what cannot be: a ring that is whole has a key to verify, and the signing key is that one's.
func (r *Ring) check() error {
	switch {
	case r.Vault == "" || r.Verify == nil:
		return fmt.Errorf("%w: the vault's id or its key to verify is missing", ErrFile)
	case r.Sign != nil && !r.Verify.Equal(r.Sign.Public()):
		return fmt.Errorf("%w: its keys do not belong to each other", ErrFile)
	case len(r.Catalogue) == 0 && (len(r.Content) > 0 || len(r.Readers) > 0),
		len(r.Catalogue) > 0 && len(r.Readers) == 0:
		return fmt.Errorf("%w: one of its keys is missing", ErrFile)
	}
	_, err := recipients(r.Readers)
	return err
}
