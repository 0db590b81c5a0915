package index

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/record"
)

// drawOddPath draws a path of any bytes but NUL, the root too.
func drawOddPath(t *rapid.T, label string) string {
	name := rapid.OneOf(
		rapid.SampledFrom(oddNames),
		rapid.Map(rapid.SliceOfN(rapid.ByteRange(1, 255), 1, 5), func(b []byte) string {
			return strings.ReplaceAll(string(b), "/", "-")
		}).Filter(func(s string) bool { return s != "." && s != ".." }),
	)
	return strings.Join(rapid.SliceOfN(name, 0, 4).Draw(t, label), "/")
}

func TestCompareIsTheOrderOfKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawOddPath(t, "a"), drawOddPath(t, "b")
		if rapid.Bool().Draw(t, "related") {
			b = record.Join(a, b)
		}
		ka, kb := appendKey(nil, a), appendKey(nil, b)
		if got, want := cmp.Compare(record.Compare(a, b), 0), bytes.Compare(ka, kb); got != want {
			t.Fatalf("Compare(%q, %q) is %d, their keys %d", a, b, got, want)
		}
		if back := string(appendPath(nil, ka)); back != a {
			t.Fatalf("%q came back as %q", a, back)
		}
		if p, err := pathOf(ka); err != nil || p != a {
			t.Fatalf("%q came back as %q, %v", a, p, err)
		}
		if got, want := keyWithin(ka, kb), record.Within(a, b); got != want {
			t.Fatalf("%q within %q: by key %v, by path %v", a, b, got, want)
		}
		if dir, name := record.Split(a); record.Join(dir, name) != a || !record.Within(a, dir) ||
			strings.Contains(name, "/") {
			t.Fatalf("%q is %q in %q", a, name, dir)
		}
	})
}

// In key order a folder comes directly before what is in it, and all of that comes together.
func TestASubtreeIsOneRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		paths := map[string]bool{"": true}
		for range rapid.IntRange(1, 30).Draw(t, "paths") {
			for p := drawOddPath(t, "path"); p != ""; p, _ = record.Split(p) {
				paths[p] = true
			}
		}
		all := make([]string, 0, len(paths))
		for p := range paths {
			all = append(all, p)
		}
		slices.SortFunc(all, record.Compare)
		for i, dir := range all {
			end := i
			for end < len(all) && record.Within(all[end], dir) {
				end++
			}
			for _, p := range slices.Concat(all[:i], all[end:]) {
				if record.Within(p, dir) {
					t.Fatalf("%q is not with the rest of %q in %q", p, dir, all)
				}
			}
		}
	})
}

func TestAKeyThatNoPathHasIsDamage(t *testing.T) {
	for _, key := range []string{"", "\x00\x00", "\x00a", "a\x00", "a\x00\x00b", "a/b", ".", "a\x00..",
		strings.Repeat("n", 256)} {
		if p, err := pathOf([]byte(key)); err == nil {
			t.Errorf("key %q is the path %q", key, p)
		}
	}
}

func TestNumbersInKeysSortAsNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 300),
			rapid.SampledFrom([]uint64{0, 255, 256, math.MaxUint32, math.MaxUint64}))
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		rest := rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "rest")
		ka, kb := appendOrdered(nil, a), appendOrdered(nil, b)
		if cmp.Compare(a, b) != bytes.Compare(ka, kb) {
			t.Fatalf("%d and %d sort as %x and %x", a, b, ka, kb)
		}
		if a != b && bytes.HasPrefix(append(kb, rest...), ka) {
			t.Fatalf("the key of %d begins like that of %d", b, a)
		}
	})
}
