package restore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"snap/internal/file"
	"snap/internal/filetest"
)

// watch is a Reporter that calls hear for every file that is begun or done.
type watch struct{ hear func() }

func (w watch) Started(string, int64)  { w.hear() }
func (w watch) Restored(string, int64) { w.hear() }
func (w watch) Skipped(string)         {}
func (w watch) MetadataSet(string)     {}
func (w watch) Deleted(string)         {}
func (w watch) Blocked(string, string) {}
func (w watch) Spared(string, string)  {}
func (w watch) Lost(string, file.Lost) {}
func (w watch) Problem(Problem)        {}

// Cancelled after any number of steps, a restore leaves no temporary file and no folder of the user's with
// another mode, and the next one finishes.
func TestCancelLeavesNothingBehind(t *testing.T) {
	d := snapshot(t, func(tree string) {
		mk(t, tree, "d/", "d/e/", "d/e/f", "d/g", "h", "h2 = h", "i", "j")
		put(t, filepath.Join(tree, "big"), string(make([]byte, 3<<20)))
	})
	for after := int64(1); ; after++ {
		target := work(t)
		mk(t, target, "d/", "d/mine")
		must(t, os.Chmod(filepath.Join(target, "d"), 0o500))
		ctx, cancel := context.WithCancel(context.Background())
		var n atomic.Int64
		o := Options{Target: target, Items: []Item{{}}, Jobs: 2, Report: watch{func() {
			if n.Add(1) == after {
				cancel()
			}
		}}}
		_, err := Run(ctx, d.db, &d.header, d.tree(), o)
		cancel()
		noTemps(t, target)
		info, e := os.Stat(filepath.Join(target, "d"))
		must(t, e)
		if info.Mode().Perm() != 0o500 {
			t.Errorf("after %d steps: %v", after, info.Mode())
		}
		if err == nil {
			if after < 9 {
				t.Fatalf("never cancelled: %d", after)
			}
			return
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%v", err)
		}
		d.clean(target, Options{Overwrite: IfChanged, Delete: true})
		same(t, d.tree(), target)
	}
}

func TestFullTargetStops(t *testing.T) {
	filetest.NeedRoot(t)
	d := snapshot(t, func(tree string) {
		for i := range 40 {
			put(t, filepath.Join(tree, fmt.Sprintf("f%02d", i)), string(make([]byte, 100<<10))+"end")
		}
	})
	mnt := work(t)
	filetest.Mount(t, "tmpfs", mnt, "size=1m")
	// Zeros written without holes take space.
	for i := range 40 {
		b := make([]byte, 100<<10)
		for k := range b {
			b[k] = byte(k)
		}
		put(t, filepath.Join(d.tree(), fmt.Sprintf("f%02d", i)), string(b)+"end")
	}
	out := filepath.Join(mnt, "out")
	must(t, os.Mkdir(out, 0o700))
	res, err := d.restore(out, Options{Jobs: 2, Overwrite: Always}) // which does not look ahead
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("%v", err)
	}
	if res.FilesRestored == 0 || res.FilesRestored > 10 {
		t.Errorf("%+v", res)
	}
	noTemps(t, mnt)
}
