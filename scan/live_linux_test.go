package scan

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"snap/internal/file"
	"snap/internal/filetest"
	"snap/internal/long"
	"snap/record"
)

// TestWhatVanishesIsLeftOut removes files and folders while they are walked, by the consumer and beside
// it. Nothing of that is an error.
func TestWhatVanishesIsLeftOut(t *testing.T) {
	for seed := range uint64(long.Of(12, 60)) {
		r := rand.New(rand.NewPCG(seed, 0))
		var lines, paths []string
		for i := range 150 {
			lines = append(lines, fmt.Sprintf("d%d/e%d/f%d", i%5, i%15, i))
		}
		root := plant(t, lines...)
		for _, it := range walked(t, root, Options{})[1:] {
			paths = append(paths, it.Path())
		}
		r.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		var beside sync.WaitGroup
		beside.Go(func() {
			for _, p := range paths[:len(paths)/4] {
				os.RemoveAll(filepath.Join(root, p))
			}
		})
		rest, last := paths[len(paths)/4:], ""
		for it, err := range Walk(context.Background(), open(t, root), Options{Jobs: int(seed % 5)}) {
			check(t, err)
			if it.Err != nil {
				t.Errorf("seed %d: %q: %v", seed, it.Path(), it.Err)
			}
			if last != "" && record.Compare(last, it.Path()) >= 0 {
				t.Errorf("seed %d: %q after %q", seed, it.Path(), last)
			}
			last = it.Path()
			if len(rest) > 0 && r.IntN(4) == 0 {
				check(t, os.RemoveAll(filepath.Join(root, rest[0])))
				rest = rest[1:]
			}
		}
		beside.Wait()
	}
}

// TestASwappedFolderLeadsNowhere walks while a folder and a link to the outside change places, again and
// again. What is outside must never show.
func TestASwappedFolderLeadsNowhere(t *testing.T) {
	outside := plant(t, "secret", "sub/secret", "sub/deep/secret")
	root := plant(t, "d/x", "d/sub/y", "d/sub/deep/z", "link>"+outside)
	d := open(t, root)
	var flips atomic.Int64
	stop := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if unix.Renameat2(unix.AT_FDCWD, root+"/d", unix.AT_FDCWD, root+"/link", unix.RENAME_EXCHANGE) == nil {
				flips.Add(1)
			}
		}
	})
	asFolder, asLink, swapped := 0, 0, 0
	for n := 0; n < 1500 || flips.Load() < 3000; n++ {
		for it, err := range Walk(context.Background(), d, Options{Jobs: n % 4}) {
			check(t, err)
			switch path := it.Path(); {
			case strings.Contains(path, "secret"):
				t.Fatalf("%q is outside", path)
			case path == "d" && it.Stat.Kind == file.Folder:
				asFolder++
			case path == "d":
				asLink++
			}
			if it.Err != nil {
				swapped++
			}
		}
	}
	close(stop)
	beside.Wait()
	t.Logf("%d flips; met as a folder %d times, as a link %d, swapped %d", flips.Load(), asFolder, asLink, swapped)
	if asFolder == 0 || asLink == 0 {
		t.Error("it never raced")
	}
}

// What stands under the name when the walk gets there is what is walked.
func TestAFolderReplacedWhileItWaits(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(path string) error
		want string
	}{
		{"a link", func(p string) error { return os.Symlink("/etc", p) }, "/ a/ b@ c"},
		{"a file", func(p string) error { return os.WriteFile(p, []byte("123"), 0o600) }, "/ a/ b c"},
		{"another folder", func(p string) error { return os.MkdirAll(p+"/new", 0o755) }, "/ a/ b/ b/new/ c"},
		{"nothing", func(string) error { return nil }, "/ a/ c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := plant(t, "a/", "b/x", "c")
			var items []Item
			for it, err := range Walk(context.Background(), open(t, root), Options{}) {
				check(t, err)
				items = append(items, *it)
				if it.Name == "a" { // b is known to be a folder by now, and not yet read
					check(t, os.Rename(root+"/b", tempDir(t)+"/b"))
					check(t, c.do(root+"/b"))
				}
			}
			wantListing(t, items, c.want)
		})
	}
}

func TestMounts(t *testing.T) {
	root := plant(t, "a/x", "m/hidden", "p/", "z/y")
	filetest.Mount(t, "tmpfs", root+"/m", "")
	check(t, os.MkdirAll(root+"/m/sub/deep", 0o755))
	check(t, os.WriteFile(root+"/m/file", nil, 0o600))
	filetest.Bind(t, "/proc/sys", root+"/p")
	for _, jobs := range []int{1, 4} {
		wantListing(t, walked(t, root, Options{Jobs: jobs}), "/ a/ a/x m/ m/file m/sub/ m/sub/deep/ p/ z/ z/y")
		wantListing(t, walked(t, root, Options{Jobs: jobs, OneFileSystem: true}), "/ a/ a/x m/ p/ z/ z/y")
	}
	wantListing(t, walked(t, root+"/m", Options{OneFileSystem: true}), "/ file sub/ sub/deep/")
	dir, err := file.OpenRoot(root)
	check(t, err)
	defer dir.Close()
	for _, c := range []struct {
		path string
		one  bool
		why  Cause
	}{{"m/sub/deep", false, TakenIn}, {"m/sub/deep", true, OtherSystem}, {"m", true, TakenIn}, {"p", true, TakenIn},
		{"p/kernel", false, PseudoSystem}} {
		why, at, err := LeftOut(dir, c.path, Options{OneFileSystem: c.one})
		if err != nil || why != c.why || why != TakenIn && at != c.path[:1] {
			t.Errorf("%s: %v at %q, %v", c.path, why, at, err)
		}
	}
	whole := walked(t, root, Options{})
	for i := range whole {
		if it := &whole[i]; it.Name == "m" && it.Stat.Dev == whole[0].Stat.Dev {
			t.Error("the mount has the stat record of what it hides")
		}
	}
}

func TestAFolderMountedInsideItself(t *testing.T) {
	root := plant(t, "a/b/c/", "z")
	filetest.Bind(t, root, root+"/a/b/c")
	items := walked(t, root, Options{Jobs: 3})
	wantListing(t, items, "/ a/ a/b/ a/b/c/! z")
	wantListing(t, walked(t, root, Options{Filter: filters(t, root, "c", "")}), "/ a/ a/b/ z")
}
