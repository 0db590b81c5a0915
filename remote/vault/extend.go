package vault

import (
	"context"
	"errors"
	"time"

	"snap/remote/store"
)

// ErrNoLocks says that the store does not lock objects.
var ErrNoLocks = errors.New("the store does not lock objects")

// ExtendResult is what Extend did.
type ExtendResult struct {
	Objects  int64 // all there are
	Extended int64 // that are locked for longer now
}

// Extend locks the objects of a vault until lock from now on, all that have been there for more than half of that: no
// key is needed, and only the rights to list and to lock. Objects that condemned says are left to run out.
func Extend(ctx context.Context, s store.Store, lock time.Duration, condemned func(name string) bool) (
	res ExtendResult, err error) {
	locker, ok := s.(store.Locker)
	if !ok || !s.Traits().Lock {
		return res, ErrNoLocks
	}
	now, err := s.Now(ctx)
	if err != nil {
		return res, err
	}
	for o, err := range s.List(ctx, "", "") {
		if err != nil {
			return res, err
		}
		res.Objects++
		if now.Sub(o.Modified) < lock/2 || condemned != nil && condemned(o.Name) {
			continue
		}
		if err := locker.Extend(ctx, o.Name, "", now.Add(lock)); err != nil {
			return res, err
		}
		res.Extended++
	}
	return res, nil
}

// Extend locks the vault's objects, but for the condemned ones, for as long as Options.Lock again.
func (v *Vault) Extend(ctx context.Context) (ExtendResult, error) {
	if err := v.refresh(ctx); err != nil {
		return ExtendResult{}, err
	}
	return Extend(ctx, v.s.Store, v.o.Lock, func(name string) bool { return v.h.Condemned[name] > 0 })
}
