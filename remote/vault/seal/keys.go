package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"slices"
)

// Keys are what a machine has of a vault's keys. The zero value is that of a vault that is not sealed.
type Keys struct {
	// Catalogue and Content are secrets, oldest first. Without one of Content, packs cannot be read.
	Catalogue []Identity
	Content   []Identity

	// CatalogueTo and ContentTo are the recipients of what is sealed from now on. None: the vault is not sealed.
	CatalogueTo []Recipient
	ContentTo   []Recipient

	Sign   ed25519.PrivateKey // nil: this machine cannot publish a head
	Verify ed25519.PublicKey  // nil: heads are read as they come, and whoever reads is to be warned
}

// NewKeys makes the keys of a new vault. With recipients of the user's own no content identity is made: theirs are not
// here.
func NewKeys(own ...Recipient) (*Keys, error) {
	k := &Keys{ContentTo: slices.Clone(own)}
	if err := k.newIdentities(len(own) == 0); err != nil {
		return nil, err
	}
	return k, k.newSigning()
}

// NewPlainKeys makes the signing key of a new vault that is not sealed.
func NewPlainKeys() (*Keys, error) {
	k := &Keys{}
	return k, k.newSigning()
}

func (k *Keys) newSigning() (err error) {
	k.Verify, k.Sign, err = ed25519.GenerateKey(rand.Reader)
	return err
}

func (k *Keys) newIdentities(content bool) error {
	pq, err := oneKind(k.ContentTo)
	if err != nil {
		return err
	}
	if content {
		i, err := NewIdentity(pq)
		if err != nil {
			return err
		}
		k.Content, k.ContentTo = append(k.Content, i), []Recipient{i.Recipient()}
	}
	i, err := NewIdentity(pq)
	if err != nil {
		return err
	}
	k.Catalogue, k.CatalogueTo = append(k.Catalogue, i), []Recipient{i.Recipient()}
	return nil
}

// Rotate is k with new recipients: what is sealed from now on cannot be opened with the identities that there were.
// Those stay, for what they have sealed. Recipients of the user's own take the place of the content's; without any the
// content gets a new identity.
func (k *Keys) Rotate(own ...Recipient) (*Keys, error) {
	n := *k
	n.Catalogue, n.Content = slices.Clone(k.Catalogue), slices.Clone(k.Content)
	if len(own) > 0 {
		n.ContentTo = slices.Clone(own)
	}
	if err := n.newIdentities(len(own) == 0); err != nil {
		return nil, err
	}
	return &n, nil
}

// Sealed reports whether the vault's objects are sealed.
func (k *Keys) Sealed() bool {
	return len(k.CatalogueTo) > 0 || len(k.ContentTo) > 0 || len(k.Catalogue) > 0 || len(k.Content) > 0
}

// CanRestore reports whether packs can be opened.
func (k *Keys) CanRestore() bool { return !k.Sealed() || len(k.Content) > 0 }

// WithoutContent are the keys of a machine that pushes, lists, prunes and checks, and cannot read a file's contents.
func (k *Keys) WithoutContent() *Keys {
	n := *k
	n.Content = nil
	return &n
}

// catalogueRecipients are those of heads, tables and change sets.
func (k *Keys) catalogueRecipients() []Recipient {
	return append(slices.Clone(k.CatalogueTo), k.ContentTo...)
}

// openers are what opens an object of the catalogue: the newest first, as most objects are theirs.
func (k *Keys) openers() []Identity {
	all := append(slices.Clone(k.Content), k.Catalogue...)
	slices.Reverse(all)
	return all
}
