package vault

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"snap/remote/store"
)

// TestALongCopyIsMadeSafe: what a checkpoint head names is not put again by a copy that goes on after a death, even
// without its journal.
func TestALongCopyIsMadeSafe(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	f := &faulty{Store: m}
	v := made(t, f, k)
	from := newTrees()
	files := map[string][]byte{}
	for i := range 20 {
		files[fmt.Sprintf("f%02d", i)] = random(uint64(10+i), 2<<20)
	}
	from.add(t, files)
	clock := time.Unix(0, 0)
	f.how, f.at = died, f.n+9
	_, err := v.Copy(t.Context(), from, CopyOptions{Checkpoint: time.Minute, Now: func() time.Time {
		clock = clock.Add(time.Minute)
		return clock
	}})
	if !errors.Is(err, errFault) {
		t.Fatalf("it did not die: %v\n%v", err, f.log)
	}
	fresh := opened(t, m, k)
	if n := len(fresh.packs()); n == 0 || len(fresh.Snapshots()) != 0 {
		t.Fatalf("a checkpoint names %d packs, and %d snapshots; requests: %v", n, len(fresh.Snapshots()), f.log)
	}
	if res := copied(t, fresh, from); res.Files >= 20 {
		t.Errorf("all %d files were put again", res.Files)
	}
	sameAs(t, m, k, from, 1)
}
