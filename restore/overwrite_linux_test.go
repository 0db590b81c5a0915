package restore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/internal/file"
	"snap/internal/filetest"
	"snap/record"
)

// wantProblems fails unless the result has exactly these problems.
func wantProblems(t *testing.T, res Result, want map[string]error) {
	t.Helper()
	if int(res.Errors) != len(want) || len(res.Problems) != len(want) {
		t.Errorf("%d problems: %v, want %v", res.Errors, res.Problems, want)
	}
	for _, p := range res.Problems {
		if want[p.Path] == nil || !errors.Is(p.Err, want[p.Path]) {
			t.Errorf("%s: %v, want %v", p.Path, p.Err, want[p.Path])
		}
	}
}

func TestDecide(t *testing.T) {
	old, mid, late := file.Time{Sec: 1}, file.Time{Sec: 2}, file.Time{Sec: 3}
	rec := func(k file.Kind) *record.Record {
		return &record.Record{Stat: file.Stat{Kind: k, Size: 5, Mtime: mid, Rdev: 7}, Target: "to", Stored: record.Made}
	}
	has := func(k file.Kind, m file.Time) *existing {
		return &existing{Stat: file.Stat{Kind: k, Size: 5, Mtime: m, Rdev: 7}, Target: "to"}
	}
	unread := rec(file.Regular)
	unread.Flags = record.Unreadable
	bytesGone, device := rec(file.Regular), rec(file.CharDevice)
	bytesGone.Stored, device.Stored = record.Absent, record.Absent
	empty := has(file.Folder, old)
	empty.Empty = true
	for i, c := range []struct {
		want *record.Record
		have *existing
		how  Overwrite
		del  bool
		v    verdict
	}{
		{rec(file.Regular), &existing{}, Never, false, create},
		{rec(file.Folder), &existing{}, Never, false, create},
		{unread, &existing{}, Never, false, absent},
		{unread, has(file.Regular, old), Never, false, absent},
		{bytesGone, &existing{}, Never, false, absent},
		{device, &existing{}, Never, false, create},
		{rec(file.Folder), has(file.Folder, late), Never, false, merge},
		{rec(file.Folder), has(file.Folder, late), IfNewer, false, merge},
		{rec(file.Regular), has(file.Regular, mid), Never, false, refuse},
		{rec(file.Regular), empty, Never, false, refuse},
		{rec(file.Folder), has(file.Symlink, mid), Never, false, refuse},
		{rec(file.Regular), has(file.Regular, mid), IfChanged, false, refresh},
		{rec(file.Regular), has(file.Regular, late), IfChanged, false, replace},
		{rec(file.Symlink), has(file.Symlink, late), IfChanged, false, refresh},
		{rec(file.CharDevice), has(file.CharDevice, late), IfChanged, false, refresh},
		{rec(file.CharDevice), has(file.BlockDevice, late), IfChanged, false, replace},
		{rec(file.FIFO), has(file.FIFO, late), IfChanged, false, refresh},
		{rec(file.Folder), has(file.Symlink, mid), IfChanged, false, replace},
		{rec(file.Regular), has(file.Regular, mid), IfNewer, false, keep},
		{rec(file.Regular), has(file.Regular, late), IfNewer, false, keep},
		{rec(file.Regular), has(file.Regular, old), IfNewer, false, replace},
		{rec(file.Regular), has(file.Symlink, old), IfNewer, false, replace},
		{rec(file.Folder), has(file.Regular, late), IfNewer, false, keep},
		{rec(file.Regular), has(file.Regular, mid), Always, false, replace},
		{rec(file.Regular), has(file.Folder, old), Always, false, blocked},
		{rec(file.Regular), has(file.Folder, old), Always, true, clear},
		{rec(file.Regular), empty, Always, false, clear},
		{rec(file.Regular), empty, IfNewer, false, clear},
	} {
		if v := decide(c.want, c.have, c.how, c.del); v != c.v {
			t.Errorf("%d: %d, want %d", i, v, c.v)
		}
	}
}

var kinds = []string{"none", "file", "dir", "full", "symlink", "fifo", "socket", "device"}

// plant makes an entry of a kind, older or newer than stamp.
func plant(t *testing.T, path, kind string, at time.Time) {
	t.Helper()
	switch kind {
	case "none":
		return
	case "file":
		must(t, os.WriteFile(path, []byte("other"), 0o600))
	case "dir", "full":
		must(t, os.Mkdir(path, 0o700))
		if kind == "full" {
			must(t, os.WriteFile(filepath.Join(path, "kept"), nil, 0o600))
		}
	case "symlink":
		must(t, os.Symlink("/nowhere", path))
	case "fifo":
		must(t, syscall.Mkfifo(path, 0o600))
	case "socket":
		must(t, syscall.Mknod(path, syscall.S_IFSOCK|0o600, 0))
	case "device":
		must(t, syscall.Mknod(path, syscall.S_IFCHR|0o600, 1<<8|3))
	}
	f, err := file.OpenRoot(filepath.Dir(path))
	must(t, err)
	defer f.Close()
	s, err := f.Lstat(filepath.Base(path))
	must(t, err)
	_, err = f.SetMetaOf(filepath.Base(path),
		&file.Meta{Kind: s.Kind, Mode: s.Mode, UID: s.UID, GID: s.GID, Mtime: file.At(at)})
	must(t, err)
}

// TestOverwriteMatrix restores every kind over every kind in every way. What is done is told by four
// rules, written once more here.
func TestOverwriteMatrix(t *testing.T) {
	filetest.NeedRoot(t)
	older, newer := stamp.Add(-time.Hour), stamp.Add(time.Hour)
	for _, want := range []string{"file", "dir", "symlink", "fifo", "socket", "device"} {
		d := snapshot(t, func(tree string) { plant(t, filepath.Join(tree, "x"), want, stamp) })
		before := text(t, d.tree())
		for _, have := range kinds {
			for _, how := range []Overwrite{Never, IfChanged, IfNewer, Always} {
				for _, at := range []time.Time{older, newer} {
					target := work(t)
					path := filepath.Join(target, "x")
					plant(t, path, have, at)
					was := text(t, target)
					dry, dryErr := d.restore(target, Options{Overwrite: how, DryRun: true})
					if now := text(t, target); now != was {
						t.Fatalf("a dry run changed the target:\n%s%s", was, now)
					}
					res, err := d.restore(target, Options{Overwrite: how})
					if (err == nil) != (dryErr == nil) || dry.FilesRestored != res.FilesRestored ||
						dry.FilesSkipped != res.FilesSkipped || dry.MetadataSet != res.MetadataSet || dry.Errors != res.Errors {
						t.Errorf("%s over %s, %d: a dry run says %+v %v, the real one %+v %v", want, have, how, dry, dryErr, res, err)
					}
					now := text(t, target)
					folders := want == "dir" && (have == "dir" || have == "full")
					name := fmt.Sprintf("%s over %s, overwrite %d, newer %v: %v %+v\n%s", want, have, how, at.After(stamp), err,
						res, now)
					switch {
					case have == "none", folders:
						if err != nil || res.Errors != 0 {
							t.Error(name)
						}
					case how == Never:
						if refused := new(ExistsError); !errors.As(err, &refused) || now != was {
							t.Error(name)
						}
						continue
					case how == IfNewer && at.After(stamp):
						if err != nil || now != was || res.Errors != 0 {
							t.Error(name)
						}
						continue
					case have == "full":
						if err != nil || now != was || len(res.Problems) != 1 || !errors.Is(res.Problems[0].Err, ErrInTheWay) {
							t.Error(name)
						}
						continue
					}
					if have == "full" && !strings.Contains(now, "x/kept") {
						t.Error("lost a file", name)
					}
					if have != "full" && !folders && now != before {
						t.Error(name, before)
					}
				}
			}
		}
	}
}

func TestNeverRefusesBeforeWriting(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a", "d/", "d/x", "d/y", "z") })
	target := work(t)
	mk(t, target, "d/", "d/y", "other")
	put(t, filepath.Join(target, "d/y"), "mine")
	was := text(t, target)
	res, err := d.restore(target, Options{})
	var refused *ExistsError
	if !errors.As(err, &refused) || refused.Count != 1 || refused.Paths[0] != "d/y" || res.FilesRestored != 0 {
		t.Errorf("%v %+v", err, res)
	}
	if now := text(t, target); now != was {
		t.Errorf("changed:\n%s%s", was, now)
	}
	must(t, os.Remove(filepath.Join(target, "d/y")))
	d.clean(target, Options{})
	if !exists(filepath.Join(target, "other")) || read(t, filepath.Join(target, "d/y")) != "d/y" {
		t.Error("not merged")
	}
}

func TestNeverKeepsMetadataOfFoldersInUse(t *testing.T) {
	d := snapshot(t, func(tree string) {
		mk(t, tree, "used/", "used/x", "fresh/")
		must(t, os.Chmod(filepath.Join(tree, "used"), 0o750))
		must(t, os.Chmod(filepath.Join(tree, "fresh"), 0o750))
	})
	target := work(t)
	mk(t, target, "used/", "used/mine", "fresh/")
	d.clean(target, Options{})
	for name, want := range map[string]os.FileMode{"used": 0o755, "fresh": 0o750} {
		info, err := os.Stat(filepath.Join(target, name))
		must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%s: %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestIfChangedMendsMetadataAlone(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a", "b", "l -> b") })
	target := filepath.Join(work(t), "out")
	d.clean(target, Options{})
	ino := filetest.Inode(t, filepath.Join(target, "a"))
	must(t, os.Chmod(filepath.Join(target, "a"), 0o600))
	res := d.clean(target, Options{Overwrite: IfChanged})
	if res.FilesRestored != 0 || res.MetadataSet != 1 || res.FilesSkipped != 2 ||
		filetest.Inode(t, filepath.Join(target, "a")) != ino {
		t.Errorf("written anew: %+v", res)
	}
	same(t, d.tree(), target)
}

// A file that has other names is not changed in place: they may be anything, the snapshot's own too.
func TestSharedInodesAreNotTouched(t *testing.T) {
	d := snapshot(t, func(tree string) { mk(t, tree, "a", "b") })
	target := filepath.Join(work(t), "out")
	d.clean(target, Options{})
	outside := filepath.Join(filepath.Dir(target), "outside")
	must(t, os.Link(filepath.Join(target, "a"), outside))
	must(t, os.Chmod(outside, 0o600))
	must(t, os.Remove(filepath.Join(target, "b")))
	must(t, os.Link(filepath.Join(d.tree(), "b"), filepath.Join(target, "b"))) // cp -al
	d.clean(target, Options{Overwrite: IfChanged})
	same(t, d.tree(), target)
	if info, err := os.Stat(outside); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the other name was changed: %v %v", info.Mode(), err)
	}
}
