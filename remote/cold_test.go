package remote

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"testing"

	"snap/query"
	"snap/record"
	"snap/remote/store"
	"snap/remote/store/storetest"
	"snap/remote/vault"
	"snap/restore"
	"snap/restore/parts"
)

// TestBackFromColdStorage: what cannot be read is counted before anything is restored, asked for once, and restored
// when it is there.
func TestBackFromColdStorage(t *testing.T) {
	small := storetest.NewSmall(t)
	p := newPlace(t)
	p.r.URL, p.o.Env = small.Place("p"), append([]string{"AWS_REGION=us-east-1"}, small.Env...)
	p.add(Addition{})
	p.copy()
	if n := small.Freeze("p/data/"); n == 0 {
		t.Fatal("nothing is cold")
	}
	v, err := Open(t.Context(), p.r, p.o)
	must(t, err)
	known, err := v.Catalogue(t.Context(), nil)
	must(t, err)
	d, err := query.Open(t.Context(), known.Dir, query.Options{Far: v.Far()})
	must(t, err)
	defer d.Close()
	h := d.Newest()
	all := func() iter.Seq2[*record.Entry, error] { return d.DB.Entries(t.Context(), h.Seq, "") }
	look := func(ask bool) vault.Cold {
		t.Helper()
		c, err := v.Vault.Cold(context.WithoutCancel(t.Context()), all(), ask)
		must(t, err)
		return c
	}
	first := look(false)
	if first.Packs == 0 || first.Bytes == 0 || first.Asked+first.Coming > 0 {
		t.Errorf("before it is asked for: %+v", first)
	}
	target := filepath.Join(t.TempDir(), "back")
	_, err = parts.New(h, restore.Options{Target: target, Items: []restore.Item{{}}}).Run(t.Context(), d)
	reach := (*store.ReachError)(nil)
	if !errors.As(err, &reach) || reach.Kind != store.Cold {
		t.Errorf("a restore of what is cold: %v", err)
	}
	if c := look(true); c.Asked != first.Packs || c.Packs != first.Packs {
		t.Errorf("asked for: %+v", c)
	}
	if c := look(true); c.Asked != 0 || c.Coming != first.Packs {
		t.Errorf("asked for twice: %+v", c)
	}
	if n := small.Thawed(); int64(n) != first.Packs {
		t.Errorf("%d objects of %d were asked for", n, first.Packs)
	}
	if c := look(false); c.Packs != 0 {
		t.Errorf("when it is there: %+v", c)
	}
	p.back(p.o)
}
