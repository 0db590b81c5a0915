package vault

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"snap/internal/hint"
	"snap/record"
	"snap/remote/store"
)

// Cold is what of the packs that a restore needs lies in cold storage.
type Cold struct {
	Packs  int64
	Bytes  int64
	Coming int64 // packs that were asked for before, and are not back yet
	Asked  int64 // packs that were asked for now
}

// thawDays is how long what is brought back stays readable: the restore of it can be stopped and gone on with.
const thawDays = 10

// Cold says which packs that have the bytes of entries cannot be read, as they are in cold storage. Without ask it
// looks at one of the vault's oldest packs and one of the newest first, and at those of the entries if one of these is
// cold. With ask it looks at them in any case, and asks for them.
func (v *Vault) Cold(ctx context.Context, entries iter.Seq2[*record.Entry, error], ask bool) (c Cold, err error) {
	t, ok := v.s.Store.(store.Thawer)
	if !ok && ask {
		return c, hint.Usagef("the place has no cold storage to ask")
	}
	if !ok {
		return c, nil
	}
	if !ask {
		if c, err = v.cold(ctx, t, v.sample(), false); err != nil || c.Packs == 0 {
			return c, err
		}
	}
	packs, err := v.needed(entries)
	if err != nil {
		return Cold{}, err
	}
	return v.cold(ctx, t, packs, ask)
}

// sample is a pack of the oldest table and one of the newest: rules of buckets go by age.
func (v *Vault) sample() (packs [][32]byte) {
	for i, t := range v.tables {
		for pack := range t.packs {
			if i == 0 || i == len(v.tables)-1 {
				packs = append(packs, pack)
			}
			break
		}
	}
	return packs
}

// needed are the packs that have the bytes of entries.
func (v *Vault) needed(entries iter.Seq2[*record.Entry, error]) (packs [][32]byte, err error) {
	all := map[[32]byte]bool{}
	for e, err := range entries {
		if err != nil {
			return nil, err
		}
		if !hasContent(&e.Record) || !e.Has(record.Hashed) {
			continue
		}
		r, pieces, ok, err := v.find(keyOf(&e.Record))
		if err != nil {
			return nil, err
		}
		if ok && pieces == nil {
			all[r.Pack] = true
		}
		for _, p := range pieces {
			r, _, ok, err := v.find(p)
			if err != nil {
				return nil, err
			}
			if ok {
				all[r.Pack] = true
			}
		}
	}
	return slices.Collect(maps.Keys(all)), nil
}

// cold looks at packs, some at a time, and asks for those that are cold. The first error ends it.
func (v *Vault) cold(ctx context.Context, t store.Thawer, packs [][32]byte, ask bool) (c Cold, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, v.jobs())
	for _, pack := range packs {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			frozen, coming, err := t.Frozen(ctx, dataName(pack))
			if err == nil && frozen && !coming && ask {
				err = t.Thaw(ctx, dataName(pack), thawDays)
			}
			if err != nil {
				cancel(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case !frozen:
				return
			case coming:
				c.Coming++
			case ask:
				c.Asked++
			}
			c.Packs++
			c.Bytes += v.packSizes()[pack]
		})
	}
	wg.Wait()
	return c, context.Cause(ctx)
}
