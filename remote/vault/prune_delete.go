package vault

import (
	"context"
	"errors"
	"fmt"

	"snap/remote/store"
	"snap/remote/vault/chain"
)

// delete deletes the condemned objects whose grace is over, then their lines, then old heads.
func (p *pruning) delete(ctx context.Context) error {
	s, err := p.sight(ctx)
	if err != nil {
		return err
	}
	if s.Current.Name() != p.v.ref().Name() { // another writer's came since: the next prune deletes
		return nil
	}
	var gone []string
	for name, k := range p.v.h.Condemned {
		if chain.Deletable(k, s) != chain.Delete {
			continue
		}
		if !p.o.DryRun {
			err := p.v.s.Delete(ctx, name)
			if errors.Is(err, store.ErrLocked) {
				p.res.Locked++
				continue
			}
			if err != nil {
				return fmt.Errorf("delete %s: %w", name, err)
			}
		}
		gone = append(gone, name)
		p.res.Deleted++
		p.res.Freed += p.listed[name].Size
		p.res.Later -= p.listed[name].Size
	}
	if p.o.DryRun {
		return nil
	}
	for _, old := range chain.OldHeads(s) {
		if err := p.v.s.Delete(ctx, old.Name()); err != nil && !errors.Is(err, store.ErrLocked) {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	h := next(p.v.h)
	for _, name := range gone {
		delete(h.Condemned, name)
	}
	_, err = p.v.publish(ctx, h) // if another head came first, the next prune finds them gone
	return err
}

// sight is what is to be known before anything is deleted. The head that counts is the mirror's.
func (p *pruning) sight(ctx context.Context) (*chain.Sight, error) {
	t := p.v.s.Traits()
	s := &chain.Sight{Grace: p.o.Grace, Keep: chain.KeepHeads, CreateOnly: t.CreateOnly, Clock: t.ServerClock,
		Sole: p.o.SoleWriter}
	var err error
	if s.Now, err = p.v.s.Now(ctx); err != nil {
		return nil, err
	}
	for o, err := range p.v.s.List(ctx, chain.Prefix, "") {
		if err != nil {
			return nil, err
		}
		if r, ok := chain.ParseName(o.Name); ok {
			r.Modified = o.Modified
			s.Heads = append(s.Heads, r)
		}
	}
	s.Current = p.v.ref()
	if s.CreateOnly { // a newer one has condemned what this one has, too
		s.Line = func(chain.Ref) bool { return true }
		return s, nil
	}
	s.Current = chain.Current(s.Heads)
	line, err := p.line(ctx, s)
	s.Line = func(r chain.Ref) bool { return line[r.Name()] }
	return s, err
}

// line are the heads that the mirror's was made of, down to the first that condemned what is condemned still.
func (p *pruning) line(ctx context.Context, s *chain.Sight) (map[string]bool, error) {
	lowest := p.v.h.Number
	for _, k := range p.v.h.Condemned {
		lowest = min(lowest, k)
	}
	line := map[string]bool{s.Current.Name(): true}
	for h := p.v.h; h.Number > lowest; {
		before, err := p.v.headBefore(ctx, h)
		if errors.Is(err, store.ErrNotFound) {
			return line, nil
		}
		if err != nil {
			return nil, err
		}
		line[chain.Ref{Number: before.Number, Run: before.Run}.Name()] = true
		h = before
	}
	return line, nil
}
