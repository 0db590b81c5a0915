package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"snap/remote/store"
)

// metaName and dataName are the names of objects.
func metaName(sum [32]byte) string { return "meta/" + hex.EncodeToString(sum[:]) }

func dataName(sum [32]byte) string {
	h := hex.EncodeToString(sum[:])
	return "data/" + h[:2] + "/" + h
}

// putObject puts an object whose name is its SHA-256. One of that name that is there already is our own, from a Put
// whose answer was lost; or it is behind a delete marker, or damaged.
func (v *Vault) putObject(ctx context.Context, name string, body []byte, sum [32]byte) error {
	o := store.PutOptions{Sum: sum, Lock: v.o.Lock, StorageClass: v.o.StorageClass}
	err := v.s.Put(ctx, name, body, o)
	if !errors.Is(err, store.ErrExists) {
		return err
	}
	there, err := v.s.Stat(ctx, name)
	if err == nil && there.Size == int64(len(body)) {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	o.Replace = true
	return v.s.Put(ctx, name, body, o)
}

// putMeta seals bytes for the catalogue and puts them; the answer is the SHA-256 that is the object's name.
func (v *Vault) putMeta(ctx context.Context, plain []byte) ([32]byte, error) {
	body, err := v.sealMeta(plain)
	if err != nil {
		return [32]byte{}, err
	}
	sum := sha256.Sum256(body)
	return sum, v.putObject(ctx, metaName(sum), body, sum)
}

// uploads puts packs, a few at a time. Its first error ends it.
type uploads struct {
	v      *Vault
	cancel context.CancelCauseFunc
	ctx    context.Context //nolint:containedctx // of the goroutines that it joins
	slots  chan struct{}
	wg     sync.WaitGroup
	done   func(p *packed) error // called for each that was put, one at a time
	mu     sync.Mutex
}

func (v *Vault) newUploads(ctx context.Context, done func(p *packed) error) *uploads {
	ctx, cancel := context.WithCancelCause(ctx)
	return &uploads{v: v, ctx: ctx, cancel: cancel, slots: make(chan struct{}, v.jobs()), done: done}
}

// put begins to put a pack, when there is room for one more.
func (u *uploads) put(p *packed, body []byte) error {
	select {
	case u.slots <- struct{}{}:
	case <-u.ctx.Done():
		return context.Cause(u.ctx)
	}
	u.wg.Go(func() {
		defer func() { <-u.slots }()
		err := u.v.putObject(u.ctx, dataName(p.Name), body, p.Name)
		if err == nil {
			u.mu.Lock()
			err = u.done(p)
			u.mu.Unlock()
		}
		if err != nil {
			u.cancel(fmt.Errorf("put %s: %w", dataName(p.Name), err))
		}
	})
	return nil
}

// wait waits until all that was begun is put.
func (u *uploads) wait() error {
	u.wg.Wait()
	return context.Cause(u.ctx)
}

// end stops what is under way.
func (u *uploads) end() {
	u.cancel(context.Canceled)
	u.wg.Wait()
}
