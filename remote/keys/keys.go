// Package keys has the keys of a vault: it makes them, writes them as a file and reads them, seals that file into the
// vault, and prints the recovery sheet.
//
// There are three. The catalogue key opens what says which snapshots there are and what they hold: names, sizes and
// hashes. The content key opens the bytes of files, and need not be on the machine that makes backups. The signing key
// makes a state of the vault valid. Objects are sealed to public keys, so that pushing needs none of the first two.
//
// A Ring is the keys as they are kept: a file that is an identity file of age, so that `age -d -i FILE` opens every
// object of the vault. In the vault it lies sealed by a passphrase, or to the keys of those who may restore.
package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"snap/internal/hint"
	"snap/internal/quote"
)

// Keys are what a machine has of a vault's keys. Without recipients the vault is not sealed.
type Keys struct {
	CatalogueRecipients []age.Recipient
	Catalogue           []age.Identity // opens heads, tables and change sets
	ContentRecipients   []age.Recipient
	Content             []age.Identity     // opens packs; none: this machine cannot restore
	Sign                ed25519.PrivateKey // nil: this machine cannot publish
	Verify              ed25519.PublicKey
}

// Ring is the keys of a vault as they are kept. Of several the first is in use; the others open what is older.
type Ring struct {
	Vault     string // its id
	Catalogue []Secret
	Content   []Secret           // none: it is not here, or the content is sealed to somebody's own key
	Readers   []string           // the public keys that the content is sealed to: age1…
	Sign      ed25519.PrivateKey // nil: this machine cannot publish
	Verify    ed25519.PublicKey
}

// Secret is a private key of age: a classic one, or a hybrid one, which quantum computers do not open either.
type Secret struct {
	age.Identity
	public age.Recipient
	text   string
}

func (s Secret) String() string { return s.text }

func classicSecret(i *age.X25519Identity) Secret { return Secret{i, i.Recipient(), i.String()} }
func hybridSecret(i *age.HybridIdentity) Secret  { return Secret{i, i.Recipient(), i.String()} }

// parseSecret reads a private key. Its error does not repeat it.
func parseSecret(text string) (Secret, error) {
	if i, err := age.ParseX25519Identity(text); err == nil {
		return classicSecret(i), nil
	}
	i, err := age.ParseHybridIdentity(text)
	if err != nil {
		return Secret{}, ErrFile
	}
	return hybridSecret(i), nil
}

// newSecret makes a key of the kind that can stand beside others in one object.
func newSecret(beside []age.Recipient) (Secret, error) {
	i, err := age.GenerateX25519Identity()
	if err != nil || together(append(beside, i.Recipient())) == nil {
		return classicSecret(i), err
	}
	h, err := age.GenerateHybridIdentity()
	return hybridSecret(h), err
}

// New makes the keys of a vault. Its contents are sealed to readers, public keys of age; without any to a content key
// that is made, too.
func New(vault string, readers []string) (*Ring, error) {
	beside, err := recipients(readers)
	if err != nil {
		return nil, err
	}
	r := &Ring{Vault: vault, Readers: readers}
	catalogue, err := newSecret(beside)
	if err != nil {
		return nil, err
	}
	r.Catalogue = append(r.Catalogue, catalogue)
	if len(readers) == 0 {
		content, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, err
		}
		r.Content, r.Readers = append(r.Content, classicSecret(content)), []string{content.Recipient().String()}
	}
	r.Verify, r.Sign, err = ed25519.GenerateKey(rand.Reader)
	return r, err
}

// NewSigning makes the key of a vault that is not sealed: what is in it can be read by all, but not be made by all.
func NewSigning(vault string) (*Ring, error) {
	r := &Ring{Vault: vault}
	var err error
	r.Verify, r.Sign, err = ed25519.GenerateKey(rand.Reader)
	return r, err
}

// Rotate puts new keys in front of the old ones: what is sealed from now on the old ones do not open. Contents that are
// sealed to somebody's own key stay so.
func (r *Ring) Rotate() error {
	var stay []string
	if len(r.Content) == 0 {
		stay = r.Readers
	}
	fresh, err := New(r.Vault, stay)
	if err != nil {
		return err
	}
	r.Catalogue, r.Content = append(fresh.Catalogue, r.Catalogue...), append(fresh.Content, r.Content...)
	r.Readers = fresh.Readers
	return nil
}

// Sealed reports whether the vault is sealed at all.
func (r *Ring) Sealed() bool { return len(r.Catalogue) > 0 }

// WithoutContent is the ring for a machine that is not to open contents.
func (r *Ring) WithoutContent() *Ring {
	less := *r
	less.Content = nil
	return &less
}

// Keys are the keys to work with, with own identities of the user's besides: who can open the contents can open the
// catalogue.
func (r *Ring) Keys(own ...age.Identity) (Keys, error) {
	k := Keys{Sign: r.Sign, Verify: r.Verify}
	if !r.Sealed() {
		return k, nil
	}
	var err error
	if k.ContentRecipients, err = recipients(r.Readers); err != nil {
		return k, err
	}
	k.CatalogueRecipients = append([]age.Recipient{r.Catalogue[0].public}, k.ContentRecipients...)
	for _, i := range r.Content {
		k.Content = append(k.Content, i)
	}
	k.Content = append(k.Content, own...)
	for _, i := range r.Catalogue {
		k.Catalogue = append(k.Catalogue, i)
	}
	k.Catalogue = append(k.Catalogue, k.Content...)
	return k, nil
}

// Own are the keys of somebody who has nothing of the vault's but identities that its contents are sealed to.
func Own(own []age.Identity) Keys { return Keys{Catalogue: own, Content: own} }

// recipients reads public keys.
func recipients(texts []string) (all []age.Recipient, err error) {
	for _, t := range texts {
		one, err := age.ParseRecipients(strings.NewReader(t))
		if err != nil || len(one) != 1 {
			return nil, hint.Usagef("%s is not a public key of age; they begin with age1, and age-keygen makes them",
				quote.Name(t))
		}
		all = append(all, one[0])
	}
	if err := together(all); err != nil {
		return nil, hint.Usagef("these public keys cannot be used together: %s", err)
	}
	return all, nil
}

// together reports why one object cannot be sealed to all of them.
func together(all []age.Recipient) error {
	if len(all) == 0 {
		return nil
	}
	_, err := age.Encrypt(io.Discard, all...)
	return err
}

// ParseIdentities reads a file of private keys as age-keygen writes it.
func ParseIdentities(text, name string) ([]age.Identity, error) {
	all, err := age.ParseIdentities(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s has no private key of age: %w", quote.Name(name),
			errors.New(strings.TrimPrefix(err.Error(), "failed to read secret keys file: ")))
	}
	return all, nil
}
