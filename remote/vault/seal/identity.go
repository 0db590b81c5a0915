package seal

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
)

// Identity is a secret key of age: AGE-SECRET-KEY-1…, or AGE-SECRET-KEY-PQ-1… that withstands quantum computers.
type Identity struct {
	text string
	key  age.Identity
	to   Recipient
}

// Recipient is a public key of age: age1… or age1pq….
type Recipient struct {
	text string
	key  age.Recipient
}

// NewIdentity makes an identity; with pq one that withstands quantum computers. All recipients of an object are of one
// of these kinds.
func NewIdentity(pq bool) (Identity, error) {
	if pq {
		i, err := age.GenerateHybridIdentity()
		if err != nil {
			return Identity{}, err
		}
		return hybrid(i), nil
	}
	i, err := age.GenerateX25519Identity()
	if err != nil {
		return Identity{}, err
	}
	return x25519(i), nil
}

func x25519(i *age.X25519Identity) Identity {
	return Identity{i.String(), i, Recipient{i.Recipient().String(), i.Recipient()}}
}

func hybrid(i *age.HybridIdentity) Identity {
	return Identity{i.String(), i, Recipient{i.Recipient().String(), i.Recipient()}}
}

// ParseIdentity reads an identity as age writes it. The error does not repeat the secret.
func ParseIdentity(s string) (Identity, error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "AGE-SECRET-KEY-PQ-1") {
		i, err := age.ParseHybridIdentity(s)
		if err != nil {
			return Identity{}, errNotIdentity
		}
		return hybrid(i), nil
	}
	i, err := age.ParseX25519Identity(s)
	if err != nil {
		return Identity{}, errNotIdentity
	}
	return x25519(i), nil
}

var errNotIdentity = fmt.Errorf("%w: not an identity of age (AGE-SECRET-KEY-1…)", ErrKey)

// ParseIdentities reads an identity file of age: one a line, besides empty lines and comments.
func ParseIdentities(text []byte) (all []Identity, err error) {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		i, err := ParseIdentity(line)
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: there is no identity in it", ErrKey)
	}
	return all, nil
}

// String is the secret as age writes it.
func (i Identity) String() string { return i.text }

// Recipient is the public key of the identity.
func (i Identity) Recipient() Recipient { return i.to }

// ParseRecipient reads a recipient as age writes it.
func ParseRecipient(s string) (Recipient, error) {
	s = strings.TrimSpace(s)
	var key age.Recipient
	var err error
	if strings.HasPrefix(s, "age1pq1") {
		key, err = age.ParseHybridRecipient(s)
	} else {
		key, err = age.ParseX25519Recipient(s)
	}
	if err != nil {
		return Recipient{}, fmt.Errorf("%q is not a recipient of age (age1… or age1pq1…): %w", s, err)
	}
	return Recipient{s, key}, nil
}

// String is the recipient as age writes it.
func (r Recipient) String() string { return r.text }

func (r Recipient) pq() bool { return strings.HasPrefix(r.text, "age1pq1") }

// oneKind reports whether recipients withstand quantum computers, and says that it must be all or none: else the
// weakest of them would decide.
func oneKind(all []Recipient) (pq bool, err error) {
	for i, r := range all {
		if i > 0 && r.pq() != pq {
			return false, errors.New("recipients age1… and age1pq1… cannot be had together: all of one kind")
		}
		pq = r.pq()
	}
	return pq, nil
}
