package vault

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"snap/remote/store"
	"snap/remote/vault/chain"
)

// What is wrong with a vault as a whole.
var (
	ErrNoVault    = errors.New("there is no vault here")
	ErrOther      = errors.New("this is another vault than last time")
	ErrRolledBack = errors.New("the vault is older than when it was last seen here: heads were taken away or put back")
	ErrDiverged   = errors.New("the vault has a snapshot that this destination has never had")
)

// look lists the heads from the known one on, and reads upwards from the highest of them, as a listing may be late.
// The bytes of the last one that was read are kept: mostly it is the one that counts.
func (v *Vault) look(ctx context.Context, known chain.Ref) (seen []chain.Ref, err error) {
	after := ""
	if known.Number > 0 {
		after = chain.Ref{Number: known.Number - 1}.Name() + "~" // behind all of that number
	}
	for o, err := range v.s.List(ctx, chain.Prefix, after) {
		if err != nil {
			return nil, fmt.Errorf("list the heads of the vault: %w", err)
		}
		if r, ok := chain.ParseName(o.Name); ok {
			r.Modified = o.Modified
			seen = append(seen, r)
		}
	}
	top := seen
	if known.Number > chain.Current(seen).Number {
		top = []chain.Ref{known}
	}
	for {
		next, ok := chain.Above(top, v.s.Traits().CreateOnly)
		if !ok {
			return seen, nil
		}
		body, err := v.s.Get(ctx, next.Name(), 0, -1)
		if errors.Is(err, store.ErrNotFound) {
			return seen, nil
		}
		if err != nil {
			return nil, err
		}
		v.last = raw{Ref: next, body: body}
		seen = append(seen, next)
		top = []chain.Ref{next}
	}
}

// raw is a head as it is stored.
type raw struct {
	chain.Ref
	body []byte
}

// fetchHead reads a head, if it was not the last one that was read.
func (v *Vault) fetchHead(ctx context.Context, r chain.Ref) (*Head, error) {
	if v.last.Number != r.Number || v.last.Run != r.Run || v.last.body == nil {
		body, err := v.s.Get(ctx, r.Name(), 0, -1)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", r.Name(), err)
		}
		v.last = raw{Ref: r, body: body}
	}
	h, err := v.openHead(v.last.body)
	if errors.Is(err, ErrKey) && v.o.Renew != nil {
		if err := v.checkID(ctx); err != nil { // its keys are not those to take
			return nil, err
		}
		k, err2 := v.o.Renew(ctx)
		if err2 != nil {
			return nil, fmt.Errorf("%s: %w", r.Name(), err2)
		}
		v.k = k
		h, err = v.openHead(v.last.body)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Name(), err)
	}
	if h.Number != r.Number || h.Run != r.Run && r.Run != "" {
		return nil, fmt.Errorf("%s: %w: it is head %d", r.Name(), ErrDamaged, h.Number)
	}
	return h, nil
}

// refresh brings the mirror to the head that counts. If that fails, it may be because the place has another vault now.
func (v *Vault) refresh(ctx context.Context) error {
	err := v.toCurrent(ctx)
	for _, odd := range []error{ErrKey, ErrForged, ErrDamaged, ErrNoVault, ErrRolledBack} {
		if errors.Is(err, odd) {
			return cmp.Or(v.checkID(ctx), err)
		}
	}
	return err
}

func (v *Vault) toCurrent(ctx context.Context) error {
	known := v.ref()
	seen, err := v.look(ctx, known)
	if err != nil {
		return err
	}
	cur := chain.Current(seen)
	if chain.Back(known, cur) { // listings may be late, but this one was there before
		if _, err := v.s.Stat(ctx, known.Name()); errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%w: head %d was seen, head %d is there", ErrRolledBack, known.Number, cur.Number)
		} else if err != nil {
			return err
		}
		return nil
	}
	if cur.Number == 0 {
		return ErrNoVault
	}
	if cur.Number == known.Number && cur.Run == known.Run {
		if err := v.sameHead(ctx, cur); err != nil || len(v.lost) == 0 {
			return err
		}
		return v.findTables(ctx)
	}
	h, err := v.fetchHead(ctx, cur)
	if err != nil {
		return err
	}
	return v.adopt(ctx, h, v.last.body)
}

// sameHead compares the head that counts with the mirror's, which has its name: another vault may be in the place.
func (v *Vault) sameHead(ctx context.Context, r chain.Ref) error {
	body, err := v.s.Get(ctx, r.Name(), 0, -1)
	if err != nil {
		return err
	}
	if sha256.Sum256(body) == v.sum {
		return nil
	}
	return fmt.Errorf("%w: %s is another one than it was", ErrRolledBack, r.Name())
}

// ref is the head of the mirror; its Number is zero for none.
func (v *Vault) ref() chain.Ref {
	if v.h == nil {
		return chain.Ref{}
	}
	return chain.Ref{Number: v.h.Number, Run: v.run(v.h)}
}

// run is the part of a head's name that tells who made it.
func (v *Vault) run(h *Head) string {
	if v.s.Traits().CreateOnly {
		return ""
	}
	return h.Run
}

// adopt makes a head, which was verified, the one of the mirror. Its tables are fetched first.
func (v *Vault) adopt(ctx context.Context, h *Head, body []byte) error {
	tables, lost, err := v.fetchTables(ctx, h)
	if err != nil {
		return err
	}
	if err := v.m.write(headFile, body); err != nil {
		return errors.Join(err, closeAll(tables))
	}
	v.turn.Lock()
	err = closeAll(v.tables)
	v.h, v.tables, v.lost, v.sum, v.sizes = h, tables, lost, sha256.Sum256(body), new(sync.Once)
	v.turn.Unlock()
	return errors.Join(err, v.m.sweep(v.mirrored()))
}

// publish puts a head made of the mirror's. It says whether it stands; if not, another one is the mirror's now, and all
// is to be built on that.
func (v *Vault) publish(ctx context.Context, h *Head) (stands bool, err error) {
	h.Number, h.Run = v.h.Number+1, v.newRun()
	h.Before, h.BeforeSum, h.Host, h.Time = v.ref().Name(), v.sum, v.o.Host, time.Now()
	body, err := v.sealHead(h)
	if err != nil {
		return false, err
	}
	in := raw{Ref: chain.Ref{Number: h.Number, Run: v.run(h)}, body: body}
	if err := v.m.write(intentFile, appendIntent(in)); err != nil {
		return false, err
	}
	err = v.putHead(ctx, in)
	if err == nil {
		return v.settle(ctx, in)
	}
	if there, lookErr := v.placeOf(ctx, in); lookErr == nil && there.Taken {
		return v.resume(ctx, in, there) // by us, although the answer was lost, or by somebody else
	}
	return false, err // the next run looks what has become of it
}

func (v *Vault) putHead(ctx context.Context, in raw) error {
	return v.s.Put(ctx, in.Name(), in.body, store.PutOptions{Sum: sha256.Sum256(in.body), Lock: v.o.Lock})
}

// placeOf is what is in the place of a head that was about to be put.
func (v *Vault) placeOf(ctx context.Context, in raw) (chain.Place, error) {
	body, err := v.s.Get(ctx, in.Name(), 0, -1)
	if errors.Is(err, store.ErrNotFound) {
		return chain.Place{}, nil
	}
	if err != nil {
		return chain.Place{}, err
	}
	return chain.Place{Taken: true, Sum: sha256.Sum256(body)}, nil
}
