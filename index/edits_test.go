package index

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"snap/internal/long"
	"snap/record"
)

// Edits come back in key order, those of one key in the order in which they came, whether memory holds them
// or they are in several runs.
func TestEditsComeBackInOrder(t *testing.T) {
	const large = 200_000 // more than memory holds
	for _, n := range []int{0, 1, 2, 1000, large} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			dir := t.TempDir()
			e := &edits{dir: dir}
			defer e.close()
			rnd := rand.New(rand.NewPCG(1, 2))
			type op struct {
				key string
				put bool
			}
			var want []op
			for i := range n {
				key := binary.BigEndian.AppendUint64(make([]byte, i%17), rnd.Uint64N(uint64(n)))
				o := op{string(key) + "the rest of a key"[:i%13], rnd.IntN(2) == 0}
				check(t, e.add([]byte(o.key), o.put))
				want = append(want, o)
			}
			slices.SortStableFunc(want, func(a, b op) int { return strings.Compare(a.key, b.key) })
			if runs := len(e.runs); (n == large) != (runs > 1) {
				t.Errorf("%d runs", runs)
			}
			check(t, e.begin())
			for i, o := range want {
				if key, put := e.head(); string(key) != o.key || put != o.put {
					t.Fatalf("edit %d is %q, %v, want %q, %v", i, key, put, o.key, o.put)
				}
				check(t, e.pop())
			}
			if key, _ := e.head(); key != nil {
				t.Errorf("%q is left", key)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("the file has a name: %v", left)
			}
		})
	}
}

// keysOf are the keys that identity and content hold of a snapshot with these entries.
func keysOf(set iter.Seq2[*record.Entry, error]) map[string]string {
	keys := map[string]string{}
	for e := range set {
		path := appendKey(nil, e.Path)
		if inIdentity(&e.Record) {
			keys[fmt.Sprintf("identity/%q", identityKey(nil, &e.Record, path))] = ""
		}
		if inContent(&e.Record) {
			keys[fmt.Sprintf("content/%q", contentKey(nil, &e.Record, path))] = ""
		}
	}
	return keys
}

// hintsOnly leaves those of a dump that are in identity and content.
func hintsOnly(dump map[string]string) map[string]string {
	maps.DeleteFunc(dump, func(k, v string) bool {
		return v == "bucket" || k[:min(9, len(k))] != "identity/" && k[:min(8, len(k))] != "content/"
	})
	return dump
}

// An import that is sorted on disk and made in several transactions leaves what one in memory would: also one that
// gives every file another inode and content, and one that was stopped between two transactions of the edits.
func TestALargeImportOfIdentityAndContent(t *testing.T) {
	n := long.Of(40_000, 75_000) // keys of identity: 2.4 or 4.4 MB, in two or three runs; several transactions
	db := newDB(t)
	head := func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }
	check(t, db.Import(bg, 1, manyFiles(n, nil), head))
	if d := difference(keysOf(manyFiles(n, nil)), hintsOnly(db.dump(t))); d != "" {
		t.Fatal(d)
	}
	before := db.dump(t)
	changed := func(i int, e *record.Entry) bool {
		e.Ino += 1 << 30
		e.Hash[0]++
		return true
	}
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	cutAtEnd := func(yield func(*record.Entry, error) bool) {
		for e, err := range manyFiles(n, changed) {
			if !yield(e, err) {
				return
			}
		}
		cancel()
	}
	if err := db.Import(ctx, 2, cutAtEnd, head); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	half := hintsOnly(db.dump(t))
	if d := difference(keysOf(manyFiles(n, nil)), half); d == "" {
		t.Error("it was stopped before the first of the edits")
	}
	check(t, db.Clean(bg))
	if d := difference(before, db.dump(t)); d != "" {
		t.Fatalf("stopped and cleaned: %s", d)
	}
	check(t, db.Import(bg, 2, manyFiles(n, changed), head))
	if d := difference(keysOf(manyFiles(n, changed)), hintsOnly(db.dump(t))); d != "" {
		t.Fatal(d)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(db.path), "*")); len(left) != 1 {
		t.Errorf("beside the index there are %q", left)
	}
}

func TestCleanRemovesWhatAnImportLeft(t *testing.T) {
	db := newDB(t)
	left := filepath.Join(filepath.Dir(db.path), "index-123.tmp")
	check(t, os.WriteFile(left, []byte("x"), 0o600))
	check(t, db.Clean(bg))
	if _, err := os.Lstat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}
