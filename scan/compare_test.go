package scan

import (
	"cmp"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/record"
)

func drawPath(t *rapid.T, label string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(oddNames[:11]), 0, 4).Draw(t, label), "/")
}

func checkCompareTo(t interface {
	Fatalf(string, ...any)
}, path, dir, name string) {
	if got, want := cmp.Compare(compareTo(path, dir, name), 0), cmp.Compare(record.Compare(path, record.Join(dir, name)),
		0); got != want {
		t.Fatalf("compareTo(%q, %q, %q) is %d, want %d", path, dir, name, got, want)
	}
}

func TestCompareToIsTheOrderOfPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path, dir, name := drawPath(t, "path"), drawPath(t, "dir"), rapid.SampledFrom(oddNames).Draw(t, "name")
		switch rapid.IntRange(0, 4).Draw(t, "related") {
		case 0:
			path = record.Join(dir, path)
		case 1:
			path = dir + name
		case 2:
			path = record.Join(dir, name)
		}
		checkCompareTo(t, path, dir, name)
		checkCompareTo(t, path, "", "")
	})
}

func FuzzCompareTo(f *testing.F) {
	for _, s := range [][3]string{{"a/b", "a", "b"}, {"a-b", "a", "x"}, {"a", "a", "x"}, {"", "a", "b"},
		{"a\x01", "a", "b"}, {"ab/c", "a", "b"}} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, path, dir, name string) {
		if record.ValidPath(path) && record.ValidPath(dir) && record.ValidPath(name) && name != "" &&
			!strings.Contains(name, "/") {
			checkCompareTo(t, path, dir, name)
		}
	})
}

// side is one of the two streams that are compared: paths, and an error in place of the one at stop.
type side struct {
	paths []string
	stop  int
}

var errSide = errors.New("this side broke")

func drawSide(t *rapid.T, label string) side {
	set := map[string]bool{}
	for range rapid.IntRange(0, 12).Draw(t, label) {
		set[drawPath(t, label)] = true
	}
	s := side{paths: slices.SortedFunc(maps.Keys(set), record.Compare), stop: -1}
	if rapid.IntRange(0, 5).Draw(t, label+" breaks") == 0 {
		s.stop = rapid.IntRange(0, len(s.paths)).Draw(t, label+" at")
	}
	return s
}

// streamOf yields a new value for each path through the same variable, as the real streams do.
func streamOf[T any](s side, set func(v *T, path string)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		var v T
		for i, p := range s.paths {
			if i == s.stop {
				yield(nil, errSide)
				return
			}
			if set(&v, p); !yield(&v, nil) {
				return
			}
		}
		if s.stop == len(s.paths) {
			yield(nil, errSide)
		}
	}
}

func TestCompareTellsEachPathOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now, old := drawSide(t, "now"), drawSide(t, "old")
		walk := streamOf(now, func(it *Item, p string) {
			*it = Item{Stat: file.Stat{Kind: file.Regular}}
			it.Dir, it.Name = record.Split(p)
		})
		before := streamOf(old, func(e *record.Entry, p string) {
			*e = record.Entry{Path: p, Record: record.Record{Stat: file.Stat{Kind: file.Regular}}}
		})
		all := map[string]bool{}
		for _, p := range slices.Concat(now.paths, old.paths) {
			all[p] = true
		}
		want := slices.SortedFunc(maps.Keys(all), record.Compare)
		limit := rapid.IntRange(1, 30).Draw(t, "consumer stops at")
		n, broken := 0, error(nil)
		for p, err := range Compare(walk, before, func(uint64) uint32 { return 0 }, Rules{}) {
			if broken = err; err != nil {
				continue
			}
			path := want[n]
			if p.Path() != path || (p.New != nil) != slices.Contains(now.paths, path) ||
				(p.Old != nil) != slices.Contains(old.paths, path) {
				t.Fatalf("pair %d: %q, new %v, old %v; want %q", n, p.Path(), p.New, p.Old, path)
			}
			if p.New != nil && p.New.Path() != path || p.Old != nil && p.Old.Path != path ||
				p.Same != (p.New != nil && p.Old != nil) {
				t.Fatalf("%q: %+v", path, p)
			}
			if n++; n == limit {
				return
			}
		}
		switch intact := now.stop < 0 && old.stop < 0; {
		case intact && (broken != nil || n != len(want)):
			t.Fatalf("%d of %d pairs, %v", n, len(want), broken)
		case !intact && !errors.Is(broken, errSide):
			t.Fatalf("a broken side is not told: %d of %d pairs, %v", n, len(want), broken)
		}
	})
}

func TestSameIsWhatTheStatRecordProves(t *testing.T) {
	for _, c := range []struct {
		name  string
		old   *record.Record
		now   *record.Record
		rules Rules
		err   error
		want  bool
	}{
		{"nothing happened", recordOf(file.Regular), recordOf(file.Regular), none, nil, true},
		{"a folder", recordOf(file.Folder), recordOf(file.Folder), checksum, nil, true},
		{"a link whose mode is told otherwise", recordOf(file.Symlink), recordOf(file.Symlink, mode(0o777)), none, nil, true},
		{"an error", recordOf(file.Regular), recordOf(file.Regular), none, errSide, false},
		{"a checksum is asked for", recordOf(file.Regular), recordOf(file.Regular), checksum, nil, false},
		{"mode", recordOf(file.Regular), recordOf(file.Regular, mode(0)), ignoreCtime, nil, false},
		{"owner", recordOf(file.Regular), recordOf(file.Regular, owner(1)), ignoreCtime, nil, false},
		{"size", recordOf(file.Regular), recordOf(file.Regular, size(9)), ignoreCtime, nil, false},
		{"mtime", recordOf(file.Regular), recordOf(file.Regular, mtime(9)), ignoreCtime, nil, false},
		{"ctime", recordOf(file.Regular), recordOf(file.Regular, ctime(9)), none, nil, false},
		{"ctime, ignored", recordOf(file.Regular), recordOf(file.Regular, ctime(9)), ignoreCtime, nil, true},
		{"another hard link, ctime ignored", recordOf(file.Regular), recordOf(file.Regular, ctime(9), names(2)), ignoreCtime,
			nil, false},
		{"a number of names that no ctime tells of", recordOf(file.Regular), recordOf(file.Regular, names(2)), none,
			nil, true},
		{"a folder with other folders in it, ctime ignored", recordOf(file.Folder), recordOf(file.Folder, ctime(9), names(2)),
			ignoreCtime, nil, true},
		{"inode", recordOf(file.Regular), recordOf(file.Regular, inode(9)), none, nil, false},
		{"birth", recordOf(file.Regular), recordOf(file.Regular, btime(9)), none, nil, false},
		{"volume", recordOf(file.Regular, volume(2)), recordOf(file.Regular), none, nil, false},
		{"inode, ignored", recordOf(file.Regular, volume(2)), recordOf(file.Regular, inode(9)), ignoreInode, nil, true},
		{"device", recordOf(file.CharDevice), recordOf(file.CharDevice, device(9)), none, nil, false},
		{"kind", recordOf(file.FIFO), recordOf(file.Socket), none, nil, false},
		{"from a tree", recordOf(file.Regular, unhashed), recordOf(file.Regular), Rules{IgnoreInode: true, IgnoreCtime: true},
			nil, false},
		{"racy", recordOf(file.Regular, flags(record.Racy)), recordOf(file.Regular), ignoreCtime, nil, false},
		{"inconsistent", recordOf(file.Regular, flags(record.Inconsistent)), recordOf(file.Regular), none, nil, false},
		{"unreadable then", recordOf(file.Folder, flags(record.Unreadable)), recordOf(file.Folder), none, nil, false},
	} {
		it := &Item{Name: "p", Stat: c.now.Stat, Err: c.err}
		it.Stat.Dev = 77
		walk := func(yield func(*Item, error) bool) { yield(it, nil) }
		old := func(yield func(*record.Entry, error) bool) { yield(at("p", c.old), nil) }
		volumes := func(dev uint64) uint32 { return map[uint64]uint32{77: 1}[dev] }
		for p, err := range Compare(walk, old, volumes, c.rules) {
			if err != nil || p.Same != c.want || p.New == nil || p.Old == nil {
				t.Errorf("%s: %+v, %v", c.name, p, err)
			}
		}
	}
}
