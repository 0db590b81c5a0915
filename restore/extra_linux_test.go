package restore

import (
	"os"
	"path/filepath"
	"testing"

	"snap/internal/filetest"
	"snap/record"
)

func TestDeleteRemovesWhatTheSnapshotDoesNotHave(t *testing.T) {
	d := snapshot(t, func(tree string) {
		mk(t, tree, "a-b", "a/", "a/keep", "m/", "m/n/", "m/n/f", "unread/", "z")
	}, func(e *record.Entry) {
		if e.Path == "unread" {
			e.Flags |= record.Unreadable
		}
	})
	dir := work(t)
	target := filepath.Join(dir, "out")
	mk(t, dir, "out/", "outside/", "outside/canary", "out/0", "out/a/", "out/a/extra", "out/a/zz/", "out/a/zz/deep/",
		"out/a/zz/deep/f",
		"out/a.x", "out/m/", "out/m/n/", "out/m/n/e", "out/m/o/", "out/unread/", "out/unread/mine", "out/zz",
		"out/link -> ../outside", "out/x.keep")
	exclude := func(path string, dir bool) bool { return filepath.Ext(path) == ".keep" }
	o := Options{Overwrite: IfChanged, Delete: true, Exclude: exclude}
	o.DryRun = true
	dry, err := d.restore(target, o)
	must(t, err)
	o.DryRun = false
	res, err := d.restore(target, o)
	must(t, err)
	wantProblems(t, res, map[string]error{"unread": ErrNotInSnapshot})
	if res.FilesDeleted != 10 || dry.FilesDeleted != res.FilesDeleted || dry.FilesRestored != res.FilesRestored {
		t.Errorf("%+v\ndry %+v", res, dry)
	}
	for _, kept := range []string{"out/x.keep", "out/unread/mine", "outside/canary", "out/a/keep", "out/m/n/f", "out/a-b",
		"out/z"} {
		if !exists(filepath.Join(dir, kept)) {
			t.Errorf("%s is gone", kept)
		}
	}
	must(t, os.Remove(filepath.Join(target, "x.keep")))
	must(t, os.Remove(filepath.Join(target, "unread/mine")))
	must(t, os.Chtimes(filepath.Join(target, "unread"), stamp, stamp))
	same(t, d.tree(), target)
}

func TestDeleteClearsAFolderInTheWay(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "x") })
	target := work(t)
	mk(t, target, "x/", "x/y/", "x/y/z")
	res := d.clean(target, Options{Overwrite: Always, Delete: true})
	if res.FilesDeleted != 3 || read(t, filepath.Join(target, "x")) != "x" {
		t.Errorf("%+v", res)
	}
	// An empty one goes without being asked for, and counts.
	must(t, os.Remove(filepath.Join(target, "x")))
	mk(t, target, "x/")
	dry := d.clean(target, Options{Overwrite: Always, DryRun: true})
	if res := d.clean(target, Options{Overwrite: Always}); res.FilesDeleted != 1 || dry.FilesDeleted != 1 {
		t.Errorf("%+v\ndry %+v", res, dry)
	}
}

// A part of a snapshot that is restored deletes nothing beside it.
func TestDeleteStaysInTheItem(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a/", "a/b/", "a/b/f") })
	target := work(t)
	mk(t, target, "beside", "a/", "a/beside", "a/b/", "a/b/extra")
	res := d.clean(target, Options{Overwrite: Always, Delete: true, Items: []Item{{"a/b", "a/b"}}})
	if res.FilesDeleted != 1 || !exists(filepath.Join(target, "beside")) || !exists(filepath.Join(target, "a/beside")) {
		t.Errorf("%+v", res)
	}
}

// The destination may lie in the source, left out by a filter: bringing the source back in place must not
// delete it. The same goes for what is mounted there.
func TestDeleteSparesTheDestinationAndMounts(t *testing.T) {
	filetest.NeedRoot(t)
	d := snapshot(t, func(tree string) { mk(t, tree, "a") })
	target := filepath.Dir(d.dir)
	mnt := filepath.Join(target, "mnt")
	mk(t, target, "extra", "mnt/")
	filetest.Mount(t, "tmpfs", mnt, "")
	mk(t, target, "mnt/f")
	for _, dry := range []bool{true, false} {
		res, err := d.restore(target, Options{Overwrite: Always, Delete: true, DryRun: dry})
		must(t, err)
		wantProblems(t, res, nil)
		if res.FilesDeleted != 1 || res.FilesSpared != 2 || !exists(d.tree()) || !exists(filepath.Join(mnt, "f")) {
			t.Errorf("%+v", res)
		}
	}
}

// A backup of one file system has mount points as empty folders: what is mounted on them stays. Where the backup went
// in, so does Delete.
func TestDeleteSparesWhatIsMountedOnAnEmptyFolder(t *testing.T) {
	filetest.NeedRoot(t)
	d := snapshot(t, func(tree string) { mk(t, tree, "a/", "a/home/", "b/", "b/f") })
	target := work(t)
	for _, at := range []string{"a/home", "b"} {
		must(t, os.MkdirAll(filepath.Join(target, at), 0o755))
		mnt := filepath.Join(target, at)
		filetest.Mount(t, "tmpfs", mnt, "")
		mk(t, target, at+"/e", at+"/g/", at+"/g/x")
	}
	for _, dry := range []bool{true, false} {
		res, err := d.restore(target, Options{Overwrite: IfChanged, Delete: true, DryRun: dry})
		must(t, err)
		wantProblems(t, res, nil)
		if res.FilesDeleted != 3 || !exists(filepath.Join(target, "a/home/e")) ||
			!exists(filepath.Join(target, "a/home/g/x")) {
			t.Errorf("%+v", res)
		}
	}
}

// The snapshot may even hold a folder where the destination is now.
func TestDestinationIsNotRestoredInto(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a", "dest/", "dest/f") })
	for _, dry := range []bool{true, false} {
		res, err := d.restore(filepath.Dir(d.dir), Options{Overwrite: Always, DryRun: dry})
		must(t, err)
		wantProblems(t, res, map[string]error{"dest": ErrInDestination})
		if exists(filepath.Join(d.dir, "f")) || res.FilesBlocked != 1 {
			t.Errorf("%+v", res)
		}
	}
}
