package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"snap/internal/file"
	"snap/remote/store"
	"snap/remote/vault/table"
)

// Check compares what the head names with what is there: names and sizes by one listing, and with Data the bytes. An
// object that is damaged is one of the result's Bad; the error is of what stopped the check.
func (v *Vault) Check(ctx context.Context, o CheckOptions) (CheckResult, error) {
	v.s.reset()
	res := CheckResult{Missing: int64(len(v.h.Missing)), Contents: len(v.k.Content) > 0 || !v.k.Sealed()}
	err := v.refresh(ctx)
	if err == nil {
		err = v.check(ctx, o, &res)
	}
	res.Requests, _, _ = v.s.counts()
	slices.SortFunc(res.Bad, func(a, b BadObject) int { return strings.Compare(a.Name, b.Name) })
	return res, err
}

func (v *Vault) check(ctx context.Context, o CheckOptions, res *CheckResult) error {
	want := map[string]int64{} // size; -1: not known
	for name := range v.named(v.h) {
		want[name] = -1
	}
	sums := map[string][32]byte{}
	for pack, size := range v.packs() {
		want[dataName(pack)], sums[dataName(pack)] = size, pack
	}
	there, err := v.objects(ctx)
	if err != nil {
		return err
	}
	if err := v.badTables(res); err != nil {
		return err
	}
	named := len(res.Bad) // of tables
	var whole []string
	for name, size := range want {
		res.Objects++
		at, ok := there[name]
		switch {
		case slices.ContainsFunc(res.Bad[:named], func(b BadObject) bool { return b.Name == name }):
		case !ok:
			res.Bad = append(res.Bad, BadObject{Name: name, Why: store.ErrNotFound})
		case size >= 0 && at.Size != size && !(o.Data && o.has(name)): // else what is left of it is read
			why := fmt.Errorf("%w: it has %d bytes, not %d", ErrDamaged, at.Size, size)
			res.Bad = append(res.Bad, BadObject{Name: name, Why: why})
		default:
			whole = append(whole, name)
		}
	}
	c := &checking{v: v, o: o, res: res, packs: sums, lost: map[[32]byte][32]byte{}, unread: map[[32]byte]bool{}}
	for i := range res.Bad {
		if pack, ok := sums[res.Bad[i].Name]; ok {
			c.unread[pack] = true
		}
	}
	if o.Data {
		slices.Sort(whole)
		err = c.data(ctx, whole)
	}
	return errors.Join(err, c.count())
}

// badTables names the tables that cannot be had, and how many contents only they know.
func (v *Vault) badTables(res *CheckResult) error {
	rows := map[string]int64{}
	for i := range v.h.Tables {
		rows[mirrorName(&v.h.Tables[i])] = v.h.Tables[i].Rows
	}
	for _, l := range v.lost {
		if errors.As(l.why, new(*store.ReachError)) {
			return l.why
		}
		at := slices.IndexFunc(res.Bad, func(b BadObject) bool { return b.Name == l.part })
		if at < 0 {
			at = len(res.Bad)
			res.Bad = append(res.Bad, BadObject{Name: l.part, Why: &ofObject{l.part, l.why}})
		}
		res.Bad[at].Files += rows[l.name]
	}
	return nil
}

// objects lists what is in data/ and meta/.
func (v *Vault) objects(ctx context.Context) (map[string]store.Object, error) {
	all := map[string]store.Object{}
	for _, prefix := range []string{"data/", "meta/"} {
		for o, err := range v.s.List(ctx, prefix, "") {
			if err != nil {
				return nil, err
			}
			all[o.Name] = o
		}
	}
	return all, nil
}

// sameHash compares bytes with what they are found by.
func sameHash(r table.Row, body []byte) error {
	if sha256.Sum256(body) == r.Key {
		return nil
	}
	d := file.NewDigest()
	d.Begin(true)
	_, _ = d.Write(body)
	if sparseKey([32]byte(d.Sum(nil))) == r.Key {
		return nil
	}
	return notThere(r)
}

func notThere(r table.Row) error {
	return fmt.Errorf("%w: the content %x is not what it should be", ErrDamaged, r.Key[:8])
}

// sumOfName is the SHA-256 in the name of an object.
func sumOfName(name string) (sum [32]byte, err error) {
	n, err := hex.Decode(sum[:], []byte(name[max(0, len(name)-64):]))
	if err == nil && n != 32 {
		err = fmt.Errorf("%s: %w: not the name of an object", name, ErrDamaged)
	}
	return sum, err
}
