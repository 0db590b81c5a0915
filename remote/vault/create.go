package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"snap/remote/store"
	"snap/remote/vault/chain"
	"snap/remote/vault/head"
	"snap/remote/vault/seal"
)

// Create makes a vault in a place that has none, and opens it. One with the id of the options that a Create before has
// begun is gone on with. vault.json comes first and says whose place it is from then on, then the keys, then the first
// head: so there is never a vault that its keys are not in. An ErrExists: it is another vault's place.
func Create(ctx context.Context, s store.Store, dir string, k seal.Keys, o Options) (*Vault, error) {
	v, err := begin(s, dir, k, o)
	if err != nil {
		return nil, err
	}
	if err := v.create(ctx); err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

func (v *Vault) create(ctx context.Context) error {
	if v.id = v.o.ID; v.id == "" {
		v.id = head.NewID()
	}
	if err := errors.Join(v.m.remove(intentFile), v.m.dropJournal()); err != nil { // of a vault that was in the place
		return err
	}
	if err := v.putAbout(ctx); err != nil {
		return err
	}
	if err := v.putKeys(ctx); err != nil {
		return err
	}
	if err := v.firstHead(ctx); err != nil {
		return err
	}
	return errors.Join(v.m.write("id", []byte(v.id)), v.confirm(ctx))
}

// putKeys puts the keys, in place of those of a Create before: these are opened by words that nobody has seen.
func (v *Vault) putKeys(ctx context.Context) error {
	if v.o.Sealed == nil {
		return nil
	}
	o := store.PutOptions{Lock: v.o.Lock}
	err := v.s.Put(ctx, head.KeysName, v.o.Sealed, o)
	if errors.Is(err, store.ErrExists) {
		o.Replace = true
		err = v.s.Put(ctx, head.KeysName, v.o.Sealed, o)
	}
	return err
}

// putAbout puts vault.json, unless it is there with this id.
func (v *Vault) putAbout(ctx context.Context) error {
	if there, err := v.ours(ctx); there || err != nil {
		return err
	}
	about := head.NewAbout(v.id, v.k.Sealed(), time.Now())
	text, err := about.Encode()
	if err != nil {
		return err
	}
	err = v.s.Put(ctx, aboutName, text, store.PutOptions{Lock: v.o.Lock})
	if errors.Is(err, store.ErrExists) { // by this Put, whose answer was lost, or by somebody else's
		_, err = v.ours(ctx)
	}
	return err
}

// ours reports whether vault.json is there with the id of this vault; with another one it is an ErrExists.
func (v *Vault) ours(ctx context.Context) (there bool, err error) {
	id, err := v.aboutID(ctx)
	switch {
	case errors.Is(err, ErrNoVault):
		return false, nil
	case err != nil:
		return false, err
	case id != v.id:
		return false, fmt.Errorf("%s: %w: there is a vault already, %s", aboutName, store.ErrExists, id)
	}
	return true, nil
}

// firstHead puts head 1, or adopts what a Create before has put.
func (v *Vault) firstHead(ctx context.Context) error {
	if err := v.refresh(ctx); !errors.Is(err, ErrNoVault) {
		return err
	}
	first := &Head{Number: 1, Run: v.newRun(), Host: v.o.Host, Time: time.Now()}
	body, err := v.sealHead(first)
	if err != nil {
		return err
	}
	err = v.putHead(ctx, raw{Ref: chain.Ref{Number: 1, Run: v.run(first)}, body: body})
	if errors.Is(err, store.ErrExists) {
		return v.refresh(ctx)
	}
	if err != nil {
		return err
	}
	return v.adopt(ctx, first, body)
}

// confirm looks whether the place is still this vault's: where a Put may replace, another Create may have been at work.
func (v *Vault) confirm(ctx context.Context) error {
	if v.s.Traits().CreateOnly {
		return nil
	}
	if _, err := v.ours(ctx); err != nil {
		return err
	}
	if v.o.Sealed == nil {
		return nil
	}
	there, err := v.s.Get(ctx, head.KeysName, 0, -1)
	if err == nil && !bytes.Equal(there, v.o.Sealed) {
		err = fmt.Errorf("%s: %w: another machine makes a vault in this place, too", head.KeysName, store.ErrExists)
	}
	return err
}
