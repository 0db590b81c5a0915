// Package remote is a destination's copies far away: what is known of each, how its place is reached and its keys are
// found, and what a copy is made of.
//
// Invariants:
//
//   - DEST/Remotes.txt says where a remote is and holds no secret; its keys are in DEST/.snap/remotes/NAME/, or in the
//     user's own folder, for their owner alone. All else that is kept here of a remote can be lost.
//   - The keys are written here before the vault is made, and put into it before it is one: whatever stops an addition,
//     the same command goes on, and there is never a vault that nobody can open.
//   - A key or passphrase that is wrong ends in vault.ErrKey, and nothing else is tried.
//
// [Open] reaches a place, [Add] makes a vault in one. Begin to read there; keys.go says where keys come from.
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
	MinStorage   time.Duration // what is deleted younger than this costs as if it were this old; 0: nothing does
	KeysHome     bool          // its keys are in the user's own folder, not in the destination
	LimitUpload  int64         // bytes a second; 0: no limit
	Profile      string        // in ~/.aws
	Endpoint     string
	CACert       string
}

// Options say how a place is reached.
type Options struct {
	Env        []string
	Cache      string    // the folder for what can be fetched again, where Dir is ""
	Dir        string    // DEST/.snap/remotes/NAME; "" for a place that is named by its URL
	Home       string    // the user's own folder for keys, of remotes with KeysHome
	NoCache    bool      // what is kept here of what is read goes when the place is closed
	AsOf       time.Time // read the place as it was; needs one that keeps versions. Zero: as it is
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
	id    string // of the vault
	temp  string // a folder that goes when the place is closed; ""
	here  bool   // the keys are those that are kept here
}

// traitsFile has what a place was found to do, as JSON of found.
const traitsFile = "traits"

// found is what was found out about a place when the remote was added.
type found struct {
	store.Traits
	URL    string // that Region is of: Remotes.txt may name another one by now
	Region string
}

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
			known := found{}
			if json.Unmarshal(text, &known) == nil {
				s.Traits = &known.Traits
			}
			if known.URL == r.URL {
				s.KnownRegion = known.Region
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
	if err = p.asOf(); err == nil {
		err = p.open(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// asOf leads to the place as it was, and what is kept of what is read to a folder that goes.
func (p *Place) asOf() (err error) {
	if past := !p.o.AsOf.IsZero(); past || p.o.NoCache {
		if p.temp, err = os.MkdirTemp("", "snap-remote-"); err != nil {
			return err
		}
		p.o.Cache = p.temp
	}
	if p.o.AsOf.IsZero() {
		return nil
	}
	s, err := vault.AsOf(p.Store, p.o.AsOf)
	if err == nil {
		p.Store = s
	}
	return err
}

func (p *Place) open(ctx context.Context) error {
	about, err := p.known(ctx)
	if err != nil {
		return err
	}
	p.id = about.ID
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
	if dir == "" || !p.o.AsOf.IsZero() { // the mirror knows what is now, and does not go back
		dir = filepath.Join(p.CacheDir(about.ID), "vault")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if p.Vault, err = vault.Open(ctx, p.Store, dir, p.Keys, p.vaultOptions()); err == nil && p.here {
		_ = p.Added() // what an addition has left that was killed at its very end; who may not write here leaves it
	}
	return err
}

func (p *Place) vaultOptions() vault.Options {
	o := vault.Options{Jobs: p.o.Jobs, Host: p.o.Host, Lock: p.Lock, Warn: p.o.Warn}
	if p.here {
		o.Renew = p.renew
	}
	return o
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

// known is what is known here of a vault, or else vault.json. What is known is not asked for again with each copy: if
// the place has another vault now, its heads are not what they should be, and the vault says so.
func (p *Place) known(ctx context.Context) (head.About, error) {
	if p.o.Dir == "" {
		return p.about(ctx)
	}
	id, err := readID(p.o.Dir, idFile)
	if err != nil || id == "" {
		return p.about(ctx)
	}
	k, err := ReadKeys(p.Remote, p.o)
	if err != nil || k == nil {
		return p.about(ctx)
	}
	return head.About{ID: id, Sealed: k.Sealed()}, nil
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

// Close closes the vault and the place.
func (p *Place) Close() error {
	var err error
	if p.Vault != nil {
		err = p.Vault.Close()
	}
	err = errors.Join(err, p.Store.Close())
	if p.temp != "" {
		err = errors.Join(err, os.RemoveAll(p.temp))
	}
	return err
}
