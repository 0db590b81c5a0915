package vault

import (
	"context"
	"errors"
	"slices"
	"time"

	"snap/remote/store"
	"snap/remote/vault/chain"
)

// pruning is one run of Prune.
type pruning struct {
	v    *Vault
	keep func(seq uint64) bool
	from Source // nil: no trees are here
	o    PruneOptions
	res  PruneResult

	stay   []uint64                // the snapshots that stay, by number
	live   *openTable              // the contents that stay
	drop   map[[32]byte]bool       // packs that go
	listed map[string]store.Object // all objects of data/ and meta/
	now    time.Time               // by the store's clock, when they were listed
}

// Prune removes the snapshots that keep does not say, all but the newest, which the next copy goes on from. What no
// snapshot needs any more is condemned in a head, and deleted when the grace is over, by this prune or a later one. No
// data is read from the store, but with Download.
func (v *Vault) Prune(ctx context.Context, keep func(seq uint64) bool, from Source, o PruneOptions) (
	PruneResult, error) {
	unlock, err := v.m.lock()
	if err != nil {
		return PruneResult{}, err
	}
	defer unlock()
	if o.Grace == 0 {
		o.Grace = chain.Grace
	}
	p := &pruning{v: v, keep: keep, from: from, o: o}
	v.s.reset()
	err = p.run(ctx)
	v.dropping = nil
	p.res.Requests, _, _ = v.s.counts()
	return p.res, err
}

func (p *pruning) run(ctx context.Context) error {
	if err := p.v.refresh(ctx); err != nil {
		return err
	}
	if !p.o.DryRun {
		if err := p.v.resumeIntent(ctx); err != nil {
			return err
		}
	}
	for range maxLosses {
		if err := p.v.needTables(); err != nil {
			return err
		}
		p.res = PruneResult{}
		stands, err := p.condemn(ctx)
		if err != nil {
			return err
		}
		if stands {
			return p.delete(ctx)
		}
	}
	return errors.New("copies to the vault were quicker each time: run it again")
}

// condemn puts a head without the snapshots and the objects that go.
func (p *pruning) condemn(ctx context.Context) (stands bool, err error) {
	if err := p.list(ctx); err != nil {
		return false, err
	}
	h := next(p.v.h)
	s, err := p.v.newScratch(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := p.removeSnapshots(ctx, h, s); err != nil {
		return false, err
	}
	if p.live, err = p.liveContents(ctx, h, s); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, p.live.close(), p.v.m.remove(p.live.name)) }()
	moved, err := p.choosePacks(ctx, s)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, moved.close()) }()
	leaving, err := p.tables(ctx, h, moved)
	if err != nil {
		return false, err
	}
	leaving = p.leaving(h, leaving)
	changed := len(leaving) > 0 || len(p.res.Removed) > 0
	h.Condemned = chain.Condemn(h.Condemned, leaving, h.Number+1)
	p.res.Condemned = int64(len(leaving))
	if p.o.DryRun || !changed {
		p.count(h)
		return true, nil
	}
	if stands, err = p.v.publish(ctx, h); stands {
		p.count(h)
	}
	return stands, err
}

// list lists all objects, with their sizes and ages.
func (p *pruning) list(ctx context.Context) (err error) {
	if p.now, err = p.v.s.Now(ctx); err != nil {
		return err
	}
	p.listed = map[string]store.Object{}
	for _, prefix := range []string{"data/", "meta/"} {
		for o, err := range p.v.s.List(ctx, prefix, "") {
			if err != nil {
				return err
			}
			p.listed[o.Name] = o
		}
	}
	return nil
}

// leaving are the objects that a head does not name any more, or that none names and that are old.
func (p *pruning) leaving(h *Head, more []string) []string {
	named := p.v.named(h)
	for name := range p.v.named(p.v.h) {
		if !named[name] {
			more = append(more, name)
		}
	}
	for pack := range p.drop {
		more = append(more, dataName(pack))
		delete(named, dataName(pack))
	}
	for pack := range p.v.packs() {
		named[dataName(pack)] = named[dataName(pack)] || !p.drop[pack]
	}
	trusted := p.v.s.Traits().ServerClock || p.o.SoleWriter
	for name, o := range p.listed {
		if trusted && chain.Orphan(named[name] || slices.Contains(more, name), h.Condemned[name] > 0, o.Modified, p.now,
			p.o.Grace) {
			more = append(more, name)
		}
	}
	more = slices.DeleteFunc(more, func(name string) bool { return h.Condemned[name] > 0 })
	slices.Sort(more)
	return slices.Compact(more)
}

// count says what the condemned objects of a head come to.
func (p *pruning) count(h *Head) {
	p.res.Later, p.res.Young = 0, 0 // by sizes and ages as they were listed
	for name := range h.Condemned {
		o := p.listed[name]
		p.res.Later += o.Size
		if p.o.MinStorage > 0 && p.now.Sub(o.Modified) < p.o.MinStorage {
			p.res.Young += o.Size
		}
	}
}

// named are the objects of meta/ that a head names.
func (v *Vault) named(h *Head) map[string]bool {
	all := map[string]bool{}
	for i := range h.Snapshots {
		for _, sum := range h.Snapshots[i].Parts {
			all[metaName(sum)] = true
		}
	}
	for i := range h.Tables {
		for _, sum := range h.Tables[i].Parts {
			all[metaName(sum)] = true
		}
	}
	return all
}
