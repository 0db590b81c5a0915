package table

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"testing"

	"snap/remote/vault/pack"
)

// TestDamagedTables: of a table with any byte changed, or cut off anywhere, every answer is the right one or
// ErrDamaged.
func TestDamagedTables(t *testing.T) {
	s := state{map[[32]byte]Row{}, map[[32]byte]List{}, map[[32]byte]int64{key(100): 5, key(101): 1 << 40}}
	for i := range uint64(40) {
		s.rows[key(i)] = Row{key(i), key(100 + i%2), pack.Place{Frame: uint32(i), Size: 7}}
	}
	for i := range uint64(3) {
		s.lists[key(i+50)] = List{key(i + 50), [][32]byte{key(i), key(i + 1)}}
	}
	whole := s.write(t)
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 1 << (i % 8)
		if found := s.agrees(t, b); !found {
			t.Errorf("byte %d is another one, and nothing is said", i)
		}
		if _, err := Open(bytes.NewReader(whole[:i]), int64(i)); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut off at %d: %v", i, err)
		}
	}
	whole[7]++
	if _, err := Open(bytes.NewReader(whole), int64(len(whole))); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer one: %v", err)
	}
}

// agrees compares all answers of a table that may be damaged, and reports whether any says so.
func (s state) agrees(t *testing.T, b []byte) (found bool) {
	t.Helper()
	is := func(err error) bool {
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
			t.Errorf("no named error: %v", err)
		}
		found = found || err != nil
		return err != nil
	}
	table, err := Open(bytes.NewReader(b), int64(len(b)))
	if is(err) {
		return found
	}
	for k, want := range s.rows {
		if got, ok, err := table.Find(k); !is(err) && (!ok || got != want) {
			t.Errorf("%x: a wrong row, or none", k)
		}
	}
	for k, want := range s.lists {
		if got, ok, err := table.Pieces(k); !is(err) && (!ok || !slices.Equal(got, want.Pieces)) {
			t.Errorf("%x: wrong pieces, or none", k)
		}
	}
	for _, err := range table.Rows() {
		is(err)
	}
	if packs, err := table.Packs(); !is(err) && !maps.Equal(packs, s.sizes) {
		t.Error("wrong packs")
	}
	return found
}

// FuzzTable: no bytes make a table panic or allocate more than it is large.
func FuzzTable(f *testing.F) {
	s := state{map[[32]byte]Row{key(1): {Key: key(1), Pack: key(2)}},
		map[[32]byte]List{key(3): {key(3), [][32]byte{key(1)}}}, map[[32]byte]int64{key(2): 9}}
	f.Add(s.write(f))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for r, err := range table.Rows() {
			if err != nil {
				break
			}
			if _, _, err := table.Find(r.Key); err != nil && !errors.Is(err, ErrDamaged) {
				t.Error(err)
			}
		}
		for _, err := range table.Lists() {
			if err != nil {
				break
			}
		}
		_, _, _ = table.Pieces(key(3))
		_, _ = table.Packs()
	})
}
