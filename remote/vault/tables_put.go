package vault

import (
	"context"
	"errors"
	"io"

	"snap/remote/vault/table"
)

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
