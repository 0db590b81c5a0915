package backup

import (
	"context"
	"errors"
	"syscall"

	"snap/destination"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
)

// linkHere makes the entry what the copied tree has at from, if that still is what the index says; want is its record.
func (p *entryWriter) linkHere(ctx context.Context, it *item, from string, want *record.Record) error {
	if from == it.path {
		if !p.b.base.look {
			return nil
		}
		refused, err := p.lookAt(it.name, want)
		if err != nil || refused == nil {
			return err
		}
		if err := p.makeWay(ctx, it); err != nil {
			return err
		}
		return p.copyInstead(ctx, it, record.OldCopyDamaged, &AlteredError{p.b.run.prev.Name, from, refused})
	}
	at := p.b.whereIs(from)
	dir, name := record.Split(at)
	bring := p.linkAs
	if at != from && !p.b.base.shared.Has(from) {
		bring = p.moveAs
	}
	d, refused := p.b.new.Dir(dir)
	if file.DiskFailed(refused) {
		return refused
	}
	if refused == nil {
		var err error
		refused, err = bring(d, name, it.name, want)
		d.Close()
		if err != nil || refused == nil {
			return err
		}
	}
	if errors.Is(refused, syscall.EMLINK) {
		return p.copyInstead(ctx, it, record.LinkLimit, nil)
	}
	return p.copyInstead(ctx, it, record.OldCopyDamaged, &AlteredError{p.b.run.prev.Name, from, file.Reason(refused)})
}

// lookAt looks whether the entry name is what its record says; refused says why it is not.
func (p *entryWriter) lookAt(name string, want *record.Record) (refused, err error) {
	got, err := p.newDir.Lstat(name)
	switch {
	case file.DiskFailed(err):
		return nil, err
	case err != nil:
		return file.Reason(err), nil
	case !p.matches(name, &got, want):
		return errAltered, nil
	case ownerAndMode(want, &got):
		return nil, nil
	}
	if stored, err := p.b.metaTrials.Stores(p.b.work, name, want, &got); stored || err != nil {
		return nil, err
	}
	return errGivenAway, nil
}

// makeWay removes what has the place of an entry, whatever that is.
func (p *entryWriter) makeWay(ctx context.Context, it *item) error {
	return opened(p.newDir, func() error { return destination.RemoveAny(ctx, p.newDir, it.name) })
}

// changeInPlace gives a file of a copied tree other metadata; false if it is not what its old record says.
func (p *entryWriter) changeInPlace(ctx context.Context, it *item) (bool, error) {
	s, err := p.newDir.Lstat(it.name)
	if file.DiskFailed(err) {
		return false, err
	}
	if err != nil || s.Kind != file.Regular || s.Nlink > 1 || s.Size != it.old.Size ||
		!destination.CloseEnough(s.Mtime, it.old.Mtime) {
		return false, p.makeWay(ctx, it)
	}
	it.rec.Took(s.Allocated)
	if err := p.newDir.KeepXattrsOf(it.name, it.rec.Xattrs); err != nil {
		return false, err
	}
	lacks, err := p.newDir.SetMetaOf(it.name, it.rec.Meta())
	p.b.losses.add(it.path, lacks)
	return true, err
}

// done reports whether a copied tree is the new one already.
func (b *builder) done() bool {
	prev := b.run.prev
	return b.base.copied && !b.base.look && b.plan.Count() == 0 && !b.plan.lostAny && prev.Unheld == 0 && prev.Capped == 0
}

// countAll counts and reports what a tree holds to which nothing is to be done.
func (b *builder) countAll(ctx context.Context) error {
	at := progress.State{Stage: progress.Building, TotalFiles: b.plan.files + b.plan.dirs, TotalBytes: b.plan.bytes}
	for e, err := range b.run.current(ctx, b.plan) {
		if err != nil {
			return err
		}
		b.run.count(&e.Record, false)
		b.run.report(b.plan, e.Path, &e.Record, nil, false)
		if at.Files++; at.Files&(taskItems-1) == 0 {
			if at.Path = e.Path; ctx.Err() != nil {
				return ctx.Err()
			}
			b.run.o.Report.Progress(at)
		}
	}
	return nil
}
