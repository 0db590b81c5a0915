package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"snap/record"
	"snap/remote/store"
	"snap/remote/vault/seal"
)

// allKeys are those of a vault that is sealed, with all that a machine can have.
func allKeys(t testing.TB) seal.Keys {
	t.Helper()
	k, err := seal.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return *k
}

// made is a new vault.
func made(t testing.TB, s store.Store, k seal.Keys) *Vault {
	t.Helper()
	v, err := Create(t.Context(), s, t.TempDir(), k, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v
}

// opened is a vault as a machine sees it that has nothing of it but the keys.
func opened(t testing.TB, s store.Store, k seal.Keys) *Vault {
	t.Helper()
	v, err := Open(t.Context(), s, t.TempDir(), k, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v
}

func copied(t testing.TB, v *Vault, from Source) CopyResult {
	t.Helper()
	res, err := v.Copy(t.Context(), from, CopyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// sameAs compares all that a fresh machine finds in the vault with what was backed up: each snapshot that it names.
func sameAs(t testing.TB, s store.Store, k seal.Keys, from *trees, seqs ...uint64) {
	t.Helper()
	v := opened(t, s, k)
	var have []uint64
	for _, snap := range v.Snapshots() {
		have = append(have, snap.Header.Seq)
	}
	if seqs != nil && !slices.Equal(have, seqs) {
		t.Fatalf("the vault has snapshots %v, not %v", have, seqs)
	}
	for _, seq := range have {
		if err := compare(t.Context(), v, from, seq); err != nil {
			t.Fatalf("snapshot %d: %v", seq, err)
		}
	}
}

func compare(ctx context.Context, v *Vault, from *trees, seq uint64) error {
	want := maps.Clone(from.holds[seq])
	c := v.Contents()
	var all []record.Entry
	for e, err := range v.state(ctx, seq) {
		if err != nil {
			return err
		}
		c.Want(e)
		all = append(all, *e)
	}
	for i := range all {
		e := &all[i]
		held, ok := want[e.Path]
		if !ok || held.Kind != e.Kind || held.Size != e.Size || held.Mtime != e.Mtime {
			return fmt.Errorf("%q is not as it was", e.Path)
		}
		delete(want, e.Path)
		f, err := c.Open(ctx, e)
		if err != nil {
			return fmt.Errorf("%q: %w", e.Path, err)
		}
		got, err := io.ReadAll(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("%q: %w", e.Path, err)
		}
		if !bytes.Equal(got, from.bytes[Place{seq, e.Path}]) {
			return fmt.Errorf("%q has other bytes", e.Path)
		}
	}
	if len(want) > 0 {
		return fmt.Errorf("%v is not in the vault", slices.Collect(maps.Keys(want)))
	}
	return nil
}

// random are bytes that do not compress.
func random(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 1})
	_, _ = r.Read(b)
	return b
}

// some is a source of three snapshots: small files, a large one that grows, one that goes, one that moves.
func some(t testing.TB) *trees {
	t.Helper()
	s := newTrees()
	large := random(1, pieceSize*2+1000)
	s.add(t, map[string][]byte{"a": []byte("one\n"), "b": []byte("two\n"), "empty": {}, "large": large,
		"same": []byte("one\n")})
	s.add(t, map[string][]byte{"b": nil, "c": []byte("three\n"), "large": append(large[:len(large):len(large)], 1, 2, 3)})
	s.add(t, map[string][]byte{"moved": []byte("one\n"), "a": nil, "d": random(2, 300_000)})
	return s
}

func TestWhatWasCopiedComesBack(t *testing.T) {
	t.Parallel()
	for _, k := range []seal.Keys{allKeys(t), {Sign: allKeys(t).Sign}} {
		m := store.NewMemory()
		v, from := made(t, m, k), some(t)
		res := copied(t, v, from)
		if !slices.Equal(res.Snapshots, []uint64{1, 2, 3}) || res.Files != 6 || len(res.Missing) > 0 {
			t.Errorf("copied: %+v", res)
		}
		sameAs(t, m, k, from, 1, 2, 3)
		from.add(t, map[string][]byte{"e": []byte("five\n")})
		if res := copied(t, v, from); res.Files != 1 || res.BytesRead != 5 {
			t.Errorf("the second copy: %+v", res)
		}
		sameAs(t, m, k, from, 1, 2, 3, 4)
		if res := copied(t, v, from); len(res.Snapshots) != 0 || res.Objects != 0 || res.Requests != 3 {
			t.Errorf("a copy of nothing: %+v", res)
		}
	}
}

func TestADryRunCountsExactly(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), some(t)
	want, err := v.Copy(t.Context(), from, CopyOptions{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if want.Objects != 0 {
		t.Errorf("a dry run put %d objects", want.Objects)
	}
	got := copied(t, v, from)
	if got.Files != want.Files || got.BytesRead != want.BytesRead || !slices.Equal(got.Snapshots, want.Snapshots) {
		t.Errorf("said %+v, did %+v", want, got)
	}
}

func TestSinceMakesAFullListing(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), some(t)
	if _, err := v.Copy(t.Context(), from, CopyOptions{Since: 2}); err != nil {
		t.Fatal(err)
	}
	sameAs(t, m, k, from, 2, 3)
}

func TestSnapshotsThatAreLeftOut(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), some(t)
	if _, err := v.Copy(t.Context(), from, CopyOptions{Seqs: []uint64{1, 3}}); err != nil {
		t.Fatal(err)
	}
	sameAs(t, m, k, from, 1, 3)
}

func TestWeakRecordsGetTheHashFound(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	from := newTrees()
	from.weak = true
	from.add(t, map[string][]byte{"a": []byte("one\n"), "b": random(3, pieceSize+5)})
	copied(t, made(t, m, k), from)
	sameAs(t, m, k, from, 1)
}

// TestDamageHere: damaged bytes are not put; another copy is; else the file is named, and healed by a later copy.
func TestDamageHere(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), some(t)
	from.bytes[Place{1, "a"}] = []byte("ONE\n") // same has them, too
	whole := from.bytes[Place{2, "c"}]
	for _, at := range []Place{{2, "c"}, {3, "c"}} {
		from.bytes[at] = []byte("THREE\n")
	}
	res := copied(t, v, from)
	if len(res.Missing) != 1 || res.Missing[0].Place != (Place{2, "c"}) || !errors.Is(res.Missing[0].Why, errRotten) {
		t.Errorf("missing: %+v", res.Missing)
	}
	if err := compare(t.Context(), opened(t, m, k), from, 2); !errors.Is(err, ErrNotHeld) {
		t.Errorf("the damaged file: %v", err)
	}
	from.bytes[Place{3, "c"}] = whole
	if res := copied(t, v, from); res.Healed != 1 {
		t.Errorf("healed: %+v", res)
	}
	from.bytes[Place{1, "a"}], from.bytes[Place{2, "c"}] = []byte("one\n"), whole
	sameAs(t, m, k, from, 1, 2, 3)
}

func TestLabelsFollow(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), some(t)
	copied(t, v, from)
	from.snaps[1].Tags, from.snaps[1].Note = []string{"weekly"}, "before the move"
	copied(t, v, from)
	got := opened(t, m, k).Snapshots()[1].Header
	if !slices.Equal(got.Tags, []string{"weekly"}) || got.Note != "before the move" {
		t.Errorf("tags %v, note %q", got.Tags, got.Note)
	}
}
