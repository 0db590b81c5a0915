package vault

import (
	"fmt"
	"testing"
	"time"

	"snap/internal/long"
)

// TestTwoWriters: two machines with copies of one disk copy at the same time, one of them with an old mirror.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	for kind := range 2 {
		t.Run(fmt.Sprint("create-only ", kind == 0), func(t *testing.T) {
			t.Parallel()
			m, k := kinds(kind), allKeys(t)
			one, from := made(t, m, k), newTrees()
			from.add(t, map[string][]byte{"a": []byte("a")})
			copied(t, one, from)
			between := &faulty{Store: m}
			two := opened(t, between, k)
			busy := false
			for round := range long.Of(50, 200) {
				from.add(t, map[string][]byte{fmt.Sprintf("f%d", round%7): random(uint64(round), 3000)})
				m.Advance(20 * time.Hour)
				at := between.n + 1 + round%7
				between.then = func(n int) { // the other copies, and prunes, in the middle of this one's
					if n != at || busy {
						return
					}
					busy = true
					copied(t, one, from)
					if round%5 == 0 {
						newest := from.snaps[len(from.snaps)-1].Seq
						_, err := one.Prune(t.Context(), func(seq uint64) bool { return seq+4 > newest }, from, PruneOptions{})
						if err != nil {
							t.Error(err)
						}
					}
					busy = false
				}
				copied(t, two, from)
				if round%10 == 9 {
					consistent(t, m, k, from)
				}
			}
			consistent(t, m, k, from)
			newest := from.snaps[len(from.snaps)-1].Seq
			if got := opened(t, m, k).Snapshots(); got[len(got)-1].Header.Seq != newest {
				t.Errorf("the newest is %d, not %d", got[len(got)-1].Header.Seq, newest)
			}
		})
	}
}
