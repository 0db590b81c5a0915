package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"snap/index"
	"snap/internal/file"
	"snap/internal/long"
	"snap/record"
)

// A link planted at any level of the target leads nowhere: it is refused, an error, or replaced.
func TestPlantedLinksAreNotFollowed(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a/", "a/b/", "a/b/c/", "a/b/c/f", "a/b/c/l -> f") })
	levels := []string{"a", "a/b", "a/b/c", "a/b/c/f", "a/b/c/l"}
	for _, level := range levels {
		for _, how := range []Overwrite{Never, IfChanged, IfNewer, Always} {
			for _, del := range []bool{false, true} {
				dir := work(t)
				outside, target := filepath.Join(dir, "outside"), filepath.Join(dir, "target")
				mk(t, dir, "outside/", "outside/b/", "outside/b/c/", "outside/c/", "outside/f", "outside/canary")
				must(t, os.MkdirAll(filepath.Join(target, filepath.Dir(level)), 0o755))
				must(t, os.Symlink(outside, filepath.Join(target, level)))
				was := text(t, outside)
				_, err := d.restore(target, Options{Overwrite: how, Delete: del})
				if refused := new(ExistsError); (how == Never) != errors.As(err, &refused) {
					t.Errorf("%s, overwrite %d: %v", level, how, err)
				}
				if now := text(t, outside); now != was {
					t.Fatalf("%s, overwrite %d: wrote outside:\n%s", level, how, now)
				}
				if how == Always {
					same(t, d.tree(), target)
				}
			}
		}
	}
}

// Somebody who owns part of the target exchanges a folder for a link to elsewhere, all the time.
func TestExchangedFoldersLeadNowhere(t *testing.T) {
	d := snapshot(t, func(tree string) {
		mk(t, tree, "a/", "a/b/")
		for i := range 30 {
			put(t, filepath.Join(tree, fmt.Sprintf("a/f%d", i)), "data")
			mk(t, tree, fmt.Sprintf("a/b/l%d -> x", i), fmt.Sprintf("a/b/g%d", i), fmt.Sprintf("a/h%d = a/b/g%d", i, i))
		}
	})
	dir := work(t)
	outside, target := filepath.Join(dir, "outside"), filepath.Join(dir, "target")
	mk(t, dir, "outside/", "outside/b/", "outside/b/canary", "outside/canary", "target/")
	root, err := os.Open(target)
	must(t, err)
	defer root.Close()
	was := text(t, outside)
	stop, flips := make(chan struct{}), 0
	var flipper sync.WaitGroup
	flipper.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if unix.Renameat2(int(root.Fd()), "a", int(root.Fd()), "evil", unix.RENAME_EXCHANGE) == nil {
					flips++
				}
			}
		}
	})
	refused := 0
	for range long.Of(5, 15) {
		os.RemoveAll(filepath.Join(target, "a")) // as far as the other lets us
		os.RemoveAll(filepath.Join(target, "evil"))
		os.MkdirAll(filepath.Join(target, "a/b"), 0o755)
		os.Symlink("../outside", filepath.Join(target, "evil"))
		res, err := Run(context.Background(), d.db, &d.header, d.tree(),
			Options{Target: target, Items: []Item{{}}, Overwrite: IfChanged})
		must(t, err)
		refused += int(res.Errors)
	}
	close(stop)
	flipper.Wait()
	if now := text(t, outside); now != was {
		t.Errorf("wrote outside:\n%s", now)
	}
	t.Logf("%d exchanges, %d problems", flips, refused)
	if flips == 0 {
		t.Error("nothing was exchanged")
	}
}

// chain is a path of n folders, deeper than handles are kept open.
func chain(n int) string { return strings.Repeat("a/", n)[:2*n-1] }

// A folder exchanged while the walk is deep below it, its handle long closed, is not taken for the one
// that was entered.
func TestFolderExchangedBehindTheWalk(t *testing.T) {
	deep := chain(idleDirs + 60)
	d := snapshot(t, func(tree string) {
		must(t, os.MkdirAll(filepath.Join(tree, deep), 0o755))
		mk(t, tree, deep+"/f", "a/b")
	})
	for _, link := range []bool{true, false} {
		dir := work(t)
		outside, target := filepath.Join(dir, "outside"), filepath.Join(dir, "target")
		mk(t, dir, "outside/", "outside/canary", "target/")
		must(t, os.MkdirAll(filepath.Join(outside, deep), 0o711))
		must(t, os.Chmod(outside, 0o711))
		exchange := func(path string, _ bool) bool {
			if path != deep+"/f" {
				return false
			}
			must(t, os.Rename(filepath.Join(target, "a"), filepath.Join(target, "moved")))
			if link {
				must(t, os.Symlink(outside, filepath.Join(target, "a")))
			} else {
				must(t, os.Rename(outside, filepath.Join(target, "a")))
			}
			return false
		}
		res, err := d.restore(target, Options{Exclude: exchange, Overwrite: Always})
		must(t, err)
		if res.Errors == 0 {
			t.Error("nothing noticed")
		}
		if link && exists(filepath.Join(outside, "b")) {
			t.Error("wrote outside")
		}
		info, err := os.Stat(filepath.Join(target, "a"))
		must(t, err)
		if info.Mode().Perm() != 0o711 {
			t.Errorf("link %v: the metadata of another folder were set: %v", link, info.Mode())
		}
	}
}

// What only leads to an item is not replaced either.
func TestLinksOnTheWayStay(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a/", "a/b/", "a/b/f") })
	dir := work(t)
	mk(t, dir, "real/", "target/", "target/a -> ../real")
	res, err := d.restore(filepath.Join(dir, "target"), Options{Overwrite: Always, Items: []Item{{"a/b/f", "a/b/f"}}})
	must(t, err)
	wantProblems(t, res, map[string]error{"a": ErrInTheWay})
	if exists(filepath.Join(dir, "real/b")) {
		t.Error("followed a link")
	}
}

func TestTargetMayBeALinkItself(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a") })
	dir := work(t)
	mk(t, dir, "real/", "link -> real")
	d.clean(filepath.Join(dir, "link"), Options{})
	same(t, d.tree(), filepath.Join(dir, "real"))
}

func TestTargetMustNotBeInTheDestination(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a", "sub/") })
	dir := work(t)
	must(t, os.Symlink(d.tree(), filepath.Join(dir, "link")))
	was := text(t, d.tree())
	for _, target := range []string{d.dir, d.tree(), filepath.Join(d.tree(), "sub"), filepath.Join(d.dir, "new"),
		filepath.Join(dir, "link"), filepath.Join(dir, "link/sub/new")} {
		if _, err := d.restore(target, Options{Overwrite: Always}); !errors.Is(err, ErrInDestination) {
			t.Errorf("%s: %v", target, err)
		}
	}
	if now := text(t, d.tree()); now != was || exists(filepath.Join(d.dir, "new")) {
		t.Errorf("the destination was changed:\n%s", now)
	}
	if _, err := d.restore(filepath.Join(dir, "no/such"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("more than one folder made: %v", err)
	}
}

func TestItems(t *testing.T) {
	build := func(tree string) {
		mk(t, tree, "a/", "a/b/", "a/b/f", "a/b/g", "a/c/", "a/c/h", "a-b", "z")
		must(t, os.Chmod(filepath.Join(tree, "a"), 0o500))
		must(t, os.Chtimes(filepath.Join(tree, "a"), stamp, stamp))
	}
	d := snapshot(t, build)
	for _, c := range []struct {
		items []Item
		want  []string // nil: an error
	}{
		{[]Item{{"a/b", ""}}, []string{"f", "g"}},
		{[]Item{{"a/b", "b"}}, []string{"b", "b/f", "b/g"}},
		{[]Item{{"a/b/f", "f"}, {"z", "z"}}, []string{"f", "z"}},
		{[]Item{{"a-b", "x"}, {"a/b/f", "y"}}, []string{"x", "y"}},
		{[]Item{{"a/c/h", "a/c/h"}, {"a/b/f", "a/b/f"}}, []string{"a", "a/b", "a/b/f", "a/c", "a/c/h"}},
		{[]Item{{"a", "a"}, {"a/b", "a/b"}}, []string{"a", "a/b", "a/b/f", "a/b/g", "a/c", "a/c/h"}},
		{[]Item{{"", ""}, {"z", "z"}}, []string{"a", "a/b", "a/b/f", "a/b/g", "a/c", "a/c/h", "a-b", "z"}},
		{[]Item{{"z", ""}}, nil},
		{[]Item{{"a/b/f", "same"}, {"z", "same"}}, nil},
		{[]Item{{"a", "x"}, {"z", "x/z"}}, nil},
		{[]Item{{"none", "none"}}, nil},
		{[]Item{{"../a", "a"}}, nil},
		{[]Item{{"z", "../z"}}, nil},
		{[]Item{}, nil},
	} {
		target := filepath.Join(work(t), "out")
		res, err := d.restore(target, Options{Items: c.items})
		if c.want == nil {
			if err == nil || exists(target) {
				t.Errorf("%v: %v", c.items, err)
			}
			continue
		}
		if err != nil || res.Errors > 0 {
			t.Errorf("%v: %v %v", c.items, err, res.Problems)
		}
		var got []string
		root, err := file.OpenRoot(target)
		must(t, err)
		each(root, "", func(e *record.Entry, err error) bool {
			if e != nil && e.Path != "" {
				got = append(got, e.Path)
			}
			return true
		})
		root.Close()
		if len(got) != len(c.want) {
			t.Errorf("%v: %q, want %q", c.items, got, c.want)
		}
		info, err := os.Stat(target)
		must(t, err)
		if was := c.items[0].Path == c.items[0].To; was != (info.Mode().Perm() == 0o700) {
			t.Errorf("%v: the target is %v", c.items, info.Mode())
		}
		if a := filepath.Join(target, "a"); exists(a) { // made on the way, as the snapshot has it
			info, _ := os.Stat(a)
			if info.Mode().Perm() != 0o500 || !info.ModTime().Equal(stamp) {
				t.Errorf("%v: %v %v", c.items, info.Mode(), info.ModTime())
			}
		}
	}
}

func TestFilters(t *testing.T) {
	d := snapshot(t, func(tree string) {
		mk(t, tree, "a/", "a/x.go", "a/x.tmp", "a/b/", "a/b/y.go", "a/b/y.tmp", "c/", "c/z.tmp", "e/")
	})
	is := func(names ...string) func(string, bool) bool {
		return func(path string, dir bool) bool {
			for _, n := range names {
				if ok, _ := filepath.Match(n, filepath.Base(path)); ok {
					return true
				}
			}
			return false
		}
	}
	for _, c := range []struct {
		include, exclude func(string, bool) bool
		want             int // paths
	}{
		{nil, nil, 9},
		{is("*.go"), nil, 4},
		{is("b"), nil, 4},
		{nil, is("a"), 3},
		{is("*.tmp"), is("b"), 4},
		{is("a", "e"), is("*.tmp"), 5},
		{is("none"), nil, 0},
	} {
		target := work(t)
		d.clean(target, Options{Include: c.include, Exclude: c.exclude})
		n := 0
		for _, b := range text(t, target) {
			if b == '\n' {
				n++
			}
		}
		if n != c.want {
			t.Errorf("%d paths, want %d:\n%s", n, c.want, text(t, target))
		}
	}
}

func TestHostileIndexStaysInTheTarget(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a", "d/", "d/f") }, func(e *record.Entry) {
		if e.Path == "d" { // a file with something in it
			e.Kind, e.Size, e.Flags, e.Stored = file.Symlink, 3, 0, record.Made
			e.Target = "/tmp"
		}
	})
	target := work(t)
	res, err := d.restore(target, Options{})
	must(t, err)
	wantProblems(t, res, map[string]error{"d/f": record.ErrDamaged})
	if link, err := os.Readlink(filepath.Join(target, "d")); link != "/tmp" || err != nil {
		t.Errorf("%q %v", link, err)
	}
}

func TestSnapshotDeletedMeanwhile(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a") })
	other := d.header
	other.Name = "another"
	_, err := Run(context.Background(), d.db, &other, d.tree(), Options{Target: work(t), Items: []Item{{}}})
	if !errors.Is(err, index.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// An index that cannot be read to its end deletes nothing: what it did not say is not known. That is found before
// anything is written.
func TestDamagedIndexDeletesNothing(t *testing.T) {
	var last [32]byte
	d := snapshot(t, func(tree string) {
		mk(t, tree, "d/")
		for i := range 4200 { // more than the index hands out at a time, 4096
			must(t, os.WriteFile(filepath.Join(tree, fmt.Sprintf("d/%04d", i)), []byte{byte(i), byte(i >> 8)}, 0o644))
		}
	}, func(e *record.Entry) { last = e.Hash })
	raw, err := os.ReadFile(index.Path(d.dir))
	must(t, err)
	at := bytes.Index(raw, last[:])
	if at < 0 {
		t.Fatal("the record is not in the index")
	}
	raw[at] ^= 1
	must(t, os.WriteFile(index.Path(d.dir), raw, 0o600))
	target := work(t)
	mk(t, target, "d/", "d/mine")
	res, err := d.restore(target, Options{Overwrite: Always, Delete: true})
	if !errors.Is(err, record.ErrDamaged) || res.FilesRestored != 0 || !exists(filepath.Join(target, "d/mine")) {
		t.Errorf("%v %+v", err, res)
	}
}
