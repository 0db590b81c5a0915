package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"
)

// probes begins the names of the objects that Probe makes and removes again.
const probes = "probe/"

// Probe finds by trying what a place can do, and lets the Store know. It needs the rights to put, get and list; what
// it may not delete, it leaves: a handful of objects of a few bytes below probe/. The Store must not be used meanwhile.
func Probe(ctx context.Context, s Store) (Traits, error) {
	t := &trial{Store: s, begin: probes + "p" + hexText(8)}
	inner, _ := patientOf(s)
	if inner != nil {
		inner.traits.Store(nil)
		defer inner.gate.atLeast(racers)()
	}
	err := t.all(ctx, inner)
	if inner != nil && err == nil {
		inner.learn(t.found)
	}
	if e := t.clean(ctx, inner); err == nil {
		err = e
	}
	return t.found, err
}

// racers is how many try to make one object at the same time; twice, for luck.
const racers = 8

type trial struct {
	Store
	begin string // of the names of this trial's objects
	found Traits
	made  []string
}

// patientOf is the inside of a Store that Open made.
func patientOf(s Store) (*patient, *patientS3) {
	switch s := s.(type) {
	case *patient:
		return s, nil
	case *patientS3:
		return s.patient, s
	}
	return nil, nil
}

func (t *trial) all(ctx context.Context, inner *patient) error {
	tries := []func(context.Context) error{t.createOnly, t.race, t.race, t.ranges, t.lists, t.checksSum}
	if inner != nil {
		tries = append(tries, func(ctx context.Context) error { return t.clock(ctx, inner) })
	}
	if v, ok := t.Store.(Versioned); ok {
		tries = append(tries, func(ctx context.Context) error { return t.versions(ctx, v) }, t.lock)
	}
	for _, try := range tries {
		if err := try(ctx); err != nil {
			return err
		}
	}
	if inner == nil {
		known := t.Store.Traits()
		t.found.ServerClock, t.found.Versions, t.found.Lock = known.ServerClock, known.Versions, known.Lock
	} else if inner.facts().whole {
		t.found.Ranges = false
	}
	return nil
}

// name is a new one, to be removed in the end.
func (t *trial) name() string {
	name := fmt.Sprintf("%s-%d", t.begin, len(t.made))
	t.made = append(t.made, name)
	return name
}

func (t *trial) createOnly(ctx context.Context) error {
	name := t.name()
	if err := t.Put(ctx, name, []byte("first"), PutOptions{}); err != nil {
		if errors.Is(err, ErrExists) { // its answer was lost, and the second try found the first one's object
			err = nil
		}
		if err != nil {
			return err
		}
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

// put is Put of a name that nobody else has.
func (t *trial) put(ctx context.Context, name string, body []byte) error {
	if err := t.Put(ctx, name, body, PutOptions{}); !errors.Is(err, ErrExists) {
		return err
	}
	return nil
}

// clean removes what this trial made, and what killed ones did. The locked object can go when its lock has ended.
func (t *trial) clean(ctx context.Context, inner *patient) error {
	remove := t.Delete
	if inner != nil && t.found.Versions {
		remove = func(ctx context.Context, name string) error {
			return inner.run(ctx, "delete "+name, func(ctx context.Context, _ flow) error {
				return inner.remove(ctx, name, true)
			})
		}
	}
	for _, name := range append(t.made, t.leftBehind(ctx)...) {
		err := remove(ctx, name)
		for tries := 0; inner != nil && errors.Is(err, ErrLocked) && tries < 20; tries++ {
			if err := inner.clock.pause(ctx, time.Second); err != nil {
				return err
			}
			err = remove(ctx, name)
		}
		var reach *ReachError
		switch {
		case errors.As(err, &reach) && reach.Kind == Rights: // a key that may only add is the better one
			return nil
		case err != nil && !errors.Is(err, ErrLocked):
			return err
		}
	}
	return nil
}

// leftBehind are the objects of trials that were killed an hour ago or earlier.
func (t *trial) leftBehind(ctx context.Context) (old []string) {
	now, err := t.Now(ctx)
	for o, e := range t.List(ctx, probes, "") {
		if err != nil || e != nil {
			return nil
		}
		if !o.Modified.IsZero() && now.Sub(o.Modified) > time.Hour {
			old = append(old, o.Name)
		}
	}
	return old
}

func hexText(n int) string {
	b := make([]byte, n)
	rand.Read(b) //nolint:errcheck // it never fails
	return fmt.Sprintf("%x", b)
}
