package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

func (t *trial) createOnly(ctx context.Context) error {
	name := t.name()
	if err := t.put(ctx, name, []byte("first")); err != nil {
		return err
	}
	err := t.Put(ctx, name, []byte("second"), PutOptions{})
	if err != nil && !errors.Is(err, ErrExists) {
		return err
	}
	there, e := t.Get(ctx, name, 0, -1)
	t.found.CreateOnly = err != nil && string(there) == "first"
	return e
}

// race: of many that make one object at the same time exactly one may win, and the object is the winner's.
func (t *trial) race(ctx context.Context) error {
	if !t.found.CreateOnly {
		return nil
	}
	name := t.name()
	errs := make([]error, racers)
	var all sync.WaitGroup
	for i := range racers {
		all.Go(func() { errs[i] = t.Put(ctx, name, []byte{byte(i)}, PutOptions{}) })
	}
	all.Wait()
	winner, winners := 0, 0
	for i, err := range errs {
		switch {
		case err == nil:
			winner, winners = i, winners+1
		case !errors.Is(err, ErrExists):
			return err
		}
	}
	there, err := t.Get(ctx, name, 0, -1)
	if winners > 1 || winners == 1 && !bytes.Equal(there, []byte{byte(winner)}) { // none: the winner's answer was lost
		t.found.CreateOnly = false
	}
	return err
}

func (t *trial) ranges(ctx context.Context) error {
	name := t.name()
	if err := t.put(ctx, name, []byte("0123456789")); err != nil {
		return err
	}
	part, err := t.Get(ctx, name, 3, 4)
	t.found.Ranges = string(part) == "3456"
	return err
}

// lists: all that was made by now.
func (t *trial) lists(ctx context.Context) error {
	listed := 0
	for _, err := range t.List(ctx, t.begin, "") {
		if err != nil {
			return err
		}
		listed++
	}
	t.found.Lists = listed == len(t.made)
	return nil
}

func (t *trial) checksSum(ctx context.Context) error {
	err := t.Put(ctx, t.name(), []byte("other bytes"), PutOptions{Sum: sha256.Sum256([]byte("these bytes"))})
	t.found.ChecksSum = err != nil
	var reach *ReachError
	if errors.As(err, &reach) && reach.Kind == Refused {
		return nil
	}
	return err
}

// clock: the time of an object that is made now is now, on the place's own clock.
func (t *trial) clock(ctx context.Context, inner *patient) error {
	if !inner.facts().ownClock {
		return nil
	}
	before, err := t.Now(ctx)
	if err != nil {
		return err
	}
	name := t.name()
	if err := t.put(ctx, name, nil); err != nil {
		return err
	}
	o, err := t.Stat(ctx, name)
	after, err2 := t.Now(ctx)
	const odd = 2 * time.Second // both are of whole seconds
	t.found.ServerClock = !o.Modified.Before(before.Add(-odd)) && !o.Modified.After(after.Add(odd))
	return firstError(err, err2)
}

func (t *trial) versions(ctx context.Context, v Versioned) error {
	name := t.name()
	for _, body := range []string{"old", "new"} {
		if err := t.Put(ctx, name, []byte(body), PutOptions{Replace: true}); err != nil {
			return err
		}
	}
	kept := 0
	for _, err := range v.Versions(ctx, name) {
		if err != nil {
			return notOffered(err)
		}
		kept++
	}
	t.found.Versions = kept == 2
	return nil
}

// lock locks an object for a few seconds.
func (t *trial) lock(ctx context.Context) error {
	if !t.found.Versions {
		return nil
	}
	name := t.name()
	const short = 5 * time.Second
	if err := t.Put(ctx, name, nil, PutOptions{Lock: short, Replace: true}); err != nil {
		return notOffered(err)
	}
	until, err := t.Store.(Locker).LockedUntil(ctx, name, "")
	t.found.Lock = !until.IsZero()
	return err
}

// notOffered is nil for an error that says that a place does not have what was asked for.
func notOffered(err error) error {
	var reach *ReachError
	if errors.As(err, &reach) && (reach.Kind == Refused || reach.Kind == Rights || reach.Kind == Unreachable) {
		return nil
	}
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
