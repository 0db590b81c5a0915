package vault

import (
	"context"
	"errors"
	"maps"
	"slices"

	"snap/record"
	"snap/remote/store"
	"snap/remote/vault/chain"
	"snap/remote/vault/table"
)

// publish puts a head that names what was put since the last one. all are the snapshots here, for their labels; with
// pending the copy of a snapshot goes on after it. false: another writer's head came first.
func (c *copying) publish(ctx context.Context, all []record.Header, pending bool) (stands bool, err error) {
	if c.o.DryRun {
		c.name()
		return true, nil
	}
	if err := c.closePack(); err != nil {
		return false, err
	}
	if len(c.lists) > 0 { // of files whose pieces all were there
		if err := c.own.add(&packed{Lists: c.lists}); err != nil {
			return false, err
		}
		c.lists = nil
	}
	if err := c.up.wait(); err != nil {
		return false, err
	}
	h := next(c.v.h)
	changed := c.labels(h, all)
	if !pending {
		if ok, err := c.settings(ctx, h); err != nil {
			return false, err
		} else if ok {
			changed = true
		}
	}
	if !c.own.empty() {
		if err := c.v.addTable(ctx, h, c.own, pending); err != nil {
			return false, err
		}
		changed = true
	}
	if len(c.done) > 0 || len(c.healed) > 0 {
		c.enter(h)
		changed = true
	}
	if !changed && (pending || len(c.v.lost) == 0 || c.unsure > 0) {
		c.name()
		return true, c.v.m.dropJournal() // a head names its packs, or nobody will
	}
	if !pending {
		c.dropLost(h)
	}
	if err := c.v.compact(ctx, h); err != nil {
		return false, err
	}
	if stands, err = c.v.publish(ctx, h); err != nil || !stands {
		return false, err
	}
	if !pending {
		c.name()
	}
	c.done, c.last = nil, c.now()
	clear(c.healed)
	return true, errors.Join(c.own.close(), c.v.m.dropJournal())
}

// enter puts the snapshots and what is missing into a head.
func (c *copying) enter(h *Head) {
	h.Snapshots = append(h.Snapshots, c.done...)
	h.Missing = slices.DeleteFunc(h.Missing, func(m MissingContent) bool { return c.healed[missingKey(m)] })
	for _, l := range c.lack {
		same := func(m MissingContent) bool { return missingKey(m) == missingKey(l.MissingContent) }
		if !slices.ContainsFunc(h.Missing, same) {
			h.Missing = append(h.Missing, l.MissingContent)
		}
	}
	if h.Destination == "" {
		h.Destination = c.from.ID()
	}
}

// name says which files are missing, now that the head that misses them stands.
func (c *copying) name() {
	for _, l := range c.lack {
		c.res.Missing = append(c.res.Missing, Missing{Place: l.at, Why: l.why})
	}
	c.lack = nil
}

// labels gives the snapshots of a head the tags and note that they have here.
func (c *copying) labels(h *Head, all []record.Header) (changed bool) {
	for i := range h.Snapshots {
		there := &h.Snapshots[i].Header
		for j := range all {
			here := &all[j]
			if here.Seq == there.Seq && (here.Note != there.Note || !slices.Equal(here.Tags, there.Tags)) {
				there.Tags, there.Note = here.Tags, here.Note
				changed = true
			}
		}
	}
	return changed
}

func (c *copying) settings(ctx context.Context, h *Head) (changed bool, err error) {
	now, err := c.from.Settings(ctx)
	if err != nil || maps.EqualFunc(now, h.Settings, slices.Equal) {
		return false, err
	}
	h.Settings = now
	return true, nil
}

// loadJournal takes up the packs that a run has put before it died or lost, as far as they are there now and may be
// named. Packs are put beside each other: a list counts only where the packs of all its pieces do.
func (c *copying) loadJournal(ctx context.Context) error {
	named := c.v.packs()
	var lists []table.List
	err := c.v.m.readJournal(func(p *packed) error {
		if _, ok := named[p.Name]; ok {
			return nil
		}
		there, err := c.v.s.Stat(ctx, dataName(p.Name))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		mine := chain.Own{Name: dataName(p.Name), Seen: err == nil && there.Size == p.Size}
		if !chain.Usable(mine, func(name string) bool { return c.v.h.Condemned[name] > 0 }) {
			return nil
		}
		lists = append(lists, p.Lists...)
		p.Lists = nil
		return c.own.add(p)
	})
	if err != nil {
		return err
	}
	for _, l := range lists {
		whole := true
		for i := 0; whole && i < len(l.Pieces); i++ {
			if whole, err = c.known(l.Pieces[i]); err != nil {
				return err
			}
		}
		if whole {
			c.own.addList(l.Key, l.Pieces)
		}
	}
	return nil
}

// checkOwn does that once more on a new base (R1: seen after it was read).
func (c *copying) checkOwn(ctx context.Context) error {
	if err := c.own.close(); err != nil {
		return err
	}
	return c.loadJournal(ctx)
}
