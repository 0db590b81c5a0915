package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"snap/internal/hint"
	"snap/remote/store"
	"snap/remote/vault"
	"snap/remote/vault/seal"
)

// Addition says how a vault is made.
type Addition struct {
	Unsealed   bool   // no encryption
	NoContent  bool   // the key that opens contents is not kept here
	Passphrase string // of the user's own; "": one is made
}

// Add makes the vault of a remote, with its keys, and opens it; or goes on with one that an addition before had begun.
// The sheet is what is to be printed and put away. An ErrExists: there is a vault of somebody else's.
func Add(ctx context.Context, r Remote, o Options, a Addition) (p *Place, sheet *seal.Sheet, err error) {
	p = &Place{Remote: r, o: o}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, nil, err
	}
	if p.Store, err = r.Reach(ctx, o); err != nil {
		return nil, nil, err
	}
	if sheet, err = p.add(ctx, a); err != nil {
		return nil, nil, errors.Join(err, p.Close())
	}
	return p, sheet, nil
}

func (p *Place) add(ctx context.Context, a Addition) (*seal.Sheet, error) {
	if err := p.probe(ctx); err != nil {
		return nil, err
	}
	begun, err := readKeys(filepath.Join(p.o.Dir, begunFile), "")
	if err != nil {
		return nil, err
	}
	about, err := p.about(ctx)
	switch {
	case errors.Is(err, vault.ErrNoVault):
		err = p.make(ctx, begun, a)
	case err == nil && begun == nil: // also one of ours that is whole: its keys stay what they are
		err = fmt.Errorf("%s: %w: there is a vault already, %s", p.URL, store.ErrExists, about.ID)
	case err == nil: // an addition before came so far
		p.Keys = *begun
		p.Vault, err = vault.Open(ctx, p.Store, p.o.Dir, p.Keys, p.vaultOptions())
	}
	if err != nil {
		return nil, err
	}
	words, err := p.putKeys(ctx, &p.Keys, a)
	if err != nil {
		return nil, err
	}
	id, keep := p.Vault.ID(), &p.Keys
	if a.NoContent {
		keep = keep.WithoutContent()
	}
	if err := writeFile(filepath.Join(p.o.Dir, keysFile), keep.Text(id)); err != nil {
		return nil, err
	}
	sheet := &seal.Sheet{URL: p.URL, ID: id, Passphrase: words, Verify: p.Keys.Verify}
	p.Keys = *keep
	return sheet, os.Remove(filepath.Join(p.o.Dir, begunFile))
}

// probe finds what the place can do, and notes it.
func (p *Place) probe(ctx context.Context) error {
	traits, err := store.Probe(ctx, p.Store)
	if err != nil {
		return err
	}
	text, err := json.Marshal(traits)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(p.o.Dir, traitsFile), append(text, '\n'))
}

// noVault stands for the id of a vault that is not made yet.
const noVault = "00000000000000000000000000000000"

// make makes keys, if an addition before has not, and then the vault.
func (p *Place) make(ctx context.Context, k *seal.Keys, a Addition) error {
	if k == nil {
		var err error
		if k, err = p.newKeys(a); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(p.o.Dir, begunFile), k.Text(noVault)); err != nil {
			return err
		}
	}
	p.Keys = *k
	var err error
	p.Vault, err = vault.Create(ctx, p.Store, p.o.Dir, p.Keys, p.vaultOptions())
	return err
}

func (p *Place) newKeys(a Addition) (*seal.Keys, error) {
	if a.Unsealed {
		return seal.NewPlainKeys()
	}
	own, err := p.recipients()
	if err != nil {
		return nil, hint.Usage(err)
	}
	return seal.NewKeys(own...)
}

// putKeys puts the keys into the vault, sealed, and returns the passphrase that opens them: "" where it is the user's
// own key that does, or nobody's.
func (p *Place) putKeys(ctx context.Context, k *seal.Keys, a Addition) (words string, err error) {
	if !k.Sealed() || len(p.Recipients) > 0 {
		return "", nil
	}
	if words = a.Passphrase; words == "" {
		words = seal.NewPassphrase()
	}
	return words, p.putSealed(ctx, k, words)
}

// putSealed puts the keys into the vault, in place of those there: what an addition before has put is opened by a
// passphrase that nobody has seen.
func (p *Place) putSealed(ctx context.Context, k *seal.Keys, words string) error {
	body, err := k.SealKeys(p.Vault.ID(), words)
	if err != nil {
		return err
	}
	return p.Store.Put(ctx, sealedKeys, body, store.PutOptions{Lock: p.Lock, Replace: true})
}

// writeFile writes a file for its owner alone, which appears whole.
func writeFile(path string, text []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
