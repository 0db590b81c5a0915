package vault

import (
	"context"
	"errors"
	"io"

	"snap/remote/vault/chain"
	"snap/remote/vault/head"
)

// Repair takes what Check found bad out of the vault: the next copy puts these contents again, from the trees here. A
// table is put again from the mirror. One that is not there either goes, and what only it knew is missing from then on;
// without trees it stays. A change set that is gone is made again from the one here, if from has it.
func (v *Vault) Repair(ctx context.Context, bad []BadObject, from Source) (lost []BadObject, err error) {
	unlock, err := v.m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := v.refresh(ctx); err != nil {
		return nil, err
	}
	if err := v.resumeIntent(ctx); err != nil {
		return nil, err
	}
	for range maxLosses {
		if from == nil && len(v.lost) > 0 { // what only they know may be in packs that are whole, and is not here
			return bad, nil
		}
		h := next(v.h)
		r := &repairing{v: v, h: h, from: from, bad: map[string]error{}}
		for _, b := range bad {
			r.bad[b.Name] = b.Why
		}
		if err := r.run(ctx); err != nil {
			return nil, err
		}
		stands, err := v.publish(ctx, h)
		if stands || err != nil {
			return r.lost, err
		}
	}
	return nil, errors.New("copies to the vault were quicker each time: run it again")
}

// repairing is one head without what is bad.
type repairing struct {
	v    *Vault
	h    *Head
	from Source
	bad  map[string]error
	lost []BadObject // what cannot be made again
}

func (r *repairing) run(ctx context.Context) error {
	if err := r.dropPacks(ctx); err != nil {
		return err
	}
	var leaving []string
	for name := range r.bad {
		leaving = append(leaving, name)
	}
	for i := range r.h.Snapshots {
		if err := r.set(ctx, i); err != nil {
			return err
		}
	}
	named := r.v.named(r.h)
	for name := range r.v.named(r.v.h) {
		if !named[name] && r.bad[name] == nil {
			leaving = append(leaving, name)
		}
	}
	for _, l := range r.lost {
		leaving = without(leaving, l.Name) // it is still named
	}
	r.h.Condemned = chain.Condemn(r.h.Condemned, leaving, r.v.h.Number+1)
	return nil
}

func without(names []string, name string) (rest []string) {
	for _, n := range names {
		if n != name {
			rest = append(rest, n)
		}
	}
	return rest
}

// dropPacks writes the tables anew, without the packs that are bad. What was in them and snapshots still name is
// missing from here on, which the next copy heals.
func (r *repairing) dropPacks(ctx context.Context) error {
	drop := map[[32]byte]bool{}
	for pack := range r.v.packs() {
		if r.bad[dataName(pack)] != nil {
			drop[pack] = true
		}
	}
	rewrite := len(drop) > 0
	for i := range r.h.Tables {
		for _, part := range r.h.Tables[i].Parts {
			rewrite = rewrite || r.bad[metaName(part)] != nil
		}
	}
	if !rewrite {
		return nil
	}
	r.v.dropping = drop
	defer func() { r.v.dropping = nil }()
	if err := r.missing(ctx); err != nil {
		return err
	}
	pending := false
	for i := range r.h.Tables {
		pending = pending || r.h.Tables[i].Pending
	}
	there, _ := r.v.split(r.h.Tables)
	t, gone, err := r.v.mergeTables(there, &keeping{condemned: r.h.Condemned, drop: drop})
	if err != nil {
		return err
	}
	defer t.close()
	r.h.Condemned = chain.Condemn(r.h.Condemned, gone, r.v.h.Number+1)
	r.h.Tables = nil
	if t.Len() == 0 {
		return nil
	}
	return r.v.putTable(ctx, r.h, t, pending)
}

// missing enters the contents that snapshots name and that are in no pack that stays.
func (r *repairing) missing(ctx context.Context) error {
	known := map[[32]byte]bool{}
	for _, m := range r.h.Missing {
		known[missingKey(m)] = true
	}
	for i := range r.v.h.Snapshots {
		for e, err := range r.v.records(ctx, r.v.h.Snapshots[i].Header.Seq) {
			if errors.Is(err, ErrDamaged) || r.isBadSet(i) {
				break // its set is named by itself
			}
			if err != nil {
				return err
			}
			if !hasContent(&e.Record) || known[keyOf(&e.Record)] {
				continue
			}
			ok, err := r.v.has(keyOf(&e.Record))
			if err != nil {
				return err
			}
			if !ok {
				known[keyOf(&e.Record)] = true
				r.h.Missing = append(r.h.Missing, missingOf(&e.Record))
			}
		}
	}
	return nil
}

func (r *repairing) isBadSet(i int) bool {
	for _, part := range r.v.h.Snapshots[i].Parts {
		if r.bad[metaName(part)] != nil {
			return true
		}
	}
	return false
}

// set puts the change set of a snapshot again from the one here, where a part of it is bad.
func (r *repairing) set(ctx context.Context, i int) error {
	if !r.isBadSet(i) {
		return nil
	}
	s := &r.h.Snapshots[i]
	parts, err := r.fromHere(ctx, s)
	if err != nil {
		return err
	}
	if parts == nil {
		for _, part := range s.Parts {
			if why := r.bad[metaName(part)]; why != nil {
				r.lost = append(r.lost, BadObject{Name: metaName(part), Why: why})
			}
		}
		return nil
	}
	s.Parts = parts
	return nil
}

// fromHere puts the set of a snapshot that is here and follows the same one; nil if there is none.
func (r *repairing) fromHere(ctx context.Context, s *Snapshot) ([]head.Sum, error) {
	if r.from == nil {
		return nil, nil
	}
	all, err := r.from.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		here := &all[i]
		if here.Seq != s.Header.Seq || here.Name != s.Header.Name || here.Parent != s.Header.Parent {
			continue
		}
		f, err := r.from.ChangeSet(ctx, here.Seq)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return r.v.putStream(ctx, f)
	}
	return nil, nil
}

// putStream puts bytes in parts.
func (v *Vault) putStream(ctx context.Context, f io.Reader) (names []head.Sum, err error) {
	buf := make([]byte, partSize)
	for {
		n, err := io.ReadFull(f, buf)
		if n > 0 {
			sum, err := v.putMeta(ctx, buf[:n])
			if err != nil {
				return nil, err
			}
			names = append(names, sum)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
