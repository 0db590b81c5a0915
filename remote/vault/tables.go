package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"

	"snap/internal/file"
	"snap/remote/store"
	"snap/remote/vault/chain"
	"snap/remote/vault/table"
)

// maxTables is how many tables a head has before some are merged.
const maxTables = 16

// mirrorName is what a table is called in the mirror: by its parts, which have the SHA-256 of what is in them.
func mirrorName(t *Table) string {
	h := sha256.New()
	for _, p := range t.Parts {
		h.Write(p[:])
	}
	return tablePrefix + hex.EncodeToString(h.Sum(nil)[:16])
}

// mirrored are the files of the mirror that are the head's tables.
func (v *Vault) mirrored() map[string]bool {
	names := map[string]bool{}
	for i := range v.h.Tables {
		names[mirrorName(&v.h.Tables[i])] = true
	}
	return names
}

// fetchTables opens the tables of a head. What the mirror has not, or has damaged, is fetched.
func (v *Vault) fetchTables(ctx context.Context, h *Head) (all []*openTable, err error) {
	for i := range h.Tables {
		name := mirrorName(&h.Tables[i])
		t, err := v.m.openTable(name)
		if err != nil {
			t, err = v.fetchTable(ctx, &h.Tables[i])
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("table %d of head %d: %w", i+1, h.Number, err), closeAll(all))
		}
		all = append(all, t)
	}
	return all, nil
}

func (v *Vault) fetchTable(ctx context.Context, t *Table) (*openTable, error) {
	err := v.m.make(mirrorName(t), func(f *file.File) error {
		for _, sum := range t.Parts {
			plain, err := v.getMeta(ctx, sum)
			if err != nil {
				return err
			}
			if _, err := f.Write(plain); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return v.m.openTable(mirrorName(t))
}

// getMeta fetches an object of the catalogue, verified. What is damaged is fetched again.
func (v *Vault) getMeta(ctx context.Context, sum [32]byte) ([]byte, error) {
	body, err := v.getWhole(ctx, metaName(sum), sum)
	if err != nil {
		return nil, err
	}
	plain, err := v.openMeta(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", metaName(sum), err)
	}
	return plain, nil
}

// getWhole fetches an object whose name is its SHA-256; twice again if it is not. With ErrDamaged the bytes that are
// there come along.
func (v *Vault) getWhole(ctx context.Context, name string, sum [32]byte) (body []byte, err error) {
	for range 3 {
		body, err = v.s.Get(ctx, name, 0, -1)
		if err == nil && sha256.Sum256(body) == sum {
			return body, nil
		}
		if err == nil {
			err = fmt.Errorf("%s: %w: its bytes are not those of its name", name, ErrDamaged)
		}
		if reach := (*store.ReachError)(nil); errors.As(err, &reach) || ctx.Err() != nil {
			return nil, err
		}
	}
	return body, named(name, err)
}

func closeAll(tables []*openTable) (err error) {
	for _, t := range tables {
		err = errors.Join(err, t.close())
	}
	return err
}

// addTable puts what a run has put as a table into a head.
func (v *Vault) addTable(ctx context.Context, h *Head, o *own, pending bool) error {
	const name = ownPrefix + "all"
	t, err := o.table(name)
	if err != nil {
		return err
	}
	defer t.close()
	return v.putTable(ctx, h, t, pending)
}

// putTable puts a table of the mirror in parts, gives it its name there, and enters it.
func (v *Vault) putTable(ctx context.Context, h *Head, t *openTable, pending bool) error {
	entry := Table{Rows: t.Len(), Pending: pending}
	for at := int64(0); at < t.size; at += table.PartSize {
		part := make([]byte, min(table.PartSize, t.size-at))
		if _, err := t.f.ReadAt(part, at); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		sum, err := v.putMeta(ctx, part)
		if err != nil {
			return err
		}
		entry.Parts = append(entry.Parts, sum)
	}
	if err := v.m.step("rename a table"); err != nil {
		return err
	}
	if err := v.m.dir.Replace(t.name, v.m.dir, mirrorName(&entry)); err != nil {
		return err
	}
	if !pending {
		for i := range h.Tables {
			h.Tables[i].Pending = false
		}
	}
	h.Tables = append(h.Tables, entry)
	return nil
}

// compact merges the newest tables of a head when there are too many, as many as are not much larger than those behind
// them: so each row is written a few times only, however many copies there are.
func (v *Vault) compact(ctx context.Context, h *Head) error {
	if len(h.Tables) <= maxTables {
		return nil
	}
	from, sum := len(h.Tables)-1, h.Tables[len(h.Tables)-1].Rows
	for from > 0 && (h.Tables[from-1].Rows <= 2*sum || len(h.Tables)-from < maxTables/2) {
		from--
		sum += h.Tables[from].Rows
	}
	merged := h.Tables[from:]
	t, leaving, err := v.mergeTables(merged, &keeping{condemned: h.Condemned})
	if err != nil {
		return err
	}
	defer t.close()
	pending := false
	for i := range merged {
		pending = pending || merged[i].Pending
		for _, p := range merged[i].Parts {
			leaving = append(leaving, metaName(p))
		}
	}
	h.Tables = h.Tables[:from:from]
	h.Condemned = chain.Condemn(h.Condemned, leaving, h.Number+1)
	return v.putTable(ctx, h, t, pending)
}

// keeping says what of tables stays.
type keeping struct {
	condemned map[string]uint64 // objects
	drop      map[[32]byte]bool // packs
	live      *openTable        // contents: of others the lists go; nil: all stay
	err       error             // why live could not be asked
}

// row reports whether a row stays: all of a pack do that stays, those of dead contents, too. As long as they are there
// they can be named again.
func (k *keeping) row(r *table.Row) bool {
	return !k.drop[r.Pack] && (len(k.condemned) == 0 || k.condemned[dataName(r.Pack)] == 0)
}

func (k *keeping) list(l *table.List) bool {
	if k.live == nil || k.err != nil {
		return true
	}
	ok, err := k.live.has(l.Key)
	k.err = err
	return ok
}

// mergeTables writes what stays of tables of the mirror as one. What goes is left out before that: it hides no row of
// an older table that stays. gone are packs of which no row is needed, as newer tables have all.
func (v *Vault) mergeTables(some []Table, keep *keeping) (t *openTable, gone []string, err error) {
	packs := map[[32]byte]int64{}
	var rows []iter.Seq2[table.Row, error]
	var lists []iter.Seq2[table.List, error]
	var open []*openTable
	defer func() { err = errors.Join(err, closeAll(open)) }()
	for i := len(some) - 1; i >= 0; i-- { // of a content that two have the newest counts
		t, err := v.m.openTable(mirrorName(&some[i]))
		if err != nil {
			return nil, nil, err
		}
		open = append(open, t)
		rows, lists = append(rows, t.rows()), append(lists, t.lists())
		maps.Copy(packs, t.packs)
	}
	t, err = v.m.writeTable(ownPrefix+"merged", packs, table.MergeRows(keep.row, rows...),
		table.MergeLists(keep.list, lists...))
	if err != nil {
		return nil, nil, err
	}
	if keep.err != nil {
		return nil, nil, errors.Join(keep.err, t.close())
	}
	for p := range packs {
		if _, ok := t.packs[p]; !ok && keep.row(&table.Row{Pack: p}) {
			gone = append(gone, dataName(p))
		}
	}
	return t, gone, nil
}

// find is where the bytes of a content are, or the pieces that it consists of. What is condemned does not count.
func (v *Vault) find(key [32]byte) (r table.Row, pieces [][32]byte, ok bool, err error) {
	stays := keeping{condemned: v.h.Condemned, drop: v.dropping}
	for i := len(v.tables) - 1; i >= 0; i-- {
		r, ok, err = v.tables[i].find(key)
		if err != nil {
			return r, nil, false, err
		}
		if ok && stays.row(&r) {
			return r, nil, true, nil
		}
		pieces, ok, err = v.tables[i].pieces(key)
		if ok || err != nil {
			return table.Row{}, pieces, ok, err
		}
	}
	return table.Row{}, nil, false, nil
}

// has reports whether a head may name a content as it is: all of its bytes are in packs that are not condemned.
func (v *Vault) has(key [32]byte) (bool, error) {
	_, pieces, ok, err := v.find(key)
	if !ok || err != nil || pieces == nil {
		return ok, err
	}
	for _, p := range pieces {
		if _, nested, ok, err := v.find(p); !ok || nested != nil || err != nil {
			return false, err
		}
	}
	return true, nil
}

// packs are the packs that the head's tables name.
func (v *Vault) packs() map[[32]byte]int64 {
	all := map[[32]byte]int64{}
	for _, t := range v.tables {
		maps.Copy(all, t.packs)
	}
	return all
}
