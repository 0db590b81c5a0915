package query

import (
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"snap/index"
	"snap/record"
)

// TestFewestIsWhatTryingAllFinds: of some snapshots that share inodes with their neighbours, some of which must stay.
func TestFewestIsWhatTryingAllFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "snapshots")
		s := &Stats{usage: index.Usage{}}
		for i := range n {
			s.Snapshots = append(s.Snapshots, &record.Header{Seq: uint64(3*i + 2)}) // others were deleted
		}
		for range rapid.IntRange(0, 12).Draw(t, "inodes") {
			first := rapid.Uint64Range(1, uint64(3*n+2)).Draw(t, "first")
			last := rapid.Uint64Range(first, uint64(3*n+3)).Draw(t, "last")
			s.usage[index.Span{First: first, Last: last}] = index.Amount{Inodes: 1,
				Bytes: rapid.Int64Range(1, 9).Draw(t, "bytes")}
		}
		stay := rapid.Uint64().Draw(t, "stay")
		may := func(i int) bool { return stay>>i&1 == 0 }
		want := rapid.Int64Range(1, 40).Draw(t, "want")
		least, most := n+1, int64(0)
		for set := range uint64(1) << n {
			if set&stay != 0 {
				continue
			}
			f := s.Freed(func(h *record.Header) bool { return set>>(h.Seq/3)&1 == 1 })
			if count := bits.OnesCount64(set); f.Amount.Bytes >= want && count <= least {
				if count < least {
					least, most = count, 0
				}
				most = max(most, f.Amount.Bytes)
			}
		}
		got, freed := s.Fewest(want, may)
		if least == n+1 {
			if len(got) > 0 {
				t.Fatalf("%v free %d, and nothing frees %d", got, freed, want)
			}
			return
		}
		if len(got) != least || freed != most || slices.ContainsFunc(got, func(i int) bool { return !may(i) }) {
			t.Fatalf("%v free %d; %d snapshots free %d", got, freed, least, most)
		}
	})
}
