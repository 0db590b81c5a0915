package vault

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
)

// TestSieve: what was added passes, and of what was not next to nothing does.
func TestSieve(t *testing.T) {
	t.Parallel()
	key := func(i int) [32]byte { return sha256.Sum256(binary.LittleEndian.AppendUint64(nil, uint64(i))) }
	for _, n := range []int{0, 1, 4, 5, 1000, 50_000} {
		s := newSieve(n)
		for i := range n {
			s.add(key(i))
		}
		for i := range n {
			if !s.passes(key(i)) {
				t.Fatalf("%d of %d does not pass", i, n)
			}
		}
		wrong := 0
		for i := range 20_000 {
			if s.passes(key(n + i)) {
				wrong++
			}
		}
		if wrong > 100 {
			t.Errorf("of %d: %d of 20,000 pass that were not added", n, wrong)
		}
	}
}
