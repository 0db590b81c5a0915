package remote

import (
	"context"

	"snap/internal/hint"
	"snap/remote/vault/seal"
)

// NewSheet seals the keys by another passphrase, words or one that is made, in place of what the vault has. show is
// given the sheet before: where this is stopped, the old sheet opens the vault or the new one does, and somebody has
// either. A machine that has not all keys needs the passphrase that is replaced.
func (p *Place) NewSheet(ctx context.Context, words string, show func(*seal.Sheet) error) error {
	k, err := p.allKeys(ctx)
	if err != nil {
		return err
	}
	return p.newSheet(ctx, k, words, show)
}

// Rotate seals what is copied from now on to new keys, and makes a new sheet, as NewSheet does. What is there stays
// under the old ones, which the sheet has, too. The vault has the new keys before anything is sealed to them.
func (p *Place) Rotate(ctx context.Context, words string, show func(*seal.Sheet) error) error {
	if !p.Keys.Sealed() {
		return hint.Usagef("the vault is not encrypted: there are no keys to change")
	}
	k, err := p.allKeys(ctx)
	if err != nil {
		return err
	}
	own, err := p.recipients()
	if err != nil {
		return err
	}
	next, err := k.Rotate(own...)
	if err != nil {
		return err
	}
	if err := p.newSheet(ctx, next, words, show); err != nil {
		return err
	}
	keep := next
	if !p.Keys.CanRestore() {
		keep = next.WithoutContent()
	}
	if err := p.writeKeys(keep); err != nil {
		return err
	}
	p.Keys = *keep
	return nil
}

// allKeys are all keys of the vault that are not the user's own.
func (p *Place) allKeys(ctx context.Context) (*seal.Keys, error) {
	if !p.Keys.Sealed() || len(p.Recipients) > 0 || p.Keys.CanRestore() {
		return &p.Keys, nil
	}
	return p.fetchKeys(ctx, p.Vault.ID())
}

func (p *Place) newSheet(ctx context.Context, k *seal.Keys, words string, show func(*seal.Sheet) error) error {
	sheet := &seal.Sheet{URL: p.URL, ID: p.Vault.ID(), Verify: k.Verify}
	if !k.Sealed() || len(p.Recipients) > 0 {
		return show(sheet) // nothing is opened by a passphrase
	}
	if sheet.Passphrase = words; words == "" {
		sheet.Passphrase = seal.NewPassphrase()
	}
	if err := show(sheet); err != nil {
		return err
	}
	return p.putSealed(ctx, k, sheet.Passphrase)
}

// recipients are the user's own.
func (p *Place) recipients() (own []seal.Recipient, err error) {
	for _, text := range p.Recipients {
		r, err := seal.ParseRecipient(text)
		if err != nil {
			return nil, err
		}
		own = append(own, r)
	}
	return own, nil
}
