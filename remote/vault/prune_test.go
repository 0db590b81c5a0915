package vault

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"snap/record"
	"snap/remote/store"
	"snap/remote/vault/chain"
)

// wasting is a source whose first snapshots are mostly of their own, with a file that stays among them.
func wasting(t testing.TB, snapshots int) *trees {
	t.Helper()
	s := newTrees()
	for i := range snapshots {
		s.add(t, map[string][]byte{fmt.Sprintf("stays%d", i): random(uint64(100+i), 20_000),
			"changes": random(uint64(200+i), 400_000), "goes": random(uint64(300+i), 50_000)})
	}
	return s
}

func pruned(t testing.TB, v *Vault, from Source, o PruneOptions, keep ...uint64) PruneResult {
	t.Helper()
	res, err := v.Prune(t.Context(), func(seq uint64) bool { return slices.Contains(keep, seq) }, from, o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func stored1(t testing.TB, s store.Store) (bytes int64, objects int) {
	t.Helper()
	for o, err := range s.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		bytes, objects = bytes+o.Size, objects+1
	}
	return bytes, objects
}

// TestPruneFrees: what stays is whole at each step, nothing is deleted before its grace is over, and then it is.
func TestPruneFrees(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), wasting(t, 6)
	copied(t, v, from)
	before, _ := stored1(t, m)
	said := pruned(t, v, from, PruneOptions{DryRun: true}, 5)
	did := pruned(t, v, from, PruneOptions{}, 5)
	if !slices.Equal(did.Removed, []uint64{1, 2, 3, 4}) || did.Deleted != 0 || did.Condemned == 0 || did.Repacked == 0 {
		t.Errorf("the first prune: %+v", did)
	}
	if said.Repacked != did.Repacked || said.Condemned != did.Condemned || said.Later != did.Later ||
		said.BytesMoved != did.BytesMoved || !slices.Equal(said.Removed, did.Removed) {
		t.Errorf("said %+v\ndid  %+v", said, did)
	}
	sameAs(t, m, k, from, 5, 6)
	m.Advance(chain.Grace - time.Minute)
	if res := pruned(t, v, from, PruneOptions{}, 5, 6); res.Deleted != 0 {
		t.Errorf("before the grace is over: %+v", res)
	}
	m.Advance(2 * time.Minute)
	say := pruned(t, v, from, PruneOptions{DryRun: true}, 5, 6)
	res := pruned(t, v, from, PruneOptions{}, 5, 6)
	if res.Deleted == 0 || res.Freed != say.Freed || res.Deleted != say.Deleted {
		t.Errorf("when it is over: said %+v, did %+v", say, res)
	}
	after, _ := stored1(t, m)
	if after > before*2/3 {
		t.Errorf("%d bytes of %d are left", after, before)
	}
	sameAs(t, m, k, from, 5, 6)
	from.add(t, map[string][]byte{"later": random(999, 1000)})
	copied(t, v, from)
	sameAs(t, m, k, from, 5, 6, 7)
}

// TestPruneWithoutTrees: what cannot be read here stays where it is; with Download it comes from the vault.
func TestPruneWithoutTrees(t *testing.T) {
	t.Parallel()
	for _, download := range []bool{false, true} {
		m, k := store.NewMemory(), allKeys(t)
		v, from := made(t, m, k), wasting(t, 4)
		copied(t, v, from)
		said := pruned(t, v, nil, PruneOptions{Download: download, DryRun: true}, 4)
		res := pruned(t, v, nil, PruneOptions{Download: download}, 4)
		said.Requests, res.Requests = 0, 0
		if !reflect.DeepEqual(said, res) {
			t.Errorf("said %+v\ndid  %+v", said, res)
		}
		if (res.Repacked > 0) != download {
			t.Errorf("download %v: %+v", download, res)
		}
		sameAs(t, m, k, from, 4)
		m.Advance(2 * chain.Grace)
		pruned(t, v, nil, PruneOptions{}, 4)
		sameAs(t, m, k, from, 4)
	}
}

// TestYoungOnesAreCounted: what the store has one pay for anyway is said, until it is old enough.
func TestYoungOnesAreCounted(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), wasting(t, 3)
	copied(t, v, from)
	o := PruneOptions{DryRun: true, MinStorage: 90 * day}
	if res := pruned(t, v, from, o, 1, 2, 3); res.Young != 0 {
		t.Errorf("nothing goes: %+v", res)
	}
	o.DryRun = false
	if res := pruned(t, v, from, o, 3); res.Young == 0 || res.Young != res.Later {
		t.Errorf("all are young: %+v", res)
	}
	m.Advance(100 * day)
	o.DryRun = true
	if res := pruned(t, v, from, o, 3); res.Young != 0 || res.Freed == 0 {
		t.Errorf("none is: %+v", res)
	}
}

// TestOrphansAreCondemnedFirst: what nobody names is not deleted at once.
func TestOrphansAreCondemnedFirst(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), some(t)
	copied(t, v, from)
	orphan := dataName(sumOf([]byte("x")))
	if err := m.Put(t.Context(), orphan, []byte("x"), store.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		wait             time.Duration
		condemned, there bool
	}{{chain.Grace, false, true}, {chain.Grace + time.Hour, true, true}, {chain.Grace + time.Hour, false, false}}
	for i, step := range steps {
		m.Advance(step.wait)
		pruned(t, v, from, PruneOptions{}, 1, 2, 3)
		_, err := m.Stat(t.Context(), orphan)
		if (v.Head().Condemned[orphan] > 0) != step.condemned || (err == nil) != step.there {
			t.Errorf("step %d: condemned %v, there %v", i, v.Head().Condemned[orphan], err == nil)
		}
	}
	sameAs(t, m, k, from, 1, 2, 3)
}

// TestLockedObjectsAreLater: a lock that has not ended is no fault.
func TestLockedObjectsAreLater(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, err := Create(t.Context(), m, t.TempDir(), k, Options{Lock: 30 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	from := wasting(t, 3)
	copied(t, v, from)
	pruned(t, v, from, PruneOptions{}, 3)
	m.Advance(chain.Grace + time.Hour)
	if res := pruned(t, v, from, PruneOptions{}, 3); res.Locked == 0 || res.Deleted != 0 {
		t.Errorf("locked: %+v", res)
	}
	m.Advance(10 * 24 * time.Hour)
	if res, err := v.Extend(t.Context()); err != nil || res.Extended == 0 || res.Extended == res.Objects {
		t.Errorf("extended: %+v, %v", res, err)
	}
	m.Advance(14 * 24 * time.Hour)
	if res := pruned(t, v, from, PruneOptions{}, 3); res.Locked != 0 || res.Deleted == 0 {
		t.Errorf("after the locks: %+v", res)
	}
	for name := range v.named(v.h) {
		if err := m.Delete(t.Context(), name); err == nil {
			t.Errorf("%s, which the head names, is not locked any more", name)
		}
	}
}

// TestTinyPacksAreJoined: many copies of little leave many small packs, which a prune joins; few stay as they are.
func TestTinyPacksAreJoined(t *testing.T) {
	t.Parallel()
	for _, n := range []int{tinyPacks, tinyPacks + 1} {
		m, k := store.NewMemory(), allKeys(t)
		v, from := made(t, m, k), newTrees()
		files, packs := map[string][]byte{}, newOwn(v.m)
		for i := range n {
			b := random(uint64(i), 100)
			files[fmt.Sprintf("f%03d", i)] = b
			w, err := v.newPack()
			if err == nil {
				err = w.add(sumOf(b), "f", &record.Record{}, b)
			}
			if err != nil {
				t.Fatal(err)
			}
			p, body, err := w.close()
			if err == nil {
				err = errors.Join(v.putObject(t.Context(), dataName(p.Name), body, p.Name), packs.add(p))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		h := next(v.h)
		if err := v.addTable(t.Context(), h, packs, false); err != nil {
			t.Fatal(err)
		}
		if stands, err := v.publish(t.Context(), h); !stands || err != nil {
			t.Fatal(stands, err)
		}
		from.add(t, files)
		copied(t, v, from)
		res := pruned(t, v, from, PruneOptions{}, 1)
		want := 1
		if n <= tinyPacks {
			want = n
		}
		if got := len(v.packs()); got != want {
			t.Errorf("%d packs are %d after a prune, not %d: %+v", n, got, want, res)
		}
		m.Advance(2 * chain.Grace)
		pruned(t, v, from, PruneOptions{}, 1)
		sameAs(t, m, k, from, 1)
	}
}
