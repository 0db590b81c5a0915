package vault

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"snap/internal/file"
	"snap/internal/hint"
	"snap/remote/store"
)

// lostTable is a table of the head that cannot be had. What the snapshots are is known without it, and so is where all
// other contents are; whatever only this one knows counts as damaged until a copy or a repair has mended it.
type lostTable struct {
	name string // in the mirror
	part string // the object that is gone or damaged
	why  error
}

// fetchTables opens the tables of a head. What the mirror has not, or has damaged, is fetched. A table that is gone or
// damaged in the store, or cannot be reached now, is lost; the error is of what else went wrong.
func (v *Vault) fetchTables(ctx context.Context, h *Head) (all []*openTable, lost []lostTable, err error) {
	for i := range h.Tables {
		name := mirrorName(&h.Tables[i])
		t, err := v.m.openTable(name)
		part := ""
		if err != nil && !errors.Is(err, ErrNewer) {
			t, part, err = v.fetchTable(ctx, &h.Tables[i])
		}
		switch {
		case err == nil:
			all = append(all, t)
		case ctx.Err() == nil && part != "" && missable(err):
			lost = append(lost, lostTable{name, part, err})
		default:
			return nil, nil, errors.Join(fmt.Errorf("table %d of head %d: %w", i+1, h.Number, err), closeAll(all))
		}
	}
	return all, lost, nil
}

// missable reports whether an object that cannot be had for this reason keeps only a part of the answers back.
func missable(err error) bool {
	return errors.Is(err, ErrDamaged) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrShort) ||
		errors.As(err, new(*store.ReachError))
}

// fetchTable brings a table into the mirror. With an error comes the object that it is about, if it is one.
func (v *Vault) fetchTable(ctx context.Context, t *Table) (open *openTable, part string, err error) {
	err = v.m.make(mirrorName(t), func(f *file.File) error {
		for _, sum := range t.Parts {
			plain, err := v.getMeta(ctx, sum)
			if err != nil {
				part = metaName(sum)
				return err
			}
			if _, err := f.Write(plain); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, part, err
	}
	if open, err = v.m.openTable(mirrorName(t)); err != nil {
		part = metaName(t.Parts[0]) // it was put so
	}
	return open, part, err
}

// findTables looks once more for the tables that are lost.
func (v *Vault) findTables(ctx context.Context) error {
	tables, lost, err := v.fetchTables(ctx, v.h)
	if err != nil {
		return err
	}
	err = closeAll(v.tables)
	v.tables, v.lost, v.sizes = tables, lost, new(sync.Once)
	return err
}

// notHeld is why a content that no table has cannot be had.
func (v *Vault) notHeld() error {
	switch {
	case len(v.lost) == 0:
		return ErrNotHeld
	case errors.As(v.lost[0].why, new(*store.ReachError)):
		return v.lost[0].why
	}
	return fmt.Errorf("%w: the table that may say where they are: %w", ErrNotHeld, v.lost[0].why)
}

// isLost reports whether a table of the head is lost.
func (v *Vault) isLost(t *Table) bool {
	name := mirrorName(t)
	for i := range v.lost {
		if v.lost[i].name == name {
			return true
		}
	}
	return false
}

// split parts the tables of a head into those that are there and those that are lost.
func (v *Vault) split(all []Table) (there, lost []Table) {
	for i := range all {
		if v.isLost(&all[i]) {
			lost = append(lost, all[i])
		} else {
			there = append(there, all[i])
		}
	}
	return there, lost
}

// needTables says what is to be done first by whom lost tables would mislead: what only they know is no waste.
func (v *Vault) needTables() error {
	if len(v.lost) == 0 {
		return nil
	}
	l := &v.lost[0]
	if errors.As(l.why, new(*store.ReachError)) {
		return l.why
	}
	return hint.With(fmt.Errorf("%w; nothing is removed while what a table says is not known", l.why),
		"the next copy mends it: snap copy NAME")
}
