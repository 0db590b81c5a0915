package index

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"snap/record"
)

// TestSumsAreCutAndNeverWrap: what Plus and wide say is the true sum, or Beyond.
func TestSumsAreCutAndNeverWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.Int64Range(0, record.Beyond), rapid.Int64Range(0, 1<<33),
			rapid.SampledFrom([]int64{record.Beyond, record.Beyond - 1, 7 << 60, 1 << 32, 0}))
		all := rapid.SliceOf(size).Draw(t, "sizes")
		stay := rapid.IntRange(0, len(all)).Draw(t, "stay")
		cut := func(sizes []int64) int64 {
			sum := new(big.Int)
			for _, n := range sizes {
				sum.Add(sum, big.NewInt(n))
			}
			if !sum.IsInt64() {
				return record.Beyond
			}
			return sum.Int64()
		}
		plus, exact := int64(0), wide{}
		for _, n := range all {
			plus = record.Plus(plus, n)
			exact.add(n)
		}
		if want := cut(all); plus != want || exact.bytes() != want {
			t.Fatalf("Plus %d, wide %d, not %d", plus, exact.bytes(), want)
		}
		for _, n := range all[stay:] {
			exact.add(-n)
		}
		if want := cut(all[:stay]); exact.bytes() != want {
			t.Fatalf("wide %d, not %d, after some were taken away", exact.bytes(), want)
		}
	})
}
