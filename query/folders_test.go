package query

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/record"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		dir   string
		depth int
		want  string
	}{
		{"", 0, ""}, {"", 2, ""}, {"a", 0, ""}, {"a", 1, "a"}, {"a", 2, "a"}, {"a/b", 0, ""}, {"a/b", 1, "a"},
		{"a/b", 2, "a/b"}, {"a/b/c/d", 2, "a/b"}, {"a/b/c/d", 3, "a/b/c"}, {"a/b/c/d", 9, "a/b/c/d"},
	} {
		if got := cut(c.dir, c.depth); got != c.want {
			t.Errorf("%q at depth %d: %q, want %q", c.dir, c.depth, got, c.want)
		}
	}
}

// Whatever the order of folders and files, each file counts in one folder, and the largest folders are kept.
func TestFoldersAreSummed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		depth := rapid.IntRange(0, 3).Draw(t, "depth")
		names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "a-b", "c", "\x01"}), 1, 5)
		sizes := map[string]int64{}
		for range rapid.IntRange(0, 60).Draw(t, "files") {
			sizes[strings.Join(names.Draw(t, "path"), "/")] = int64(rapid.IntRange(0, 9).Draw(t, "size"))
		}
		s, want := newFolderStats(depth), map[string]FolderSum{}
		for _, p := range slices.SortedFunc(maps.Keys(sizes), record.Compare) {
			f := s.at(p)
			f.Files, f.Bytes = f.Files+1, f.Bytes+sizes[p]
			elements := strings.Split(p, "/")
			dir := strings.Join(elements[:min(len(elements)-1, depth)], "/")
			w := want[dir]
			want[dir] = FolderSum{Path: dir, Files: w.Files + 1, Bytes: w.Bytes + sizes[p]}
		}
		for len(s.open) > 0 {
			s.close()
		}
		all := slices.SortedFunc(maps.Values(want), func(a, b FolderSum) int { return s.heavy.before(&a, &b) })
		if got := fmt.Sprint(s.heavy.best); got != fmt.Sprint(all[:min(len(all), topFolders)]) {
			t.Fatalf("depth %d, %v:\n%s\nwant\n%v", depth, sizes, got, all)
		}
	})
}
