package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
	"snap/remote/store"
	"snap/remote/vault"
	"snap/remote/vault/head"
	"snap/remote/vault/seal"
)

// The files with keys, and the one with the id of the vault that they are of.
const (
	keysFile  = "keys"
	begunKeys = "keys-begun" // of a vault that is not ready yet
	idFile    = "id"         // the mirror has it
	begunFile = "begun"      // the id of a vault that is not ready yet
)

// ErrNoKey says that a vault is sealed and nothing is there that opens it.
var ErrNoKey = fmt.Errorf("%w: no key of the vault is here, and no passphrase was given", vault.ErrKey)

// keysDir is the folder with the keys of the vault with this id; "" for a place that is named by its URL.
func (r *Remote) keysDir(o *Options, id string) string {
	if o.Dir != "" && r.KeysHome {
		return filepath.Join(o.Home, id)
	}
	return o.Dir
}

// keys are those that are kept here, or those of the place.
func (p *Place) keys(ctx context.Context, about *head.About) (seal.Keys, error) {
	k, err := readKeys(p.keysDir(&p.o, about.ID), keysFile, about.ID)
	if errors.Is(err, seal.ErrKey) {
		return seal.Keys{}, fmt.Errorf("%w: the keys here are another vault's; it is %s", vault.ErrOther, about.ID)
	}
	if err != nil {
		return seal.Keys{}, err
	}
	p.here = k != nil
	switch {
	case k == nil && !about.Sealed:
		return seal.Keys{}, nil
	case k == nil && len(p.o.Identities) > 0:
		return seal.Keys{Catalogue: p.o.Identities, Content: p.o.Identities}, nil
	case k == nil:
		if k, err = p.fetchKeys(ctx, about.ID); err != nil {
			return seal.Keys{}, err
		}
	}
	k.Content = append(k.Content, p.o.Identities...)
	return *k, nil
}

// verify has heads compared with the verify key that was given. Where another one is known, one of them is wrong.
func (p *Place) verify() error {
	switch {
	case p.o.Verify == nil:
	case p.Keys.Verify != nil && !p.Keys.Verify.Equal(p.o.Verify):
		return fmt.Errorf("%w: the verify key that was given is not that of the vault's keys", vault.ErrForged)
	default:
		p.Keys.Verify = p.o.Verify
	}
	return nil
}

// fetchKeys opens the keys that the vault keeps sealed.
func (p *Place) fetchKeys(ctx context.Context, id string) (*seal.Keys, error) {
	b, err := p.Store.Get(ctx, head.KeysName, 0, -1)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("%w: it is opened by the private key of one of its recipients", vault.ErrKey)
	}
	if err != nil {
		return nil, err
	}
	if p.o.Passphrase == nil {
		return nil, ErrNoKey
	}
	words, err := p.o.Passphrase()
	if err != nil {
		return nil, err
	}
	return seal.OpenKeys(b, id, words)
}

// renew takes the keys that the vault has, in place of those here that do not open its head: another machine has
// changed them since.
func (p *Place) renew(ctx context.Context) (seal.Keys, error) {
	const why = "the keys of the vault were changed after those here were written (snap remote key --rotate); " +
		"the newest recovery sheet opens it"
	k, err := p.fetchKeys(ctx, p.id)
	if errors.Is(err, vault.ErrKey) {
		return seal.Keys{}, fmt.Errorf("%w: %s", err, why)
	}
	if err != nil {
		return seal.Keys{}, err
	}
	if p.Keys.Verify != nil && !p.Keys.Verify.Equal(k.Verify) {
		return seal.Keys{}, fmt.Errorf("%w: the keys in the vault are of another verify key than those here", vault.ErrForged)
	}
	if !p.Keys.CanRestore() {
		k = k.WithoutContent()
	}
	if err := p.writeKeys(k); err != nil {
		return seal.Keys{}, err
	}
	k.Content = append(k.Content, p.o.Identities...)
	p.Keys = *k
	return *k, nil
}

// OpenContents takes what opens contents from the vault, where the keys here do not: then the passphrase is needed.
func (p *Place) OpenContents(ctx context.Context) error {
	if p.Keys.CanRestore() {
		return nil
	}
	k, err := p.fetchKeys(ctx, p.id)
	if err != nil {
		return fmt.Errorf("the key here opens no contents: %w", err)
	}
	p.Keys.Content = k.Content
	p.Vault.UseKeys(p.Keys)
	return nil
}

// writeKeys keeps keys of the vault here.
func (p *Place) writeKeys(k *seal.Keys) error {
	return writeSecret(filepath.Join(p.keysDir(&p.o, p.id), keysFile), k.Text(p.id))
}

// ReadKeys reads the keys of a remote that are kept here; nil: there are none.
func ReadKeys(r Remote, o Options) (*seal.Keys, error) {
	if o.Dir == "" {
		return nil, nil
	}
	id, err := readID(o.Dir, idFile)
	if err != nil || id == "" && r.KeysHome {
		return nil, err
	}
	return readKeys(r.keysDir(&o, id), keysFile, "")
}

// readID is the id of a vault in a file; "": there is none.
func readID(dir, name string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	id := strings.TrimSpace(string(b))
	if err == nil && !validID(id) {
		err = fmt.Errorf("%s: not the id of a vault", quote.Name(filepath.Join(dir, name)))
	}
	return id, err
}

// readKeys reads a file with keys; nil: there is none. seal.ErrKey: they are not those of the vault with this id; "" is
// any.
func readKeys(dir, name, id string) (*seal.Keys, error) {
	if dir == "" {
		return nil, nil
	}
	path := filepath.Join(dir, name)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	k, err := seal.ParseKeys(b, id)
	if err != nil {
		return nil, hint.With(fmt.Errorf("%s: %w", quote.Name(path), err), "the recovery sheet opens the vault without it")
	}
	return k, nil
}

// Forget removes what is kept here of a remote, its keys too. sealed: its recovery sheet is needed from then on.
func Forget(r Remote, o Options) (sealed bool, err error) {
	k, err := ReadKeys(r, o) // they go even if they cannot be read
	sealed = err != nil || k != nil && k.Sealed()
	if r.KeysHome {
		for _, name := range []string{idFile, begunFile} {
			id, err := readID(o.Dir, name)
			if err != nil {
				return false, err
			}
			if id == "" {
				continue
			}
			if err := os.RemoveAll(r.keysDir(&o, id)); err != nil {
				return false, err
			}
		}
	}
	return sealed, os.RemoveAll(o.Dir)
}

// writeSecret is writeFile in a folder for its owner alone, which is made if it is not there.
func writeSecret(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return writeFile(path, text)
}
