package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"

	"snap/remote/store"
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

// getMeta fetches an object of the catalogue, verified. What is damaged is fetched again.
func (v *Vault) getMeta(ctx context.Context, sum [32]byte) ([]byte, error) {
	body, err := v.getAny(ctx, metaName(sum), sum)
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
