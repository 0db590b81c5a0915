package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"snap/internal/file"
	"snap/record"
)

// far has the bytes of a tree as a place far away has them: as streams, and it fails where it is told to.
type far struct {
	*Tree
	fail map[string]error

	mu     sync.Mutex
	wanted map[string]bool
	opened []string
}

// stream hides that a file is one.
type stream struct{ io.ReadCloser }

func (f *far) Want(e *record.Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wanted[e.Path] = true
}

func (f *far) Open(ctx context.Context, e *record.Entry) (io.ReadCloser, error) {
	f.mu.Lock()
	f.opened = append(f.opened, e.Path)
	err := f.fail[e.Path]
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	r, err := f.Tree.Open(ctx, e)
	return stream{r}, err
}

// moved takes the trees away and gives their bytes from afar.
func (d *dest) moved() *far {
	d.t.Helper()
	away := filepath.Join(work(d.t), "away")
	must(d.t, os.Mkdir(away, 0o700))
	must(d.t, os.Rename(d.tree(), filepath.Join(away, snapName)))
	root, err := file.OpenRoot(away)
	must(d.t, err)
	defer root.Close()
	tree, err := OpenTree(root, snapName)
	must(d.t, err)
	d.t.Cleanup(func() { tree.Close() })
	return &far{Tree: tree, fail: map[string]error{}, wanted: map[string]bool{}}
}

func TestRestoreWithoutATree(t *testing.T) {
	d := snapshot(t, func(tree string) {
		mk(t, tree, "a", "b = a", "d/", "d/empty", "d/x", "l -> a", "holes")
		put(t, filepath.Join(tree, "d/empty"), "")
		f, err := os.OpenFile(filepath.Join(tree, "holes"), os.O_WRONLY, 0)
		must(t, err)
		_, err = f.WriteAt([]byte("middle"), 300<<10)
		must(t, errors.Join(err, f.Truncate(1<<20), f.Close(), os.Chtimes(f.Name(), stamp, stamp)))
	})
	f := d.moved()
	target := filepath.Join(work(t), "out")
	d.clean(target, Options{Contents: f})
	same(t, filepath.Join(filepath.Dir(f.top.Path()), snapName), target)
	info, err := os.Stat(filepath.Join(target, "holes"))
	must(t, err)
	if s := info.Sys().(*syscall.Stat_t).Blocks * 512; s > 64<<10 {
		t.Errorf("the file with holes takes %d bytes", s)
	}
	for _, path := range f.opened {
		if !f.wanted[path] {
			t.Errorf("%s was opened and never wanted", path)
		}
	}
	again := &far{Tree: f.Tree, wanted: map[string]bool{}}
	put(t, filepath.Join(target, "d/x"), "another")
	if res := d.clean(target, Options{Contents: again, Overwrite: IfChanged}); res.FilesRestored != 1 ||
		len(again.wanted) != 1 || !again.wanted["d/x"] {
		t.Errorf("%d files restored, wanted %v: only d/x was to be", res.FilesRestored, again.wanted)
	}
}

func TestWhatIsWrongFarAway(t *testing.T) {
	build := func(tree string) { mk(t, tree, "a", "b", "c", "d") }
	d := snapshot(t, build)
	f := d.moved()
	put(t, filepath.Join(f.top.Path(), "c"), "C and more")
	put(t, filepath.Join(f.top.Path(), "d"), "x")
	f.fail = map[string]error{"a": fmt.Errorf("%w: object gone", ErrMissingFile), "b": fs.ErrPermission}
	res, err := d.restore(filepath.Join(work(t), "out"), Options{Contents: f})
	must(t, err)
	wantProblems(t, res, map[string]error{"a": ErrMissingFile, "b": fs.ErrPermission, "c": ErrDamagedFile,
		"d": ErrDamagedFile})

	gone := errors.New("the network is gone")
	f.fail = map[string]error{"b": gone}
	if _, err := d.restore(filepath.Join(work(t), "out"), Options{Contents: f, Jobs: 1}); !errors.Is(err, gone) {
		t.Errorf("%v, want %v", err, gone)
	}
}
