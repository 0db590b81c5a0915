package restore

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"snap/internal/file"
	"snap/internal/filetest"
	"snap/record"
)

// groups makes three names of one file in two folders, a pair, and a link to outside the tree.
func groups(t *testing.T) *dest {
	return snapshot(t, func(tree string) {
		mk(t, tree, "a/", "b/", "a/one", "a/two = a/one", "b/three = a/one", "pair1", "pair2 = pair1", "single",
			"l1 -> nowhere", "l2 = l1")
		mk(t, filepath.Dir(tree), "away = "+snapName+"/single")
	})
}

func TestHardLinksComeBackTogether(t *testing.T) {
	d := groups(t)
	target := filepath.Join(work(t), "out")
	for i, how := range []Overwrite{Never, IfChanged, Always, IfNewer, Always} {
		for _, dry := range []bool{true, false} {
			res := d.clean(target, Options{Overwrite: how, Jobs: 4, DryRun: dry})
			if written := i == 0 || how == Always; written != (res.FilesRestored == 8) ||
				written != (res.BytesRestored == 5+5+6) {
				t.Errorf("run %d, dry %v: %+v", i, dry, res)
			}
		}
		// The index does not know where the other name of `single` is: it comes back with one.
		if got, want := links(t, target), "a/one a/two b/three|pair1 pair2|l1 l2"; got != want {
			t.Errorf("run %d: %s, want %s", i, got, want)
		}
		disjoint(t, d.tree(), target)
	}
}

// links is which names share an inode.
func links(t *testing.T, dir string) string {
	t.Helper()
	got, sets := "", [][]string{{"a/one", "a/two", "b/three"}, {"pair1", "pair2"}, {"l1", "l2"}}
	for _, set := range sets {
		if got != "" {
			got += "|"
		}
		for i, name := range set {
			path := filepath.Join(dir, name)
			switch {
			case !exists(path):
				continue
			case i > 0 && exists(filepath.Join(dir, set[0])) &&
				filetest.Inode(t, path) != filetest.Inode(t, filepath.Join(dir, set[0])):
				got += " not " + name
			case got == "" || got[len(got)-1] == '|':
				got += name
			default:
				got += " " + name
			}
		}
	}
	return got
}

func TestPartsOfAHardLinkGroup(t *testing.T) {
	d := groups(t)
	names := []string{"a/one", "a/two", "b/three"}
	for mask := 1; mask < 8; mask++ {
		for _, first := range []int{0, 1, 2, 4} { // restored before
			for _, how := range []Overwrite{IfChanged, Always} {
				target := work(t)
				pick := func(mask int) (items []Item) {
					for i, n := range names {
						if mask&(1<<i) != 0 {
							items = append(items, Item{n, n})
						}
					}
					return items
				}
				if first != 0 {
					d.clean(target, Options{Items: pick(first)})
				}
				for range 2 {
					d.clean(target, Options{Overwrite: how, Items: pick(mask)})
				}
				inode := uint64(0)
				for i, n := range names {
					path := filepath.Join(target, n)
					if mask&(1<<i) == 0 {
						if exists(path) != (first&(1<<i) != 0) {
							t.Errorf("%s came uncalled", n)
						}
						continue
					}
					if read(t, path) != "a/one" {
						t.Errorf("%s holds %q", n, read(t, path))
					}
					if inode == 0 {
						inode = filetest.Inode(t, path)
					}
					if filetest.Inode(t, path) != inode {
						t.Errorf("mask %b after %b, overwrite %d: %s is not linked", mask, first, how, n)
					}
				}
				disjoint(t, d.tree(), target)
			}
		}
	}
}

// A source inode number that was used again is no hard link.
func TestSameInodeNumberOtherFile(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a", "b") }, func(e *record.Entry) {
		if e.Path != "" {
			e.Nlink, e.Ino, e.Btime = 2, 77, stampTime
		}
	})
	target := work(t)
	d.clean(target, Options{})
	same(t, d.tree(), target)
}

// What was exchanged under the name of a restored file is not linked to.
func TestLinkTargetExchanged(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a", "b = a") })
	target := work(t)
	once := sync.OnceFunc(func() {
		must(t, os.WriteFile(filepath.Join(target, "other"), []byte("other"), 0o600))
		must(t, os.Rename(filepath.Join(target, "other"), filepath.Join(target, "a")))
	})
	_, err := d.restore(target, Options{Report: watch{func() {
		if exists(filepath.Join(target, "a")) {
			once()
		}
	}}})
	must(t, err)
	if read(t, filepath.Join(target, "a")) != "other" || read(t, filepath.Join(target, "b")) != "a" {
		t.Error("b is what was exchanged for a")
	}
}

// TestLinkPastAFolderThatWasClosed: the name that was made first is in a folder that may not be entered any more.
// Another one, that was linked to it in time, will do.
func TestLinkPastAFolderThatWasClosed(t *testing.T) {
	dir := work(t)
	mk(t, dir, "closed/", "closed/one", "two = closed/one")
	root, err := file.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	tree := file.NewTree(root, 4, func(parent *file.Dir, name string) (*file.Dir, error) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	})
	defer tree.Close()
	stat, err := root.Lstat("two")
	must(t, err)
	g, w := &group{}, &writer{run: &run{target: tree}}
	g.begin("closed/one", &stat, nil)
	if err := w.link(g, root, "three"); err == nil {
		t.Error("linked to what cannot be reached")
	}
	g.place.also("two")
	must(t, w.link(g, root, "three"))
	if filetest.Inode(t, filepath.Join(dir, "three")) != stat.Ino || g.place.name != "two" {
		t.Errorf("names left: %+v", g.place)
	}
}
