package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"snap/remote/store"
	"snap/remote/vault/seal"
)

// TestOneWrongByteCostsLittle: of a pack with a wrong byte, or without its end, all comes back but what lies there.
func TestOneWrongByteCostsLittle(t *testing.T) {
	t.Parallel()
	for _, k := range []seal.Keys{allKeys(t), {Sign: allKeys(t).Sign}} {
		for _, harm := range []func(b []byte) []byte{
			func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
			func(b []byte) []byte { b[len(b)-5] ^= 1; return b },
			func(b []byte) []byte { return b[:len(b)*2/3] },
		} {
			oneHarm(t, k, harm)
		}
	}
}

func oneHarm(t *testing.T, k seal.Keys, harm func([]byte) []byte) {
	t.Helper()
	const files = 40
	m := store.NewMemory()
	v, from := made(t, m, k), newTrees()
	state := map[string][]byte{}
	for i := range files {
		state[fmt.Sprintf("f%02d", i)] = random(uint64(10+i), 200_000)
	}
	from.add(t, state)
	copied(t, v, from)
	name := names(t, m, "data/")[0]
	body, err := m.Get(t.Context(), name, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	m.Change(name, harm(body))
	lost := lostFiles(t, opened(t, m, k), from, name)
	if lost == 0 || lost > files/2 {
		t.Errorf("sealed %v: %d files of %d are lost", k.Sealed(), lost, files)
	}
	res, err := v.Check(t.Context(), CheckOptions{Data: true})
	if err != nil || len(res.Bad) != 1 || res.Bad[0].Name != name {
		t.Fatalf("the check says %+v, %v", res.Bad, err)
	}
	if bad := res.Bad[0]; bad.Files != int64(lost) ||
		strings.Contains(bad.Why.Error(), name) {
		t.Errorf("the check says %d files are lost, not %d: %v", bad.Files, lost, bad.Why)
	}
	m.Change(name, nil)
	if res, err = v.Check(t.Context(), CheckOptions{}); err != nil || len(res.Bad) != 1 || res.Bad[0].Files != files {
		t.Errorf("the check of a vault without it says %+v, %v", res.Bad, err)
	}
}

// lostFiles is how many files cannot be had, each by an error that names the object once.
func lostFiles(t *testing.T, v *Vault, from *trees, name string) (lost int) {
	t.Helper()
	c := v.Contents()
	defer c.Close()
	for e, err := range v.state(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		c.Want(e)
	}
	for e, err := range v.state(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		f, err := c.Open(t.Context(), e)
		if err != nil {
			lost++
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, store.ErrShort) || strings.Count(err.Error(), name) != 1 {
				t.Errorf("%s: %v", e.Path, err)
			}
			continue
		}
		got, err := io.ReadAll(f)
		if err != nil || !bytes.Equal(got, from.bytes[Place{1, e.Path}]) {
			t.Errorf("%s: other bytes, %v", e.Path, err)
		}
	}
	return lost
}
