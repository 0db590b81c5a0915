package vault

import (
	"context"
	"crypto/sha256"
	"testing"

	"snap/record"
	"snap/remote/store"
)

// putAgain puts contents into one more pack, which a newer table names: as two writers do that copy the same. It
// returns the pack's object.
func putAgain(t testing.TB, v *Vault, contents ...[]byte) string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w, err := v.newPack()
	must(err)
	for _, b := range contents {
		must(w.add(sha256.Sum256(b), "again/"+string(b[:1]), &record.Record{}, b))
	}
	p, body, err := w.close()
	must(err)
	must(v.putObject(context.Background(), dataName(p.Name), body, p.Name))
	o := newOwn(v.m)
	defer o.close()
	must(o.add(p))
	h := next(v.h)
	must(v.addTable(t.Context(), h, o, false))
	if stands, err := v.publish(t.Context(), h); !stands || err != nil {
		t.Fatal(stands, err)
	}
	return dataName(p.Name)
}

// TestADamagedRowHidesNoGoodOne: a pack of a newer table goes, and an older one has the same contents: they stay.
func TestADamagedRowHidesNoGoodOne(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), some(t)
	copied(t, v, from)
	bad := putAgain(t, v, []byte("one\n"), []byte("two\n"))
	m.Change(bad, nil)
	res, err := v.Check(t.Context(), CheckOptions{})
	if err != nil || len(res.Bad) != 1 || res.Bad[0].Name != bad {
		t.Fatalf("the check says %v, %v", res.Bad, err)
	}
	if lost, err := v.Repair(t.Context(), res.Bad, nil); err != nil || len(lost) > 0 {
		t.Fatal(lost, err)
	}
	if n := len(v.Head().Missing); n > 0 {
		t.Errorf("%d contents are said to be missing", n)
	}
	sameAs(t, m, k, from, 1, 2, 3)
}

// TestPruneOfWhatIsThereTwice: of two packs that have a content one goes as it has nothing else that lives, and the
// other is written anew: the content is in what is written.
func TestPruneOfWhatIsThereTwice(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), newTrees()
	stays := random(1, 1000)
	from.add(t, map[string][]byte{"stays": stays, "goes": random(2, 100_000)})
	from.add(t, map[string][]byte{"goes": nil, "new": random(3, 1000)})
	copied(t, v, from)
	putAgain(t, v, stays, random(4, 100_000))
	res := pruned(t, v, from, PruneOptions{}, 2)
	if res.Repacked == 0 {
		t.Errorf("nothing was written anew: %+v", res)
	}
	sameAs(t, m, k, from, 2)
}

// TestTablesThatAreMergedNameNoPackInVain: a pack of which newer tables have all goes, and is condemned.
func TestTablesThatAreMergedNameNoPackInVain(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), newTrees()
	from.add(t, map[string][]byte{"a": []byte("one\n")})
	copied(t, v, from)
	names := map[string]bool{}
	for pack := range v.packs() {
		names[dataName(pack)] = true
	}
	for range maxTables {
		names[putAgain(t, v, []byte("one\n"))] = true
	}
	from.add(t, map[string][]byte{"b": []byte("two\n")})
	copied(t, v, from)
	named := map[string]bool{}
	for pack := range v.packs() {
		named[dataName(pack)] = true
	}
	for name := range names {
		if named[name] == (v.Head().Condemned[name] > 0) {
			t.Errorf("%s: named %v, condemned %v", name, named[name], v.Head().Condemned[name] > 0)
		}
	}
	if len(v.Head().Tables) > maxTables {
		t.Errorf("%d tables", len(v.Head().Tables))
	}
	sameAs(t, m, k, from, 1, 2)
}
