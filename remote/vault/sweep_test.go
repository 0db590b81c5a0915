package vault

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"snap/internal/long"
	"snap/remote/store"
	"snap/remote/vault/chain"
	"snap/remote/vault/seal"
)

// kinds of stores that the sweeps are made with.
func kinds(k int) *store.Memory {
	m := store.NewMemory()
	if k == 1 {
		t := m.Traits()
		t.CreateOnly = false
		m.SetTraits(t)
	}
	return m
}

// consistent compares what a fresh machine finds with what was backed up; a first head alone is consistent, too.
func consistent(t *testing.T, m *store.Memory, k seal.Keys, from *trees) {
	t.Helper()
	v := opened(t, m, k)
	res, err := v.Check(t.Context(), CheckOptions{Data: true})
	if err != nil || len(res.Bad) > 0 {
		t.Fatalf("the vault is damaged: %v %v", res.Bad, err)
	}
	sameAs(t, m, k, from)
}

// TestCopyWithAFaultAtEachRequest: refused, lost, or dead at any request, the vault is whole, and the next copy brings
// the rest.
func TestCopyWithAFaultAtEachRequest(t *testing.T) {
	t.Parallel()
	for kind := range 2 {
		for _, how := range ways {
			for at := 1 + kind; ; at += stride(kind) {
				if !copyFault(t, kind, how, at) {
					break
				}
			}
		}
	}
}

// stride is how many requests the sweeps go on by: in the long form one.
func stride(kind int) int {
	switch {
	case long.Form():
		return 1
	case testing.Short():
		return 11
	}
	return 3 + 2*kind
}

func copyFault(t *testing.T, kind int, how how, at int) (met bool) {
	t.Helper()
	m, k := kinds(kind), allKeys(t)
	f := &faulty{Store: m}
	dir := t.TempDir()
	v, err := Create(t.Context(), f, dir, k, Options{Jobs: 1})
	if err != nil {
		t.Fatal(err)
	}
	from := some(t)
	f.how, f.at = how, f.n+at
	_, err = v.Copy(t.Context(), from, CopyOptions{})
	met = f.n >= f.at
	if err == nil {
		sameAs(t, m, k, from, 1, 2, 3)
	}
	consistent(t, m, k, from)
	f.at, f.dead = 0, false
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), f, dir, k, Options{})
	if err != nil {
		t.Fatalf("%v at request %d: %v", how, at, err)
	}
	defer again.Close()
	if _, err := again.Copy(t.Context(), from, CopyOptions{}); err != nil {
		t.Fatalf("%v at request %d: the next copy: %v\n%v", how, at, err, f.log)
	}
	sameAs(t, m, k, from, 1, 2, 3)
	return met
}

// TestPruneWithAFaultAtEachRequest is the same for a prune that condemns, and one that deletes.
func TestPruneWithAFaultAtEachRequest(t *testing.T) {
	t.Parallel()
	for kind := range 2 {
		for _, how := range ways {
			for deletes := range 2 {
				for at := 1 + kind; ; at += stride(kind) {
					if !pruneFault(t, kind, how, at, deletes == 1) {
						break
					}
				}
			}
		}
	}
}

func pruneFault(t *testing.T, kind int, how how, at int, deletes bool) (met bool) {
	t.Helper()
	m, k := kinds(kind), allKeys(t)
	f := &faulty{Store: m}
	v := made(t, f, k)
	from := wasting(t, 3)
	copied(t, v, from)
	if deletes {
		pruned(t, v, from, PruneOptions{}, 3)
		m.Advance(2 * chain.Grace)
		from.add(t, map[string][]byte{"new": random(7, 100)})
		copied(t, v, from)
		from.add(t, map[string][]byte{"new": random(8, 100)})
		copied(t, v, from)
		m.Advance(2 * chain.Grace)
	}
	f.how, f.at = how, f.n+at
	_, err := v.Prune(t.Context(), func(seq uint64) bool { return seq >= 3 }, from, PruneOptions{})
	met = f.n >= f.at
	if err == nil && how != never && met && deletes && !slices.Contains(f.log, "delete data") {
		t.Errorf("nothing was deleted: %v", f.log)
	}
	consistent(t, m, k, from)
	f.at, f.dead = 0, false
	pruned(t, v, from, PruneOptions{}, 3)
	m.Advance(2 * chain.Grace)
	pruned(t, v, from, PruneOptions{}, 3)
	consistent(t, m, k, from)
	return met
}

var errKilled = errors.New("killed")

// TestKilledAtEachStepOnDisk: the mirror as a kill leaves it at each change is gone on from.
func TestKilledAtEachStepOnDisk(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		m, k, dir := store.NewMemory(), allKeys(t), t.TempDir()
		v, err := Create(t.Context(), m, dir, k, Options{})
		if err != nil {
			t.Fatal(err)
		}
		from := some(t)
		n, where := 0, ""
		v.m.step = func(what string) error {
			if n++; n < at {
				return nil
			}
			if where == "" {
				where = what
			}
			return errKilled
		}
		_, err = v.Copy(t.Context(), from, CopyOptions{})
		if where == "" {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		consistent(t, m, k, from)
		_ = v.Close()
		again, err := Open(t.Context(), m, dir, k, Options{})
		if err != nil {
			t.Fatalf("killed at %q: %v", where, err)
		}
		if _, err := again.Copy(t.Context(), from, CopyOptions{}); err != nil {
			t.Fatalf("killed at %q: %v", where, err)
		}
		_ = again.Close()
		for _, done := range []string{journalFile, intentFile} {
			if _, err := os.Stat(filepath.Join(dir, done)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("killed at %q: its %s is left", where, done)
			}
		}
		sameAs(t, m, k, from, 1, 2, 3)
	}
}

// TestTheMirrorIsLostOrDamaged: each of its files is gone, cut, or other bytes.
func TestTheMirrorIsLostOrDamaged(t *testing.T) {
	t.Parallel()
	m, k, dir := store.NewMemory(), allKeys(t), t.TempDir()
	v, err := Create(t.Context(), m, dir, k, Options{})
	if err != nil {
		t.Fatal(err)
	}
	from := some(t)
	copied(t, v, from)
	_ = v.Close()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		for _, harm := range []func(path string) error{os.Remove,
			func(path string) error { return os.Truncate(path, 3) },
			func(path string) error { return os.WriteFile(path, []byte("other bytes"), 0o600) }} {
			if f.Name() == lockFile {
				continue
			}
			if err := harm(filepath.Join(dir, f.Name())); err != nil {
				t.Fatal(err)
			}
			v, err := Open(t.Context(), m, dir, k, Options{})
			if err != nil {
				t.Fatalf("%s: %v", f.Name(), err)
			}
			if err := compare(t.Context(), v, from, 3); err != nil {
				t.Errorf("%s: %v", f.Name(), err)
			}
			_ = v.Close()
		}
	}
}
