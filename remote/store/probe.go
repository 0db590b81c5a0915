package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
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
	tries := []func(context.Context) error{t.createOnly, t.race, t.race, t.ranges, t.lists, quietly(inner, t.checksSum)}
	if inner != nil {
		tries = append(tries, func(ctx context.Context) error { return t.clock(ctx, inner) })
	}
	if v, ok := t.Store.(Versioned); ok && inner != nil { // of another store its own word counts, below
		versions := func(ctx context.Context) error { return t.versions(ctx, v) }
		tries = append(tries, quietly(inner, versions), quietly(inner, t.lock))
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

// quietly is a trial of which nobody is told that it is tried again: that the place refuses is the answer.
func quietly(inner *patient, try func(context.Context) error) func(context.Context) error {
	if inner == nil {
		return try
	}
	return func(ctx context.Context) error {
		retrying := inner.retrying
		inner.retrying = nil
		defer func() { inner.retrying = retrying }()
		return try(ctx)
	}
}

// name is a new one, to be removed in the end.
func (t *trial) name() string {
	name := fmt.Sprintf("%s-%d", t.begin, len(t.made))
	t.made = append(t.made, name)
	return name
}

// put is Put of a name that nobody else has: if it is said to exist, the answer to the first try was lost.
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
