package vault

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snap/record"
	"snap/remote/store"
	"snap/remote/vault/seal"
)

// lostWorld is a vault of which one table is gone or damaged, and a machine that has nothing of it but the keys.
func lostWorld(t *testing.T, harm func([]byte) []byte) (*store.Memory, seal.Keys, *trees, string) {
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), newTrees()
	for i := range 3 {
		from.add(t, map[string][]byte{fmt.Sprintf("f%d", i): random(uint64(i), 3000),
			fmt.Sprintf("large%d", i): random(uint64(100+i), pieceSize+9)})
		copied(t, v, from)
	}
	part := metaName(v.h.Tables[1].Parts[0])
	body, err := m.Get(t.Context(), part, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	m.Change(part, harm(bytes.Clone(body)))
	return m, k, from, part
}

var harms = []func([]byte) []byte{
	func([]byte) []byte { return nil },
	func(b []byte) []byte { return b[:len(b)/2] },
	func(b []byte) []byte { b[len(b)*2/3] ^= 1; return b },
}

// TestAFreshMachineLacksATable: it lists all the same, restores what other tables know, names the rest, deletes
// nothing, and a check names the table.
func TestAFreshMachineLacksATable(t *testing.T) {
	t.Parallel()
	for i, harm := range harms {
		m, k, from, part := lostWorld(t, harm)
		v := opened(t, m, k)
		if n := len(v.Snapshots()); n != 3 {
			t.Fatalf("harm %d: %d snapshots", i, n)
		}
		all := v.Contents()
		defer all.Close()
		for e, err := range v.state(t.Context(), 3) {
			if err != nil {
				t.Fatal(err)
			}
			own := *e
			all.Want(&own)
			_, err := all.Open(t.Context(), &own)
			if lost := strings.HasSuffix(e.Path, "1"); lost != errors.Is(err, ErrNotHeld) || !lost && err != nil {
				t.Errorf("harm %d: %s: %v", i, e.Path, err)
			}
		}
		res, err := v.Check(t.Context(), CheckOptions{Data: i == 0})
		if err != nil || len(res.Bad) != 1 || res.Bad[0].Name != part || res.Bad[0].Files == 0 {
			t.Errorf("harm %d: the check says %+v, %v", i, res.Bad, err)
		}
		before := len(names(t, m, ""))
		if _, err := v.Prune(t.Context(), func(uint64) bool { return false }, from, PruneOptions{}); err == nil {
			t.Errorf("harm %d: a prune does not know what is needed", i)
		}
		lost, err := v.Repair(t.Context(), res.Bad, nil)
		if err != nil || len(lost) != 1 || lost[0].Name != part {
			t.Errorf("harm %d: repaired without the trees: %v, %v", i, lost, err)
		}
		if after := len(names(t, m, "data/")); after == 0 || len(names(t, m, "")) < before {
			t.Errorf("harm %d: something was deleted", i)
		}
		if res, err = v.Check(t.Context(), CheckOptions{}); err != nil || len(res.Bad) != 1 {
			t.Errorf("harm %d: after a repair without trees: %v, %v", i, res.Bad, err)
		}
	}
}

// TestALostTableIsMended by the next copy, or by a repair and the next copy.
func TestALostTableIsMended(t *testing.T) {
	t.Parallel()
	for i, harm := range harms {
		for _, repair := range []bool{false, true} {
			m, k, from, part := lostWorld(t, harm)
			v := opened(t, m, k)
			if repair {
				res, err := v.Check(t.Context(), CheckOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if lost, err := v.Repair(t.Context(), res.Bad, from); err != nil || len(lost) > 0 {
					t.Fatalf("harm %d: %v, %v", i, lost, err)
				}
			}
			if res := copied(t, v, from); res.Healed == 0 {
				t.Errorf("harm %d, repair %v: nothing was healed", i, repair)
			}
			if len(v.lost) > 0 || v.h.Condemned[part] == 0 {
				t.Errorf("harm %d, repair %v: the table still counts", i, repair)
			}
			consistent(t, m, k, from)
			sameAs(t, m, k, from, 1, 2, 3)
		}
	}
}

// TestWhatIsNotHereKeepsALostTable: bytes that no tree has any more may be in packs that only it names.
func TestWhatIsNotHereKeepsALostTable(t *testing.T) {
	t.Parallel()
	m, k, from, part := lostWorld(t, harms[0])
	delete(from.bytes, Place{2, "f1"})
	delete(from.bytes, Place{3, "f1"})
	var said error
	v, err := Open(t.Context(), m, t.TempDir(), k, Options{Warn: func(err error) { said = err }})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	copied(t, v, from)
	if len(v.lost) != 1 || said == nil || !strings.Contains(said.Error(), part) {
		t.Errorf("lost %v, said %v", v.lost, said)
	}
	if res := copied(t, v, from); res.Files > 0 {
		t.Errorf("%d files were copied twice", res.Files)
	}
	got := open(t, v, from, 3, "large1")
	if got != nil {
		t.Errorf("what is here was not copied again: %v", got)
	}
	if err := open(t, v, from, 3, "f1"); !errors.Is(err, ErrNotHeld) {
		t.Errorf("what is not here: %v", err)
	}
}

func open(t *testing.T, v *Vault, from *trees, seq uint64, path string) error {
	t.Helper()
	all := v.Contents()
	defer all.Close()
	f, err := all.Open(t.Context(), &record.Entry{Path: path, Record: from.holds[seq][path]})
	if err != nil {
		return err
	}
	return f.Close()
}

// TestADamagedTableHereIsFetchedAgain, whatever is wrong with it, by the next run if not by this one.
func TestADamagedTableHereIsFetchedAgain(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	dir := t.TempDir()
	v, err := Create(t.Context(), m, dir, k, Options{})
	if err != nil {
		t.Fatal(err)
	}
	from := some(t)
	copied(t, v, from)
	name := filepath.Join(dir, mirrorName(&v.h.Tables[0]))
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(good); at += 1 + len(good)/150 {
		bad := bytes.Clone(good)
		bad[at] ^= 0x40
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		mended := false
		for range 2 {
			v, err := Open(t.Context(), m, dir, k, Options{})
			if err != nil {
				t.Fatalf("byte %d: %v", at, err)
			}
			err = compare(t.Context(), v, from, 3)
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
			if mended = err == nil; mended {
				break
			}
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("byte %d: %v", at, err)
			}
		}
		if !mended {
			t.Fatalf("byte %d is damaged still", at)
		}
	}
}
