package vault

import (
	"context"
	"errors"
	"iter"
	"maps"

	"snap/remote/vault/chain"
	"snap/remote/vault/table"
)

// compact merges the newest tables of a head when there are too many, as many as are not much larger than those behind
// them: so each row is written a few times only, however many copies there are.
func (v *Vault) compact(ctx context.Context, h *Head) error {
	if len(h.Tables) <= maxTables || len(v.lost) > 0 {
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
