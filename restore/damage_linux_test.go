package restore

import (
	"os"
	"path/filepath"
	"testing"

	"snap/internal/file"
	"snap/internal/filetest"
	"snap/record"
)

var stampTime = file.At(stamp)

func TestDamagedFilesAreNamed(t *testing.T) {
	const canary = "secret of another"
	build := func(tree string) {
		mk(t, tree, "d/", "d/x", "d/y = d/x", "edited", "fine", "gone", "grown", "linked", "same", "shrunk", "swapped/",
			"swapped/f", "isdir", "unread")
	}
	d := snapshot(t, build, func(e *record.Entry) {
		if e.Path == "unread" {
			e.Flags, e.Stored, e.Hash = record.Unreadable, record.Absent, [32]byte{}
		}
		if e.Path == "shrunk" {
			e.Flags, e.Hash = 0, [32]byte{} // its size alone must do
		}
	})
	tree := d.tree()
	outside := filepath.Join(work(t), "outside")
	must(t, os.Mkdir(outside, 0o755))
	put(t, filepath.Join(outside, "f"), canary)
	put(t, filepath.Join(tree, "edited"), "EDITED")
	put(t, filepath.Join(tree, "same"), "emas")
	put(t, filepath.Join(tree, "grown"), "grown and more")
	put(t, filepath.Join(tree, "shrunk"), "")
	put(t, filepath.Join(tree, "d/x"), "d/X")
	must(t, os.Remove(filepath.Join(tree, "gone")))
	must(t, os.Remove(filepath.Join(tree, "unread")))
	must(t, os.Remove(filepath.Join(tree, "linked")))
	must(t, os.Symlink(filepath.Join(outside, "f"), filepath.Join(tree, "linked")))
	must(t, os.Remove(filepath.Join(tree, "isdir")))
	must(t, os.Mkdir(filepath.Join(tree, "isdir"), 0o755))
	must(t, os.RemoveAll(filepath.Join(tree, "swapped")))
	must(t, os.Symlink(outside, filepath.Join(tree, "swapped")))

	want := map[string]error{
		"edited": ErrDamagedFile, "same": ErrDamagedFile, "grown": ErrDamagedFile, "shrunk": ErrDamagedFile,
		"linked": ErrDamagedFile, "isdir": ErrDamagedFile, "swapped/f": ErrDamagedFile, "gone": ErrMissingFile,
		"d/x": ErrDamagedFile, "d/y": ErrDamagedFile, "unread": ErrNotInSnapshot,
	}
	target := filepath.Join(work(t), "out")
	res, err := d.restore(target, Options{})
	must(t, err)
	wantProblems(t, res, want)
	for i := 1; i < len(res.Problems); i++ {
		if record.Compare(res.Problems[i-1].Path, res.Problems[i].Path) >= 0 {
			t.Errorf("problems out of order: %v", res.Problems)
		}
	}
	for name, content := range map[string]string{ // what the disk holds, under the right name
		"edited": "EDITED", "same": "emas", "grown": "grown and more", "shrunk": "", "fine": "fine", "d/x": "d/X",
		"d/y": "d/X",
	} {
		if got := read(t, filepath.Join(target, name)); got != content {
			t.Errorf("%s holds %q, want %q", name, got, content)
		}
	}
	for _, name := range []string{"linked", "isdir", "swapped/f", "gone", "unread"} {
		if exists(filepath.Join(target, name)) {
			t.Errorf("%s was restored from somewhere", name)
		}
	}

	// A damaged copy does not take the place of anything.
	over := work(t)
	mk(t, over, "edited", "d/", "d/x", "unread")
	res, err = d.restore(over, Options{Overwrite: Always, Delete: true})
	must(t, err)
	wantProblems(t, res, want)
	for _, name := range []string{"edited", "d/x", "unread"} {
		if got := read(t, filepath.Join(over, name)); got != name {
			t.Errorf("%s: a good file gave way to a damaged one: %q", name, got)
		}
	}
}

// One name of a hard-link group is gone from the tree: the others still bring the file back.
func TestGroupWithANameGone(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a", "b = a", "c = a") })
	must(t, os.Remove(filepath.Join(d.tree(), "a")))
	target := work(t)
	res, err := d.restore(target, Options{})
	must(t, err)
	wantProblems(t, res, map[string]error{"a": ErrMissingFile})
	if filetest.Inode(t, filepath.Join(target, "b")) != filetest.Inode(t, filepath.Join(target, "c")) ||
		read(t, filepath.Join(target, "b")) != "a" {
		t.Error("b and c did not come back as one file")
	}
}

func TestSnapshotFolderIsALinkOrGone(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a") })
	elsewhere := filepath.Join(filepath.Dir(d.dir), "elsewhere")
	must(t, os.Rename(d.tree(), elsewhere))
	target := filepath.Join(work(t), "out")
	for range 2 {
		if _, err := d.restore(target, Options{}); err == nil || exists(target) {
			t.Errorf("%v", err)
		}
		must(t, os.RemoveAll(d.tree()))
		must(t, os.Symlink(elsewhere, d.tree()))
	}
}
