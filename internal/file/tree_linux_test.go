package file

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTreeReachesAnyDepth: 3,000 folders deep and past PATH_MAX, with few handles open at any moment.
func TestTreeReachesAnyDepth(t *testing.T) {
	const depth, idle = 3000, 8
	root, path := tempRoot(t)
	base, most := handles(t), 0
	enter := func(parent *Dir, name string) (*Dir, error) {
		d, err := parent.OpenDir(name)
		most = max(most, handles(t))
		return d, err
	}
	name := func(i int) string { return fmt.Sprintf("a folder, no. %05d", i) }
	paths := []string{""}
	tree := NewTree(root, idle, enter)
	for i := range depth {
		d, err := tree.Dir(paths[i])
		check(t, err)
		check(t, d.Mkdir(name(i)))
		check(t, d.Close())
		paths = append(paths, strings.TrimPrefix(paths[i]+"/"+name(i), "/"))
	}
	tree.Close()
	if n := handles(t); n != base {
		t.Errorf("%d handles before, %d after Close", base, n)
	}

	tree = NewTree(root, idle, enter)
	deepest, err := tree.Dir(paths[depth]) // from the top, with nothing open
	check(t, err)
	if deepest.Path() != path+"/"+paths[depth] || len(deepest.Path()) < 50_000 {
		t.Errorf("the deepest folder's path has %d bytes", len(deepest.Path()))
	}
	f, err := deepest.Create("file")
	check(t, err)
	check(t, f.Close())
	if s, err := deepest.Lstat("file"); err != nil || s.Kind != Regular {
		t.Errorf("%+v, %v", s, err)
	}
	check(t, deepest.Remove("file"))
	check(t, deepest.Close())
	if n := handles(t); n > base+idle {
		t.Errorf("%d handles before, %d at rest", base, n)
	}
	tree.Close()

	tree = NewTree(root, 256, (*Dir).OpenDir) // going up with few handles means going down often
	for i := depth - 1; i >= 0; i-- {
		d, err := tree.Dir(paths[i])
		check(t, err)
		check(t, d.Rmdir(name(i)))
		check(t, d.Close())
	}
	tree.Close()
	if n := handles(t); n != base {
		t.Errorf("%d handles before, %d after Close", base, n)
	}
	if most > base+idle+2 { // the folder that is opened, and the one that it is in
		t.Errorf("%d handles before, up to %d on the way", base, most)
	}
}

// folders makes folders three deep below root, four in each, and returns the paths of all.
func folders(t *testing.T, root *Dir) []string {
	t.Helper()
	tree := NewTree(root, 4, (*Dir).OpenDir)
	defer tree.Close()
	paths := []string{""}
	for i := 0; len(paths) < 1+4+16+64; i++ {
		d, err := tree.Dir(paths[i])
		check(t, err)
		for j := range 4 {
			name := fmt.Sprint(j)
			check(t, d.Mkdir(name))
			paths = append(paths, strings.TrimPrefix(paths[i]+"/"+name, "/"))
		}
		check(t, d.Close())
	}
	return paths
}

// TestTreeForManyUsers: every user gets the folder that was asked for, while others open and close the
// same ones, and some are forgotten.
func TestTreeForManyUsers(t *testing.T) {
	root, _ := tempRoot(t)
	paths := folders(t, root)
	tree := NewTree(root, 1<<10, (*Dir).OpenDir)
	stats := map[string]Stat{}
	for _, p := range paths {
		d, err := tree.Dir(p)
		check(t, err)
		stats[p], err = d.Stat()
		check(t, err)
		check(t, d.Close())
	}
	tree.Close()
	base := handles(t)
	for _, idle := range []int{0, 3, 1 << 10} {
		tree := NewTree(root, idle, (*Dir).OpenDir)
		var group sync.WaitGroup
		for seed := range 8 {
			group.Go(func() {
				r := rand.New(rand.NewPCG(uint64(seed), 1))
				for range 1000 {
					p := paths[r.IntN(len(paths))]
					d, err := tree.Dir(p)
					if err != nil {
						t.Error(err)
						return
					}
					if s := stats[p]; !d.Is(&s) {
						t.Errorf("%s is another folder", p)
					}
					if r.IntN(10) == 0 {
						tree.Forget(paths[r.IntN(len(paths))])
					}
					if _, err := tree.Dir(p + "/none"); !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("%s/none: %v", p, err)
					}
					if err := d.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if n := handles(t); n > base+idle {
			t.Errorf("%d handles before, %d at rest, %d may stay open", base, n, idle)
		}
		tree.Close()
		if n := handles(t); n != base {
			t.Errorf("%d handles before, %d after Close", base, n)
		}
	}
}

// TestTreeShares one handle between the users of a folder, and keeps the ones used last.
func TestTreeShares(t *testing.T) {
	root, _ := tempRoot(t)
	for _, n := range []string{"a", "b", "c"} {
		check(t, root.Mkdir(n))
	}
	opened := map[string]int{}
	tree := NewTree(root, 3, func(d *Dir, name string) (*Dir, error) { // the root itself and two more
		opened[name]++
		return d.OpenDir(name)
	})
	defer tree.Close()
	visit := func(path string) *Dir {
		d, err := tree.Dir(path)
		check(t, err)
		return d
	}
	first, second := visit("a"), visit("a")
	if first != second {
		t.Error("two handles on one folder")
	}
	check(t, first.Close())
	if _, err := second.Stat(); err != nil {
		t.Errorf("closed for one user, closed for all: %v", err)
	}
	check(t, second.Close())
	for _, p := range []string{"b", "a", "c", "a", "b"} { // c pushes b out
		check(t, visit(p).Close())
	}
	if opened["a"] != 1 || opened["b"] != 2 || opened["c"] != 1 {
		t.Errorf("opened %v times", opened)
	}
}

// TestTreeRemembersNoError: a folder that appears is found.
func TestTreeRemembersNoError(t *testing.T) {
	root, path := tempRoot(t)
	base := handles(t)
	tree := NewTree(root, 4, (*Dir).OpenDir)
	_, err := tree.Dir("a/b")
	fails(t, err, fs.ErrNotExist, path+"/a")
	check(t, root.Mkdir("a"))
	_, err = tree.Dir("a/b")
	fails(t, err, fs.ErrNotExist, path+"/a/b")
	check(t, root.Mkdir("a/b"))
	d, err := tree.Dir("a/b")
	check(t, err)
	tree.Close() // in use: closed when it is given back
	if s, err := d.Stat(); err != nil || s.Kind != Folder {
		t.Errorf("%+v, %v", s, err)
	}
	check(t, d.Close())
	if n := handles(t); n != base {
		t.Errorf("%d handles before, %d after", base, n)
	}
}

// TestTreeFollowsWhatEnterFollows: a link on the way is a door for FollowDir alone.
func TestTreeFollowsWhatEnterFollows(t *testing.T) {
	root, path := tempRoot(t)
	check(t, root.Mkdir("a"))
	check(t, root.Mkdir("a/b"))
	check(t, root.Symlink("a", "link"))
	for how, enter := range map[string]func(*Dir, string) (*Dir, error){
		"OpenDir": (*Dir).OpenDir, "EnterDir": (*Dir).EnterDir, "FollowDir": (*Dir).FollowDir,
	} {
		tree := NewTree(root, 4, enter)
		d, err := tree.Dir("link/b")
		if how == "FollowDir" {
			check(t, err)
			check(t, d.Close())
		} else {
			fails(t, err, unix.ENOTDIR, path+"/link")
		}
		d, err = tree.Dir("a/b")
		check(t, err)
		check(t, d.Close())
		tree.Close()
	}
}

// TestForget: the next Dir finds what the name leads to now; who has the old folder keeps it.
func TestForget(t *testing.T) {
	root, _ := tempRoot(t)
	check(t, root.Mkdir("a"))
	base := handles(t)
	tree := NewTree(root, 4, (*Dir).OpenDir)
	old, err := tree.Dir("a")
	check(t, err)
	was, err := old.Stat()
	check(t, err)
	check(t, root.Rename("a", root, "b"))
	check(t, root.Mkdir("a"))
	again, err := tree.Dir("a")
	check(t, err)
	if again != old {
		t.Error("opened anew without Forget")
	}
	check(t, again.Close())
	tree.Forget("a")
	tree.Forget("never opened")
	fresh, err := tree.Dir("a")
	check(t, err)
	if fresh.Is(&was) || !old.Is(&was) {
		t.Error("the folders are mixed up")
	}
	check(t, old.Close())
	check(t, fresh.Close())
	tree.Forget("a") // while nobody has it
	if d, err := tree.Dir("a"); err != nil || d.Is(&was) {
		t.Error("not opened anew: ", err)
	} else {
		check(t, d.Close())
	}
	tree.Close()
	if n := handles(t); n != base {
		t.Errorf("%d handles before, %d after", base, n)
	}
}

// TestAdopt: the tree takes a handle over, or closes it where it has one already.
func TestAdopt(t *testing.T) {
	root, _ := tempRoot(t)
	check(t, root.Mkdir("a"))
	base := handles(t)
	tree := NewTree(root, 4, (*Dir).OpenDir)
	open := func() *Dir {
		d, err := root.OpenDir("a")
		check(t, err)
		return d
	}
	mine := open()
	d, err := tree.Adopt("a", mine)
	check(t, err)
	found, err := tree.Dir("a")
	check(t, err)
	if d != mine || found != mine {
		t.Error("the tree uses another handle")
	}
	other, err := tree.Adopt("a", open())
	check(t, err)
	if other != mine {
		t.Error("the tree has two handles on one folder")
	}
	for range 3 {
		check(t, d.Close())
	}
	tree.Close()
	if n := handles(t); n != base {
		t.Errorf("%d handles before, %d after", base, n)
	}
}
