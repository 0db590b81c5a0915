package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"snap/remote/store"
	"snap/remote/vault/chain"
)

// resumeIntent does what a run that died was about to do.
func (v *Vault) resumeIntent(ctx context.Context) error {
	b, err := v.m.read(intentFile, maxHead)
	if err != nil || b == nil {
		return err
	}
	in, ok := parseIntent(b)
	if !ok { // it appears by rename, so the disk has damaged it; what it was about is not lost, but done anew
		return v.m.remove(intentFile)
	}
	there, err := v.placeOf(ctx, in)
	if err != nil {
		return err
	}
	_, err = v.resume(ctx, in, there)
	return err
}

func (v *Vault) resume(ctx context.Context, in raw, there chain.Place) (stands bool, err error) {
	switch chain.Resume(chain.Intent{Ref: in.Ref, Sum: sha256.Sum256(in.body)}, there) {
	case chain.Put:
		if err := v.putHead(ctx, in); err != nil && !errors.Is(err, store.ErrExists) {
			return false, err
		}
		there, err := v.placeOf(ctx, in)
		if err != nil {
			return false, err
		}
		if !there.Taken {
			return false, fmt.Errorf("%s was put and is not there", in.Name())
		}
		return v.resume(ctx, in, there)
	case chain.Settled:
		return v.settle(ctx, in)
	}
	return false, errors.Join(v.refresh(ctx), v.m.remove(intentFile))
}

// settle looks above a head of our own that is in its place, and makes the one that counts the mirror's.
func (v *Vault) settle(ctx context.Context, in raw) (stands bool, err error) {
	seen, err := v.look(ctx, in.Ref)
	if err != nil {
		return false, err
	}
	cur := in.Ref
	for _, r := range seen {
		if r.Number == in.Number && r.Run == in.Run {
			cur.Modified = r.Modified
		}
	}
	cur = chain.Current(append(seen, cur))
	if cur.Number == in.Number && cur.Run == in.Run {
		h, err := v.openHead(in.body)
		if err != nil {
			return false, err
		}
		if err := v.adopt(ctx, h, in.body); err != nil {
			return false, err
		}
		return true, v.m.remove(intentFile)
	}
	h, err := v.fetchHead(ctx, cur)
	if err != nil {
		return false, err
	}
	body := v.last.body
	descends, err := v.descends(ctx, h, in)
	if err != nil {
		return false, err
	}
	stands = chain.Stands(in.Ref, seen, func(chain.Ref) bool { return descends })
	if err := v.adopt(ctx, h, body); err != nil {
		return false, err
	}
	return stands, v.m.remove(intentFile)
}

// descends reports whether head h was made of one of our own, over however many others: each names the bytes of the one
// before it.
func (v *Vault) descends(ctx context.Context, h *Head, own raw) (bool, error) {
	sum := sha256.Sum256(own.body)
	for h.Number > own.Number {
		if [32]byte(h.BeforeSum) == sum {
			return true, nil
		}
		before, err := v.headBefore(ctx, h)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		h = before
	}
	return false, nil
}
