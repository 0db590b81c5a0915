package vault

import (
	"errors"
	"testing"
	"time"

	"snap/remote/store"
	"snap/remote/vault/chain"
)

// versioned is a store that keeps what is replaced and deleted.
func versioned() *store.Memory {
	m := store.NewMemory()
	t := m.Traits()
	t.Versions = true
	m.SetTraits(t)
	return m
}

// TestAVaultAsItWas: after copies, a prune that has deleted, and somebody who has put and deleted what they could, the
// vault of each time before is read as it was.
func TestAVaultAsItWas(t *testing.T) {
	t.Parallel()
	m, k := versioned(), allKeys(t)
	v, from := made(t, m, k), wasting(t, 4)
	var times []time.Time
	for seq := uint64(1); seq <= 4; seq++ {
		if _, err := v.Copy(t.Context(), from, CopyOptions{Seqs: []uint64{seq}}); err != nil {
			t.Fatal(err)
		}
		now, err := m.Now(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, now)
		m.Advance(time.Hour)
	}
	pruned(t, v, from, PruneOptions{}, 4)
	m.Advance(chain.Grace + time.Hour)
	if res := pruned(t, v, from, PruneOptions{}, 4); res.Deleted == 0 {
		t.Fatal("nothing was deleted")
	}
	m.Advance(time.Hour)
	for i, name := range names(t, m, "") {
		var err error
		if i%2 == 0 {
			err = m.Delete(t.Context(), name)
		} else {
			err = m.Put(t.Context(), name, []byte("false"), store.PutOptions{Replace: true})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	m.Advance(time.Hour)
	if _, err := Open(t.Context(), m, t.TempDir(), k, Options{}); err == nil {
		t.Error("what was harmed is opened as it is")
	}
	for i, at := range times {
		past, err := AsOf(m, at)
		if err != nil {
			t.Fatal(err)
		}
		var want []uint64
		for seq := uint64(1); seq <= uint64(i)+1; seq++ {
			want = append(want, seq)
		}
		sameAs(t, past, k, from, want...)
		if _, err := opened(t, past, k).Copy(t.Context(), from, CopyOptions{}); i < 3 && err == nil {
			t.Error("something was copied into the past")
		}
	}
	past, err := AsOf(m, times[0].Add(-1000*time.Hour))
	if err == nil {
		_, err = Open(t.Context(), past, t.TempDir(), k, Options{})
	}
	if !errors.Is(err, ErrNoVault) {
		t.Errorf("before there was one: %v", err)
	}
}

// TestAnyWholeVersionWillDo where the newest was put over the true one, and a check says it all the same.
func TestAnyWholeVersionWillDo(t *testing.T) {
	t.Parallel()
	m, k := versioned(), allKeys(t)
	v, from := made(t, m, k), some(t)
	copied(t, v, from)
	harmed := 0
	for _, prefix := range []string{"data/", "meta/"} {
		for _, name := range names(t, m, prefix) {
			if err := m.Put(t.Context(), name, []byte("false"), store.PutOptions{Replace: true}); err != nil {
				t.Fatal(err)
			}
			harmed++
		}
	}
	sameAs(t, m, k, from, 1, 2, 3)
	res, err := opened(t, m, k).Check(t.Context(), CheckOptions{Data: true})
	if err != nil || len(res.Bad) != harmed {
		t.Errorf("the check names %d of %d, %v", len(res.Bad), harmed, err)
	}
}
