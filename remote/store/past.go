package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"snap/internal/hint"
)

// past is a place that keeps versions, as it was at a time: what came later is not seen. That something was deleted is
// not seen either, as whoever harms a place deletes, too.
type past struct {
	Store
	versions Versioned
	at       time.Time
	kind     func(name string) Kept
}

// Kept says which version of an object is the one of a time.
type Kept int

const (
	Last  Kept = iota // the newest of that time
	First             // the oldest: it was made once, and whatever was put over it is not it
	Named             // its name says which bytes it has: it is read as it is now, and whoever reads it looks further
)

// AsOf is a place as it was, to read only. The error is that it keeps no versions.
func AsOf(s Store, at time.Time, kind func(name string) Kept) (Store, error) {
	v, ok := s.(Versioned)
	if !ok {
		return nil, hint.Usagef("the place keeps no versions of its objects: it can be read only as it is now")
	}
	return &past{s, v, at, kind}, nil
}

var errPast = errors.New("nothing is changed in a place as it was")

// all are the versions that count of the objects below a prefix, in the order of names.
func (p *past) all(ctx context.Context, prefix string) (all []Version, err error) {
	for v, err := range p.versions.Versions(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		if v.Deleted || v.Modified.After(p.at) {
			continue
		}
		if n := len(all); n == 0 || all[n-1].Name != v.Name {
			all = append(all, v)
		} else if p.kind(v.Name) == First { // the newest come first
			all[n-1] = v
		}
	}
	return all, nil
}

func (p *past) find(ctx context.Context, name string) (Version, error) {
	all, err := p.all(ctx, name)
	if err != nil {
		return Version{}, err
	}
	at := slices.IndexFunc(all, func(v Version) bool { return v.Name == name })
	if at < 0 {
		return Version{}, fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	return all[at], nil
}

func (p *past) Get(ctx context.Context, name string, off, n int64) ([]byte, error) {
	if p.kind(name) == Named {
		return p.Store.Get(ctx, name, off, n)
	}
	v, err := p.find(ctx, name)
	if err != nil {
		return nil, err
	}
	return p.versions.GetVersion(ctx, name, v.ID, off, n)
}

func (p *past) Stat(ctx context.Context, name string) (Object, error) {
	v, err := p.find(ctx, name)
	return v.Object, err
}

func (p *past) List(ctx context.Context, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		all, err := p.all(ctx, prefix)
		if err != nil {
			yield(Object{}, err)
			return
		}
		for _, v := range all {
			if v.Name > after && !yield(v.Object, nil) {
				return
			}
		}
	}
}

func (p *past) Put(context.Context, string, []byte, PutOptions) error { return errPast }

func (p *past) Delete(context.Context, string) error { return errPast }

func (p *past) Versions(ctx context.Context, prefix string) iter.Seq2[Version, error] {
	return p.versions.Versions(ctx, prefix)
}

func (p *past) GetVersion(ctx context.Context, name, version string, off, n int64) ([]byte, error) {
	return p.versions.GetVersion(ctx, name, version, off, n)
}
