package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"snap/remote/store"
)

// rotting has the bytes of a large file whole when it is opened first, and others from then on.
type rotting struct {
	*trees
	name  string
	whole int // how often it is whole
}

func (r *rotting) Open(ctx context.Context, seq uint64, path string) (io.ReadCloser, error) {
	f, err := r.trees.Open(ctx, seq, path)
	if err != nil || path != r.name {
		return f, err
	}
	if r.whole--; r.whole >= 0 {
		return f, nil
	}
	b, err := io.ReadAll(f)
	b[0] ^= 1
	return io.NopCloser(bytes.NewReader(b)), err
}

// TestRotKeepsALostTable: bytes that rot between two readings are not put in place of those that only a lost table
// knows: it stays, the file is named, and nothing counts as healed that was not.
func TestRotKeepsALostTable(t *testing.T) {
	t.Parallel()
	m, k, from, part := lostWorld(t, harms[0])
	v := opened(t, m, k)
	for range 2 {
		res := copied(t, v, &rotting{from, "large1", 1})
		if len(v.lost) != 1 || v.h.Condemned[part] != 0 {
			t.Fatal("the table does not count any more")
		}
		if len(res.Missing) != 1 || !strings.HasSuffix(res.Missing[0].Path, "large1") {
			t.Errorf("missing: %+v", res.Missing)
		}
		if len(v.h.Missing) > 0 {
			t.Errorf("entered as missing: %+v", v.h.Missing)
		}
		if _, err := v.Check(t.Context(), CheckOptions{}); err != nil {
			t.Error(err)
		}
	}
	if res := copied(t, v, from); res.Healed != 1 || len(v.lost) > 0 {
		t.Errorf("whole again: %+v, lost %v", res, v.lost)
	}
	sameAs(t, m, k, from, 1, 2, 3)
}

// TestHealedOnlyWhereItWas: what is missing and rots while it is to be healed stays missing, and does not count.
func TestHealedOnlyWhereItWas(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), newTrees()
	large := random(1, pieceSize+100)
	from.add(t, map[string][]byte{"large": large})
	copied(t, v, &rotting{from, "large", 0})
	res := copied(t, v, &rotting{from, "large", 1})
	if res.Healed != 0 || len(v.h.Missing) != 1 || len(res.Missing) == 0 {
		t.Errorf("%+v; missing %+v", res, v.h.Missing)
	}
	if res := copied(t, v, from); res.Healed != 1 || len(v.h.Missing) != 0 {
		t.Errorf("whole again: %+v", res)
	}
	sameAs(t, m, k, from, 1)
}

// TestARivalWhileHealing: another head comes first at a checkpoint while missing contents are healed. The copy begins
// anew.
func TestARivalWhileHealing(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	one, from := made(t, m, k), newTrees()
	files := map[string][]byte{}
	for i := range 20 {
		files[fmt.Sprintf("f%02d", i)] = random(uint64(i), 2<<20)
	}
	from.add(t, files)
	for at, b := range from.bytes {
		from.bytes[at] = append([]byte{b[0] ^ 1}, b[1:]...)
	}
	if res := copied(t, one, from); len(res.Missing) != 20 {
		t.Fatalf("%d are missing", len(res.Missing))
	}
	between := &faulty{Store: m}
	two := opened(t, between, k)
	other := newTrees() // the rival heals nothing
	other.snaps, other.sets, other.holds = slices.Clone(from.snaps), from.sets, from.holds
	other.snaps[0].Note = "of the rival"
	for path, b := range files {
		from.bytes[Place{1, path}] = b
	}
	between.then = func(int) {
		if between.log[len(between.log)-1] == "put data" {
			between.then = nil
			copied(t, one, other)
		}
	}
	clock := time.Unix(0, 0)
	res, err := two.Copy(t.Context(), from, CopyOptions{Checkpoint: time.Minute, Now: func() time.Time {
		clock = clock.Add(time.Minute)
		return clock
	}})
	if err != nil || between.then != nil || len(two.h.Missing) > 0 {
		t.Fatalf("%v; %+v; %d are missing; %v", err, res, len(two.h.Missing), between.log)
	}
	sameAs(t, m, k, from, 1)
}

// TestTheNewestWasDeletedHere: a snapshot that the vault has, and that was deleted here, is no sign of another
// history as long as its number is not given again. The next one follows it.
func TestTheNewestWasDeletedHere(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), some(t)
	copied(t, v, from)
	from.snaps = from.snaps[:2]
	if _, err := v.Copy(t.Context(), from, CopyOptions{}); !errors.Is(err, ErrDiverged) {
		t.Errorf("its number may be given again: %v", err)
	}
	from.next = 4
	copied(t, v, from)
	from.add(t, map[string][]byte{"new": []byte("new\n")})
	if res := copied(t, v, from); !slices.Equal(res.Snapshots, []uint64{4}) {
		t.Errorf("copied %v", res.Snapshots)
	}
	sameAs(t, m, k, from, 1, 2, 3, 4)
}
