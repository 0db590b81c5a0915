package destination

import "testing"

// TestWhatWasMendedIsSettled: of damage that a check with reading found, a repair without it settles what it mended,
// and nothing else.
func TestWhatWasMendedIsSettled(t *testing.T) {
	in := func(path string, ranges ...SnapshotRange) DamageFound {
		return DamageFound{What: "content", Path: []byte(path), Snapshots: ranges}
	}
	one, many := SnapshotRange{"s1", "s1", 1}, SnapshotRange{"s2", "s4", 3}
	for _, c := range []struct {
		what   string
		found  []DamageFound
		errors int64
		mended []Mended
		left   int64
	}{
		{"nothing mended", []DamageFound{in("a", one)}, 1, nil, 1},
		{"that", []DamageFound{in("a", one)}, 1, []Mended{{"size", "a", []string{"s1"}}}, 0},
		{"in more snapshots", []DamageFound{in("a", many)}, 1, []Mended{{"size", "a", []string{"s1", "s2", "s3", "s4"}}}, 0},
		{"in some snapshots", []DamageFound{in("a", many)}, 1, []Mended{{"size", "a", []string{"s2", "s4"}}}, 1},
		{"in one range of two", []DamageFound{in("a", one, many)}, 1, []Mended{{"size", "a", []string{"s1"}}}, 1},
		{"in both", []DamageFound{in("a", one, many)}, 1,
			[]Mended{{"size", "a", []string{"s1"}}, {"mtime", "a", []string{"s2", "s3", "s4"}}}, 0},
		{"another path", []DamageFound{in("a", one)}, 1, []Mended{{"content", "b", []string{"s1"}}}, 1},
		{"one of two", []DamageFound{in("a", one), in("b", one)}, 2, []Mended{{"size", "b", []string{"s1"}}}, 1},
		{"all that is named", []DamageFound{in("a", one)}, 5, []Mended{{"size", "a", []string{"s1"}}}, 4},
		{"a change set", []DamageFound{{What: "set", Path: []byte("c")}}, 1, []Mended{{"set", "c", nil}}, 0},
		{"another fault of it", []DamageFound{{What: "index", Path: []byte("c")}}, 1, []Mended{{"set", "c", nil}}, 1},
	} {
		before := &LastCheck{Left: &DamageLeft{Errors: c.errors, Read: ReadPart{Share: 1}, Found: c.found}}
		after := &LastCheck{Mended: c.mended}
		after.follow(before)
		got := int64(0)
		if after.Left != nil {
			got = after.Left.Errors
		}
		if got != c.left {
			t.Errorf("%s: %d left, want %d", c.what, got, c.left)
		}
	}
}
