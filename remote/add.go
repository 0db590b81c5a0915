package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"snap/remote/keys"
	"snap/remote/store"
	"snap/remote/vault"
)

// Addition says how a vault is made.
type Addition struct {
	Unsealed   bool   // no encryption
	NoContent  bool   // the key that opens contents is not kept here
	Passphrase string // of the user's own; "": one is made
	Work       int    // how hard the passphrase is to try; 0: keys.Work
}

// Add makes the vault of a remote, with its keys, and opens it; or goes on with one that an addition before had begun.
// The sheet is what is to be printed and put away. An ErrExists: there is a vault of somebody else's.
func Add(ctx context.Context, r Remote, o Options, a Addition) (p *Place, sheet *keys.Sheet, err error) {
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

func (p *Place) add(ctx context.Context, a Addition) (*keys.Sheet, error) {
	if err := p.probe(ctx); err != nil {
		return nil, err
	}
	ring, err := ReadRing(p.o.Dir)
	if err != nil {
		return nil, err
	}
	about, err := p.about(ctx)
	switch {
	case errors.Is(err, vault.ErrNoVault):
		ring, err = p.make(ctx, ring, a)
	case err == nil && (ring == nil || ring.Vault != begun): // also one of ours that is whole: its keys stay what they are
		err = fmt.Errorf("%s: %w: there is a vault already, %s", p.URL, store.ErrExists, about.ID)
	case err == nil: // an addition before came so far
		err = p.open(ctx)
	}
	if err != nil {
		return nil, err
	}
	ring.Vault = p.Vault.ID()
	words, err := p.putKeys(ctx, ring, a)
	if err != nil {
		return nil, err
	}
	keep := ring
	if a.NoContent {
		keep = ring.WithoutContent()
	}
	p.Ring = keep
	return &keys.Sheet{URL: p.URL, Vault: ring.Vault, Passphrase: words, Sealed: ring.Sealed(), Verify: ring.Verify},
		writeFile(filepath.Join(p.o.Dir, keysFile), keep.Text())
}

// begun stands for the id in keys whose vault is not made yet.
const begun = "not made yet"

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

// make makes keys, if an addition before has not, and then the vault.
func (p *Place) make(ctx context.Context, ring *keys.Ring, a Addition) (*keys.Ring, error) {
	var err error
	if ring == nil || ring.Vault != begun {
		if a.Unsealed {
			ring, err = keys.NewSigning(begun)
		} else {
			ring, err = keys.New(begun, p.Recipients)
		}
		if err != nil {
			return nil, err
		}
		if err := writeFile(filepath.Join(p.o.Dir, keysFile), ring.Text()); err != nil {
			return nil, err
		}
	}
	k, err := ring.Keys()
	if err != nil {
		return nil, err
	}
	p.Vault, err = vault.Create(ctx, p.Store, p.o.Dir, vault.Keys(k), p.vaultOptions())
	return ring, err
}

// putKeys puts the keys into the vault, sealed, and returns the passphrase that opens them: "" where it is the user's
// own key that does, or nobody's.
func (p *Place) putKeys(ctx context.Context, ring *keys.Ring, a Addition) (words string, err error) {
	if !ring.Sealed() {
		return "", nil
	}
	if len(p.Recipients) == 0 {
		if words = a.Passphrase; words == "" {
			words = keys.NewPassphrase()
		}
	}
	if a.Work == 0 {
		a.Work = keys.Work
	}
	body, err := ring.SealRing(words, a.Work)
	if err != nil {
		return "", err
	}
	// What an addition before has put is opened by a passphrase that nobody has seen.
	err = p.Store.Put(ctx, sealedKeys, body, store.PutOptions{Lock: p.Lock, Replace: true})
	return words, err
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

// NewSheet seals the keys by another passphrase, words or one that is made, in place of what the vault has, and returns
// the sheet. A machine that has not all keys cannot.
func (p *Place) NewSheet(ctx context.Context, words string) (*keys.Sheet, error) {
	ring := p.Ring
	if ring == nil {
		return nil, ErrNoKey
	}
	sheet := &keys.Sheet{URL: p.URL, Vault: ring.Vault, Sealed: ring.Sealed(), Verify: ring.Verify}
	if !ring.Sealed() || len(p.Recipients) > 0 {
		return sheet, nil // nothing is opened by a passphrase
	}
	if len(ring.Content) == 0 {
		whole, err := p.fetchRing(ctx) // with the passphrase that is to be replaced
		if err != nil {
			return nil, err
		}
		ring = whole
	}
	var err error
	sheet.Passphrase, err = p.putKeys(ctx, ring, Addition{Passphrase: words})
	return sheet, err
}
