package restore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snap/internal/filetest"
	"snap/record"
)

// TestWhatCannotFitIsRefused: before anything is written; what has room, or may have, is restored.
func TestWhatCannotFitIsRefused(t *testing.T) {
	filetest.NeedRoot(t)
	const mib = 1 << 20
	d := snapshot(t, func(tree string) {
		mk(t, tree, "small", "sub/")
		put(t, filepath.Join(tree, "sub/large"), strings.Repeat("x", 5*mib))
		mk(t, tree, "again = sub/large") // one file, whose bytes count once
		must(t, os.WriteFile(filepath.Join(tree, "holes"), nil, 0o600))
		must(t, os.Truncate(filepath.Join(tree, "holes"), 100*mib))
	}, func(e *record.Entry) {
		if e.Path == "holes" {
			e.Took(0)
		}
	})
	for _, c := range []struct {
		what, size string
		prepare    func(target string)
		o          Options
		fits       bool
	}{
		{"a new folder", "size=4m", func(string) {}, Options{}, false},
		{"a rehearsal", "size=4m", func(string) {}, Options{DryRun: true}, false},
		{"into a folder", "size=4m", func(target string) { mk(t, target, "/") }, Options{}, false},
		{"a part", "size=4m", func(string) {}, Options{Items: []Item{{"small", "small"}, {"holes", "holes"}}}, true},
		{"with room", "size=7m", func(string) {}, Options{}, true},
		{"into a folder with room", "size=7m", func(target string) { mk(t, target, "/") }, Options{}, true},
		{"another disk below", "size=4m", func(target string) {
			mk(t, target, "/", "/sub/")
			filetest.Mount(t, "tmpfs", filepath.Join(target, "sub"), "size=7m")
		}, Options{Items: []Item{{"small", "small"}, {"holes", "holes"}, {"sub", "sub"}}}, true},
		{"the rest, where the first part is there", "size=7m", func(target string) {
			mk(t, target, "/", "/sub/")
			_, err := d.restore(target, Options{})
			must(t, err)
			must(t, os.Remove(filepath.Join(target, "small")))
		}, Options{Overwrite: IfChanged}, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			mnt := work(t)
			filetest.Mount(t, "tmpfs", mnt, c.size)
			target := filepath.Join(mnt, "target")
			c.prepare(target)
			c.o.Target = target
			if c.o.Items == nil {
				c.o.Items = []Item{{}}
			}
			res, err := Run(t.Context(), d.db, &d.header, d.tree(), c.o)
			lack := (*SpaceError)(nil)
			switch {
			case c.fits && (err != nil || res.Errors > 0):
				t.Errorf("%v, %v", err, res.Problems)
			case !c.fits && (!errors.As(err, &lack) || lack.Need < 5*mib || lack.Need > 6*mib || lack.Free > 4*mib):
				t.Errorf("%v", err)
			case !c.fits && exists(filepath.Join(target, "small")):
				t.Error("something was written")
			}
		})
	}
}
