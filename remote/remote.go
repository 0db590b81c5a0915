// Package remote is a destination's copies far away: what is known of each, how its place is reached and its keys are
// found, and what a copy is made of.
//
// Invariants:
//
//   - DEST/Remotes.txt says where a remote is and holds no secret; its keys are in DEST/.snap/remotes/NAME/, for its
//     owner alone, beside what the vault keeps here of itself. All there but the keys can be lost.
//   - The keys are written here before the vault is made: whatever stops an addition, the same command goes on.
//   - A key or passphrase that is wrong ends in vault.ErrKey, and nothing else is tried.
//
// [Open] reaches a place, [Add] makes a vault in one. Begin to read there.
package remote

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"snap/internal/hint"
	"snap/internal/quote"
	"snap/remote/store"
	"snap/remote/vault"
	"snap/remote/vault/head"
	"snap/remote/vault/seal"
)

// Remote is what Remotes.txt says of one.
type Remote struct {
	Name         string // "": it was named by its URL
	URL          string
	Recipients   []string // public keys of age that its contents are sealed to, in place of one that is made
	StorageClass string
	Lock         time.Duration // of each object; 0: none
	LimitUpload  int64         // bytes a second; 0: no limit
	Profile      string        // in ~/.aws
	Endpoint     string
	CACert       string
}

// Options say how a place is reached.
type Options struct {
	Env        []string
	Cache      string // the folder for what can be fetched again, where Dir is ""
	Dir        string // DEST/.snap/remotes/NAME; "" for a place that is named by its URL
	Host       string
	Jobs       int
	RetryFor   time.Duration
	Limit      int64           // in place of the remote's own; 0: that
	Identities []seal.Identity // the user's own
	// Verify is what heads are signed with, as the recovery sheet has it; nil: what is known here, or in the place.
	Verify ed25519.PublicKey
	// Passphrase asks for the passphrase of the keys that are in the place; nil: there is none.
	Passphrase func() (string, error)
	Warn       func(error)
	Retrying   func(err error, pause time.Duration)
}

// Place is a remote that is open.
type Place struct {
	Remote
	Store store.Store
	Vault *vault.Vault
	Keys  seal.Keys
	o     Options
}

// The files of a remote's folder that are not the vault's.
const (
	keysFile   = "keys"
	traitsFile = "traits"
)

// begunFile has the keys of a vault that is not ready yet.
const begunFile = "keys-begun"

// sealedKeys is where a vault keeps its own keys, sealed.
const sealedKeys = "keys/0001.age"

// ErrNoKey says that a vault is sealed and nothing is there that opens it.
var ErrNoKey = fmt.Errorf("%w: no key of the vault is here, and no passphrase was given", vault.ErrKey)

// Reach is the place of a remote; nothing is asked of it yet.
func (r *Remote) Reach(ctx context.Context, o Options) (store.Store, error) {
	limit := o.Limit
	if limit == 0 {
		limit = r.LimitUpload
	}
	s := store.Options{Env: o.Env, RetryFor: o.RetryFor, Jobs: o.Jobs, LimitUp: limit, StorageClass: r.StorageClass,
		Endpoint: r.Endpoint, Profile: r.Profile, CACert: r.CACert, Retrying: o.Retrying}
	if o.Dir != "" {
		text, err := os.ReadFile(filepath.Join(o.Dir, traitsFile))
		if err == nil {
			t := store.Traits{}
			if json.Unmarshal(text, &t) == nil {
				s.Traits = &t
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return store.Open(ctx, r.URL, s)
}

// Open opens the vault of a remote.
func Open(ctx context.Context, r Remote, o Options) (p *Place, err error) {
	p = &Place{Remote: r, o: o}
	if p.Store, err = r.Reach(ctx, o); err != nil {
		return nil, err
	}
	if err := p.open(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Place) open(ctx context.Context) error {
	about, err := p.known(ctx)
	if err != nil {
		return err
	}
	if p.Keys, err = p.keys(ctx, &about); err != nil {
		return err
	}
	if err := p.verify(); err != nil {
		return err
	}
	if p.Keys.Verify == nil && p.o.Warn != nil {
		p.o.Warn(errors.New("whether the vault is what was written cannot be told: the verify key of the sheet is not here"))
	}
	dir := p.o.Dir
	if dir == "" {
		dir = filepath.Join(p.CacheDir(about.ID), "vault")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	p.Vault, err = vault.Open(ctx, p.Store, dir, p.Keys, p.vaultOptions())
	return err
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

func (p *Place) vaultOptions() vault.Options {
	return vault.Options{Jobs: p.o.Jobs, Host: p.o.Host, Lock: p.Lock, Warn: p.o.Warn}
}

// CacheDir is the folder of the cache of a vault.
func (p *Place) CacheDir(id string) string { return filepath.Join(p.o.Cache, id) }

// about reads vault.json.
func (p *Place) about(ctx context.Context) (a head.About, err error) {
	b, err := p.Store.Get(ctx, head.AboutName, 0, -1)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a, vault.ErrNoVault
	case err != nil:
		return a, err
	}
	if a, err = head.ParseAbout(b); err != nil {
		return a, fmt.Errorf("%s: %w", head.AboutName, err)
	}
	if !validID(a.ID) {
		return a, fmt.Errorf("%s: %w: it has no id", head.AboutName, vault.ErrDamaged)
	}
	return a, nil
}

// known is vault.json, or where the place cannot be reached, what is known here of it.
func (p *Place) known(ctx context.Context) (head.About, error) {
	a, err := p.about(ctx)
	if reach := (*store.ReachError)(nil); p.o.Dir == "" || !errors.As(err, &reach) || reach.Kind == store.NoPlace {
		return a, err
	}
	id, bad := os.ReadFile(filepath.Join(p.o.Dir, "id"))
	k, bad2 := ReadKeys(p.o.Dir, "")
	if bad != nil || bad2 != nil || k == nil || !validID(string(id)) {
		return a, err
	}
	return head.About{ID: string(id), Sealed: k.Sealed()}, nil
}

// validID reports whether id is one of a vault: it becomes the name of a folder.
func validID(id string) bool {
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(id) == 32
}

// keys are those of the folder here, or of the place.
func (p *Place) keys(ctx context.Context, about *head.About) (seal.Keys, error) {
	k, err := ReadKeys(p.o.Dir, about.ID)
	if errors.Is(err, seal.ErrKey) {
		return seal.Keys{}, fmt.Errorf("%w: the keys here are another vault's; it is %s", vault.ErrOther, about.ID)
	}
	if err != nil {
		return seal.Keys{}, err
	}
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

// fetchKeys opens the keys that the vault keeps sealed.
func (p *Place) fetchKeys(ctx context.Context, id string) (*seal.Keys, error) {
	b, err := p.Store.Get(ctx, sealedKeys, 0, -1)
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

// ReadKeys reads the keys that the folder of a remote has; nil: it has none. seal.ErrKey: they are not those of the
// vault with this id; "" is any.
func ReadKeys(dir, id string) (*seal.Keys, error) {
	if dir == "" {
		return nil, nil
	}
	return readKeys(filepath.Join(dir, keysFile), id)
}

func readKeys(path, id string) (*seal.Keys, error) {
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

// Close closes the vault and the place.
func (p *Place) Close() error {
	var err error
	if p.Vault != nil {
		err = p.Vault.Close()
	}
	return errors.Join(err, p.Store.Close())
}
