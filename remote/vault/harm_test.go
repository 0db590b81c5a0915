package vault

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"testing"

	"snap/remote/store"
	"snap/remote/vault/chain"
	"snap/remote/vault/seal"
)

// names are the objects below a prefix.
func names(t testing.TB, s store.Store, prefix string) (all []string) {
	t.Helper()
	for o, err := range s.List(t.Context(), prefix, "") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o.Name)
	}
	return all
}

// TestDamageIsNamedAndMended: each object of a vault is gone, short, or has a wrong byte. A check names it, no wrong
// byte comes back, and a repair with the next copy mends it.
func TestDamageIsNamedAndMended(t *testing.T) {
	t.Parallel()
	k := allKeys(t)
	m := store.NewMemory()
	v, from := made(t, m, k), some(t)
	copied(t, v, from)
	for _, prefix := range []string{"data/", "meta/"} {
		for i := range names(t, m, prefix) {
			for _, harm := range []func(b []byte) []byte{
				func([]byte) []byte { return nil },
				func(b []byte) []byte { return b[:len(b)/2] },
				func(b []byte) []byte { b[len(b)*2/3] ^= 1; return b },
			} {
				damage(t, k, from, prefix, i, harm)
			}
		}
	}
}

func damage(t *testing.T, k seal.Keys, from *trees, prefix string, i int, harm func([]byte) []byte) {
	t.Helper()
	m := store.NewMemory()
	v := made(t, m, k)
	copied(t, v, from)
	all := names(t, m, prefix)
	if i >= len(all) {
		return
	}
	name := all[i]
	body, err := m.Get(t.Context(), name, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	m.Change(name, harm(body))
	res, err := v.Check(t.Context(), CheckOptions{Data: true})
	if err != nil || len(res.Bad) != 1 || res.Bad[0].Name != name {
		t.Fatalf("%s: the check says %v, %v", name, res.Bad, err)
	}
	if prefix == "data/" {
		fresh := opened(t, m, k)
		if err := compare(t.Context(), fresh, from, 3); err != nil && !errors.Is(err, ErrDamaged) &&
			!errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	lost, err := v.Repair(t.Context(), res.Bad, from)
	if err != nil || len(lost) > 0 {
		t.Fatalf("%s: repair: %v, lost %v", name, err, lost)
	}
	copied(t, v, from)
	consistent(t, m, k, from)
	sameAs(t, m, k, from, 1, 2, 3)
}

// TestHeadsThatAreNotBuiltOn: forged, rolled back, of another vault, newer, or cut.
func TestHeadsThatAreNotBuiltOn(t *testing.T) {
	t.Parallel()
	k := allKeys(t)
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	forger := k
	forger.Sign = other
	cases := []struct {
		name string
		harm func(t *testing.T, m *store.Memory, v *Vault)
		want error
	}{
		{"forged", func(t *testing.T, m *store.Memory, v *Vault) {
			evil := *v
			evil.k = forger
			h := next(v.h)
			h.Number++
			body, err := evil.sealHead(h)
			if err == nil {
				err = m.Put(t.Context(), chain.Ref{Number: h.Number}.Name(), body, store.PutOptions{})
			}
			if err != nil {
				t.Fatal(err)
			}
		}, ErrForged},
		{"a head of before under a new number", func(t *testing.T, m *store.Memory, v *Vault) {
			body, err := m.Get(t.Context(), chain.Ref{Number: 1}.Name(), 0, -1)
			if err == nil {
				err = m.Put(t.Context(), chain.Ref{Number: v.h.Number + 1}.Name(), body, store.PutOptions{})
			}
			if err != nil {
				t.Fatal(err)
			}
		}, ErrDamaged},
		{"rolled back", func(t *testing.T, m *store.Memory, v *Vault) {
			m.Change(v.ref().Name(), nil)
		}, ErrRolledBack},
		{"nothing is there", func(t *testing.T, m *store.Memory, v *Vault) {
			for _, name := range names(t, m, "") {
				m.Change(name, nil)
			}
		}, ErrNoVault},
		{"a byte of the head", func(t *testing.T, m *store.Memory, v *Vault) {
			next := next(v.h)
			next.Number++
			body, err := v.sealHead(next)
			if err != nil {
				t.Fatal(err)
			}
			body[len(body)-40] ^= 1
			if err := m.Put(t.Context(), chain.Ref{Number: next.Number}.Name(), body, store.PutOptions{}); err != nil {
				t.Fatal(err)
			}
		}, ErrDamaged},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := store.NewMemory()
			v, from := made(t, m, k), some(t)
			copied(t, v, from)
			c.harm(t, m, v)
			from.add(t, map[string][]byte{"new": []byte("new\n")})
			before := len(names(t, m, ""))
			if _, err := v.Copy(t.Context(), from, CopyOptions{}); !errors.Is(err, c.want) {
				t.Errorf("the copy says %v, not %v", err, c.want)
			}
			if after := len(names(t, m, "")); after != before {
				t.Errorf("something was built on it: %d objects, before %d", after, before)
			}
		})
	}
}

// TestAnotherVault: the place has another vault than last time.
func TestAnotherVault(t *testing.T) {
	t.Parallel()
	k := allKeys(t)
	dir := t.TempDir()
	v, err := Create(t.Context(), store.NewMemory(), dir, k, Options{})
	if err != nil {
		t.Fatal(err)
	}
	copied(t, v, some(t))
	_ = v.Close()
	m := store.NewMemory()
	foreign := made(t, m, k)
	copied(t, foreign, some(t))
	copied(t, foreign, some(t))
	if v, err = Open(t.Context(), m, dir, k, Options{}); err == nil {
		err = v.Refresh(t.Context())
	}
	if !errors.Is(err, ErrOther) {
		t.Errorf("it says %v", err)
	}
}

// TestAnotherDestination: snapshots of two destinations do not go into one vault, nor those of one that has diverged.
func TestAnotherDestination(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), some(t)
	copied(t, v, from)
	other := some(t)
	other.id = "fedcba9876543210"
	if _, err := v.Copy(t.Context(), other, CopyOptions{}); !errors.Is(err, ErrOther) {
		t.Errorf("another destination: %v", err)
	}
	fork := some(t)
	fork.snaps[2].Name = "20261231-000000"
	if _, err := v.Copy(t.Context(), fork, CopyOptions{}); !errors.Is(err, ErrDiverged) {
		t.Errorf("a diverged one: %v", err)
	}
}

// TestKeys: without the content key all but the bytes can be had; with a wrong one nothing.
func TestKeys(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	pusher := k
	pusher.Content = nil
	v, from := made(t, m, pusher), wasting(t, 4)
	copied(t, v, from)
	if res, err := v.Check(t.Context(), CheckOptions{Data: true}); err != nil || len(res.Bad) > 0 || res.Contents {
		t.Errorf("check: %+v, %v", res, err)
	}
	pruned(t, v, from, PruneOptions{}, 4)
	if err := compare(t.Context(), v, from, 4); !errors.Is(err, ErrKey) {
		t.Errorf("contents without the key: %v", err)
	}
	sameAs(t, m, k, from, 4)
	wrong := k
	wrong.Catalogue, wrong.Content = allKeys(t).Catalogue, nil
	if _, err := Open(t.Context(), m, t.TempDir(), wrong, Options{}); !errors.Is(err, ErrKey) {
		t.Errorf("a wrong key: %v", err)
	}
	for _, name := range names(t, m, "") {
		body, err := m.Get(context.Background(), name, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"stays1", "/home/ann", "BackupOptions"} {
			if bytes.Contains(body, []byte(secret)) {
				t.Errorf("%s has %q in it", name, secret)
			}
		}
	}
}

// TestOneCopyAtATime: the mirror has a lock.
func TestOneCopyAtATime(t *testing.T) {
	t.Parallel()
	v := made(t, store.NewMemory(), allKeys(t))
	unlock, err := v.m.lock()
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := v.Copy(t.Context(), some(t), CopyOptions{}); !errors.Is(err, ErrBusy) {
		t.Errorf("a second copy: %v", err)
	}
}
