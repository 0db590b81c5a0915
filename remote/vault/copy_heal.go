package vault

import (
	"context"
	"slices"

	"snap/record"
)

// heal puts contents that are missing in the vault, if they are whole here, in whichever snapshot.
func (c *copying) heal(ctx context.Context, all []record.Header) error {
	left := map[[32]byte]MissingContent{}
	for _, m := range c.v.h.Missing {
		r := recordOf(m)
		if known, err := c.known(missingKey(m)); err != nil {
			return err
		} else if known {
			c.healed[missingKey(m)] = true
			continue
		}
		got, err := c.elsewhere(ctx, &r)
		if err != nil {
			return err
		}
		if got == nil {
			left[missingKey(m)] = m
			continue
		}
		if whole, err := c.healWith(ctx, got, &r); err != nil {
			return err
		} else if !whole {
			left[missingKey(m)] = m
		}
	}
	for i := len(all) - 1; i >= 0 && len(left) > 0; i-- {
		if err := c.healFrom(ctx, all[i].Seq, left); err != nil {
			return err
		}
	}
	return nil
}

// healWith puts a content that is missing. false: it is not whole here after all, and stays missing.
func (c *copying) healWith(ctx context.Context, got *content, r *record.Record) (whole bool, err error) {
	whole, err = c.bringAgain(ctx, got, r)
	if whole {
		c.healed[keyOf(r)] = true
		c.res.Healed++
	}
	return whole, err
}

// healFrom heals with what the change set of a snapshot brought: each content of a tree is in the set of some snapshot.
// A set that is damaged here is no reason not to copy.
func (c *copying) healFrom(ctx context.Context, seq uint64, left map[[32]byte]MissingContent) error {
	for e, err := range c.setOf(ctx, seq) {
		if err != nil {
			return ends(ctx, err)
		}
		if !hasContent(&e.Record) || !e.Has(record.Hashed) {
			continue
		}
		key := keyOf(&e.Record)
		if _, ok := left[key]; !ok {
			continue
		}
		got, err := read(ctx, c.from, Place{seq, e.Path}, &e.Record)
		if err != nil {
			if err := ends(ctx, err); err != nil {
				return err
			}
			continue
		}
		if whole, err := c.healWith(ctx, got, &e.Record); err != nil {
			return err
		} else if whole {
			delete(left, key)
		}
	}
	return nil
}

// inTrees finds the bytes of a record that came with a snapshot: in its own tree or, where that is gone, in the next
// one that is here, or wherever the newest has them; nil: nowhere.
func (c *copying) inTrees(ctx context.Context, at Place, r *record.Record) (*content, error) {
	if c.here == nil {
		all, err := c.from.Snapshots(ctx)
		if err != nil {
			return nil, err
		}
		c.here = make([]uint64, 0, len(all))
		for i := range all {
			c.here = append(c.here, all[i].Seq)
		}
	}
	if i, _ := slices.BinarySearch(c.here, at.Seq); i < len(c.here) && r.Has(record.Hashed) {
		got, err := read(ctx, c.from, Place{c.here[i], at.Path}, r)
		if err == nil {
			return got, nil
		}
		if err := ends(ctx, err); err != nil {
			return nil, err
		}
	}
	return c.elsewhere(ctx, r)
}
