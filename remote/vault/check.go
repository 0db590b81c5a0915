package vault

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

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
	var whole []string
	for name, size := range want {
		res.Objects++
		o, ok := there[name]
		switch {
		case !ok:
			res.Bad = append(res.Bad, BadObject{name, store.ErrNotFound})
		case size >= 0 && o.Size != size:
			res.Bad = append(res.Bad, BadObject{name, fmt.Errorf("%w: it has %d bytes, not %d", ErrDamaged, o.Size, size)})
		default:
			whole = append(whole, name)
		}
	}
	if o.Data {
		slices.Sort(whole)
		return v.checkData(ctx, o, whole, sums, res)
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

// checkData fetches objects, some at a time.
func (v *Vault) checkData(ctx context.Context, o CheckOptions, names []string, packs map[string][32]byte,
	res *CheckResult) error {
	names = slices.DeleteFunc(names, func(name string) bool { return !o.has(name) })
	done := int64(0)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var stopped error
	slots := make(chan struct{}, v.jobs())
	for _, name := range names {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			n, err := v.checkObject(ctx, name, packs)
			mu.Lock()
			defer mu.Unlock()
			done++
			res.Bytes += n
			reach := (*store.ReachError)(nil)
			switch {
			case ctx.Err() != nil || errors.As(err, &reach):
				stopped = errors.Join(ctx.Err(), err)
			case err != nil:
				res.Bad = append(res.Bad, BadObject{name, err})
			}
			if o.Report != nil {
				o.Report(done, int64(len(names)))
			}
		})
	}
	wg.Wait()
	return stopped
}

// has reports whether an object is of the part that is checked: by its name, which is even.
func (o *CheckOptions) has(name string) bool {
	if o.Of <= 1 {
		return true
	}
	sum := sha256.Sum256([]byte(name))
	return binary.BigEndian.Uint64(sum[:])%uint64(o.Of) == uint64(o.Part-1)
}

// checkObject fetches one: its name is its SHA-256, and what is in it is what the tables say.
func (v *Vault) checkObject(ctx context.Context, name string, packs map[string][32]byte) (int64, error) {
	pack, isPack := packs[name]
	if !isPack {
		sum, err := sumOfName(name)
		if err != nil {
			return 0, err
		}
		plain, err := v.getMeta(ctx, sum)
		return int64(len(plain)), err
	}
	body, err := v.getWhole(ctx, name, pack)
	if err != nil || v.k.Sealed() && len(v.k.Content) == 0 {
		return int64(len(body)), err
	}
	plain, err := v.openPack(body)
	if err != nil {
		return int64(len(body)), err
	}
	rows, err := v.rowsOf(pack)
	if err != nil {
		return int64(len(body)), err
	}
	return int64(len(body)), cut(name, span{0, int64(len(plain))}, plain, rows, sameHash)
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
	return fmt.Errorf("%w: the content %x is not what it should be", ErrDamaged, r.Key[:8])
}

// rowsOf are the rows of one pack.
func (v *Vault) rowsOf(pack [32]byte) (rows []table.Row, err error) {
	for _, t := range v.tables {
		if _, ok := t.packs[pack]; !ok {
			continue
		}
		for r, err := range t.rows() {
			if err != nil {
				return nil, err
			}
			if r.Pack == pack {
				rows = append(rows, r)
			}
		}
	}
	return rows, nil
}

// sumOfName is the SHA-256 in the name of an object.
func sumOfName(name string) (sum [32]byte, err error) {
	n, err := hex.Decode(sum[:], []byte(name[max(0, len(name)-64):]))
	if err == nil && n != 32 {
		err = fmt.Errorf("%s: %w: not the name of an object", name, ErrDamaged)
	}
	return sum, err
}
