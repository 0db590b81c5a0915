package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"snap/internal/file"
	"snap/internal/hint"
	"snap/remote/store"
	"snap/remote/vault"
	"snap/remote/vault/chain"
	"snap/remote/vault/head"
	"snap/remote/vault/seal"
)

// Addition says how a vault is made.
type Addition struct {
	Unsealed   bool   // no encryption
	NoContent  bool   // the key that opens contents is not kept here
	Passphrase string // of the user's own; "": one is made
}

// Add makes the vault of a remote, with its keys, and opens it; or goes on with one that an addition before had begun.
// The sheet is what is to be printed and put away. An ErrExists: there is a vault of somebody else's. Until Added says
// that the remote is entered here, another Add with the same Dir goes on, with another sheet.
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
	id, err := p.begin(ctx)
	if err != nil {
		return nil, err
	}
	p.id = id
	k, err := p.begunKeys(id, a)
	if err != nil {
		return nil, err
	}
	p.Keys = *k
	o, words := p.vaultOptions(), ""
	if o.ID = id; k.Sealed() && len(p.Recipients) == 0 { // else it is the user's own key that opens it, or nobody's
		if words = a.Passphrase; words == "" {
			words = seal.NewPassphrase()
		}
		if o.Sealed, err = k.SealKeys(id, words); err != nil {
			return nil, err
		}
	}
	if p.Vault, err = vault.Create(ctx, p.Store, p.o.Dir, p.Keys, o); err != nil {
		return nil, err
	}
	if a.NoContent {
		p.Keys = *k.WithoutContent()
	}
	return &seal.Sheet{URL: p.URL, ID: id, Passphrase: words, Verify: k.Verify}, p.writeKeys(&p.Keys)
}

// begin is the id of the vault that is made: that of an addition before that did not come to its end, or a new one,
// where there is none yet.
func (p *Place) begin(ctx context.Context) (string, error) {
	id, err := readID(p.o.Dir, begunFile)
	if err != nil {
		return "", err
	}
	about, err := p.about(ctx)
	switch {
	case errors.Is(err, vault.ErrNoVault):
	case err != nil:
		return "", err
	case about.ID != id: // also one of ours that is whole: its keys stay what they are
		return "", p.taken(ctx, about.ID)
	}
	if id != "" {
		return id, nil
	}
	id = head.NewID()
	return id, writeFile(filepath.Join(p.o.Dir, begunFile), []byte(id))
}

// taken says that the place is another vault's, or one's that another machine began to make.
func (p *Place) taken(ctx context.Context, id string) error {
	for _, err := range p.Store.List(ctx, chain.Prefix, "") {
		if err != nil {
			return err
		}
		return fmt.Errorf("%s: %w: there is a vault already, %s", p.URL, store.ErrExists, id)
	}
	return fmt.Errorf("%s: %w: another machine began to make a vault there, and has not come to its end; "+
		"if nobody goes on with that, remove %s and %s there", p.URL, store.ErrExists, head.AboutName, head.KeysName)
}

// begunKeys are the keys of the vault that is made. They are here before anything is in the place.
func (p *Place) begunKeys(id string, a Addition) (*seal.Keys, error) {
	dir := p.keysDir(&p.o, id)
	k, err := readKeys(dir, begunKeys, id)
	if k != nil || err != nil {
		return k, err
	}
	if k, err = p.newKeys(a); err != nil {
		return nil, err
	}
	return k, writeSecret(filepath.Join(dir, begunKeys), k.Text(id))
}

// Added says that the remote is entered here, and its sheet in somebody's hands: what was begun is at its end.
func (p *Place) Added() error {
	for _, path := range []string{filepath.Join(p.keysDir(&p.o, p.id), begunKeys), filepath.Join(p.o.Dir, begunFile)} {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// probe finds what the place can do, and notes it.
func (p *Place) probe(ctx context.Context) error {
	traits, err := store.Probe(ctx, p.Store)
	if err != nil {
		return err
	}
	region, err := store.Region(ctx, p.Store)
	if err != nil {
		return err
	}
	text, err := json.Marshal(found{traits, p.URL, region})
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(p.o.Dir, traitsFile), append(text, '\n'))
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

// putSealed puts the keys into the vault, in place of those there.
func (p *Place) putSealed(ctx context.Context, k *seal.Keys, words string) error {
	body, err := k.SealKeys(p.Vault.ID(), words)
	if err != nil {
		return err
	}
	return p.Store.Put(ctx, head.KeysName, body, store.PutOptions{Lock: p.Lock, Replace: true})
}

// writeFile writes a file for its owner alone, which appears whole and durable. What a killed one has left beside it is
// replaced.
func writeFile(path string, text []byte) error {
	dir, err := file.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	name := filepath.Base(path)
	temp := name + ".part"
	if err := dir.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := dir.Create(temp) // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = dir.Replace(temp, dir, name)
	}
	if err != nil {
		return errors.Join(err, dir.Remove(temp))
	}
	return dir.Sync()
}
