package restore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snap/internal/file"
	"snap/internal/filetest"
)

// TestTargetThatFolds: names that differ in case alone are one there, as bind mounts make it look here. What was
// restored is no surplus under its other name, and of two entries of the snapshot none takes the other's place
// unsaid.
func TestTargetThatFolds(t *testing.T) {
	filetest.NeedRoot(t)
	one := snapshot(t, func(tree string) { mk(t, tree, "Docs/", "Docs/x", "README", "m") })
	both := snapshot(t, func(tree string) { mk(t, tree, "Docs/", "Docs/x", "README", "docs/", "docs/y", "readme", "m") })
	target := work(t)
	one.clean(target, Options{})
	mk(t, target, "docs/", "readme")
	for _, names := range [][2]string{{"Docs", "docs"}, {"README", "readme"}} {
		to := filepath.Join(target, names[1])
		filetest.Bind(t, filepath.Join(target, names[0]), to)
	}
	whole := func() {
		t.Helper()
		for path, content := range map[string]string{"readme": "README", "docs/x": "Docs/x", "README": "README"} {
			if !exists(filepath.Join(target, path)) || read(t, filepath.Join(target, path)) != content {
				t.Errorf("%s is lost", path)
			}
		}
	}
	mk(t, target, "extra")
	for _, dry := range []bool{true, false} {
		if res := one.clean(target, Options{Overwrite: IfChanged, Delete: true, DryRun: dry}); res.FilesDeleted != 1 ||
			res.FilesSpared != 0 {
			t.Errorf("%+v", res)
		}
		whole()
		res, err := both.restore(target, Options{Overwrite: IfChanged, DryRun: dry, Jobs: 1})
		must(t, err)
		wantProblems(t, res, map[string]error{"docs": ErrFolds, "readme": ErrFolds})
		whole()
	}
}

// TestHardLinkIsSurplus: another name of a restored file is deleted where names are told apart.
func TestHardLinkIsSurplus(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a", "b = a") })
	target := work(t)
	d.clean(target, Options{})
	must(t, os.Link(filepath.Join(target, "a"), filepath.Join(target, "c")))
	if res := d.clean(target, Options{Overwrite: IfChanged, Delete: true}); res.FilesDeleted != 1 ||
		exists(filepath.Join(target, "c")) {
		t.Errorf("%+v", res)
	}
}

// TestTargetThatCannotHoldIt: each entry that the target's file system cannot hold is named, and all others are
// restored.
func TestTargetThatCannotHoldIt(t *testing.T) {
	filetest.NeedRoot(t) // to make a device
	d := snapshot(t, func(tree string) {
		mk(t, tree, "a", "l -> a", "z/", "z/f", "z/l -> f")
		must(t, syscall.Mkfifo(filepath.Join(tree, "p"), 0o644))
		must(t, syscall.Mknod(filepath.Join(tree, "s"), syscall.S_IFSOCK|0o644, 0))
		must(t, syscall.Mknod(filepath.Join(tree, "dev"), syscall.S_IFCHR|0o600, 1<<8|3))
		put(t, filepath.Join(tree, "large"), strings.Repeat("x", 100_000))
		must(t, os.Chown(filepath.Join(tree, "z/f"), 1234, 1234))
	})
	for name, why := range map[string]error{"EPERM": fs.ErrPermission, "EIO": syscall.EIO, "ENOSYS": syscall.ENOSYS,
		"ENXIO": syscall.ENXIO} {
		target := filetest.Oddfs(t, work(t), "-plain", name, "-largest", "50000", "-nochown", "-noxattr", "-nolink")
		res, err := d.restore(target, Options{})
		must(t, err)
		wantProblems(t, res, map[string]error{"l": why, "z/l": why, "p": why, "s": why, "dev": why, "large": syscall.EFBIG})
		if res.FilesRestored != 2 || read(t, filepath.Join(target, "z/f")) != "z/f" || res.Lost.Owner == 0 {
			t.Errorf("%s: %+v", name, res)
		}
		// What is right but for what cannot be held is not copied again.
		again, err := d.restore(target, Options{Overwrite: IfChanged})
		must(t, err)
		if again.FilesRestored > 1 || again.Errors != res.Errors {
			t.Errorf("%s again: %+v", name, again)
		}
	}
}

// TestStops is which failures are the run's.
func TestStops(t *testing.T) {
	for _, c := range []struct {
		op    string
		err   error
		stops bool
	}{
		{"write", syscall.ENOSPC, true}, {"write", syscall.EIO, true}, {"write", syscall.EFBIG, false},
		{"create", syscall.ENAMETOOLONG, false},
		{"create", syscall.EINVAL, false}, {"create", syscall.EROFS, true}, {"mknod", syscall.EPERM, false},
		{"mknod", syscall.EIO, false},
		{"mknod", syscall.ENOSPC, true}, {"symlink", syscall.ENXIO, false}, {"symlink", syscall.EROFS, true},
		{"link", syscall.EMLINK, false},
		{"setxattr user.x", syscall.ENOSPC, true}, {"rename", syscall.EXDEV, false}, {"chown", errors.ErrUnsupported, false},
		{"open", syscall.EMFILE, true}, {"syncfs", syscall.EIO, true},
	} {
		if got := stops(&fs.PathError{Op: c.op, Path: "x", Err: c.err}); got != c.stops {
			t.Errorf("%s: %v: %v", c.op, c.err, got)
		}
	}
	if stops(file.ErrExchanged) || stops(ErrFolds) {
		t.Error("one path's")
	}
}
