package restore

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snap/internal/file"
	"snap/internal/filetest"
	"snap/record"
)

func ownerOf(t *testing.T, path string) (uid, gid uint32) {
	t.Helper()
	info, err := os.Lstat(path)
	must(t, err)
	st := info.Sys().(*syscall.Stat_t)
	return st.Uid, st.Gid
}

// recordedAs says that all of the snapshot belongs to user 1234.
func recordedAs(e *record.Entry) { e.UID, e.GID = 1234, 1234 }

// TestNoInodeIsGivenAway: a user renames a file of root's over the name of one of his. It has the same size and time.
// Root restores, and the user owns the file that was backed up, and not root's.
func TestNoInodeIsGivenAway(t *testing.T) {
	filetest.NeedRoot(t)
	d := snapshot(t, func(tree string) { mk(t, tree, "f", "d/", "d/x", "e/") }, recordedAs)
	for _, how := range []Overwrite{IfChanged, Always, IfNewer} {
		home := work(t)
		mk(t, home, "f", "d/", "d/secret", "e/")
		must(t, os.Link(filepath.Join(home, "f"), filepath.Join(home, "roots")))
		must(t, os.Remove(filepath.Join(home, "roots")))
		for _, name := range []string{"f", "d", "e"} {
			must(t, os.Chmod(filepath.Join(home, name), 0o700))
		}
		held, err := os.Open(filepath.Join(home, "f")) // root's file, whatever becomes of its name
		must(t, err)
		folder, err := os.Open(filepath.Join(home, "e"))
		must(t, err)
		if how == IfNewer { // all is older than in the snapshot
			for _, name := range []string{"f", "d", "e"} {
				must(t, os.Chtimes(filepath.Join(home, name), stamp.Add(-1e9), stamp.Add(-1e9)))
			}
		}
		must(t, os.Chown(home, 1234, 1234))
		res, err := d.restore(home, Options{Overwrite: how})
		must(t, err)
		wantProblems(t, res, map[string]error{"d": ErrOwner})
		for _, was := range []*os.File{held, folder} {
			info, err := was.Stat()
			must(t, err)
			if st := info.Sys().(*syscall.Stat_t); st.Uid != 0 || info.Mode().Perm() != 0o700 {
				t.Errorf("overwrite %d: %s was given to %d, mode %v", how, was.Name(), st.Uid, info.Mode())
			}
			was.Close()
		}
		for name, want := range map[string]uint32{"f": 1234, "e": 1234, "d": 0, "d/x": 1234} {
			if uid, _ := ownerOf(t, filepath.Join(home, name)); uid != want {
				t.Errorf("overwrite %d: %s belongs to %d, want %d", how, name, uid, want)
			}
		}
		if info, _ := os.Stat(filepath.Join(home, "d")); info.Mode().Perm() != 0o700 {
			t.Errorf("overwrite %d: d is %v", how, info.Mode())
		}
	}
}

// TestOwnersOfWhatExistsIfRight: where all is as it was, nothing is named and nothing copied; a target that is empty,
// or new, gets its owner.
func TestOwnersOfWhatExistsIfRight(t *testing.T) {
	filetest.NeedRoot(t)
	d := snapshot(t, func(tree string) { mk(t, tree, "f", "d/", "d/x", "l -> f") }, recordedAs)
	target := work(t)
	mk(t, target, "lost+found/")
	d.clean(target, Options{Overwrite: IfChanged})
	if uid, _ := ownerOf(t, target); uid != 1234 {
		t.Errorf("an empty target belongs to %d", uid)
	}
	ino := filetest.Inode(t, filepath.Join(target, "f"))
	if res := d.clean(target, Options{Overwrite: IfChanged}); res.FilesSkipped != 3 ||
		filetest.Inode(t, filepath.Join(target, "f")) != ino {
		t.Errorf("%+v", res)
	}
	must(t, os.Chmod(filepath.Join(target, "f"), 0o640))
	if res := d.clean(target, Options{Overwrite: IfChanged}); res.MetadataSet != 1 ||
		filetest.Inode(t, filepath.Join(target, "f")) != ino {
		t.Errorf("%+v", res)
	}
	must(t, os.Chown(filepath.Join(target, "f"), 0, 0))
	if res := d.clean(target, Options{Overwrite: IfChanged}); res.FilesRestored != 1 ||
		filetest.Inode(t, filepath.Join(target, "f")) == ino {
		t.Errorf("%+v", res)
	}
}

// TestMetadataOnlyOnVerifiedContent: a file of the recorded size and time that has another content gets no metadata,
// but is replaced.
func TestMetadataOnlyOnVerifiedContent(t *testing.T) {
	d := snapshot(t, func(tree string) {
		mk(t, tree, "f")
		must(t, os.Chmod(filepath.Join(tree, "f"), 0o755|os.ModeSetuid))
	})
	target := work(t)
	put(t, filepath.Join(target, "f"), "g")
	was, err := os.Open(filepath.Join(target, "f"))
	must(t, err)
	defer was.Close()
	if res := d.clean(target, Options{Overwrite: IfChanged}); res.FilesRestored != 1 || res.MetadataSet != 0 ||
		read(t, filepath.Join(target, "f")) != "f" {
		t.Errorf("%+v", res)
	}
	if info, _ := was.Stat(); info.Mode()&os.ModeSetuid != 0 {
		t.Error("another content was made setuid")
	}
}

// TestGivesAway is the whole judgement about existing folders.
func TestGivesAway(t *testing.T) {
	at := func(uid uint32, mode uint16) *record.Record {
		return &record.Record{Stat: file.Stat{Kind: file.Folder, UID: uid, GID: uid, Mode: mode}}
	}
	in := func(uid uint32, mode uint16) *file.Stat { return &file.Stat{UID: uid, GID: uid, Mode: mode} }
	for i, c := range []struct {
		want, now *record.Record
		parent    *file.Stat
		refused   bool
	}{
		{at(5, 0o755), at(5, 0o755), in(5, 0o755), false},
		{at(5, 0o755), at(5, 0o700), in(5, 0o755), false},  // his own in his own
		{at(5, 0o755), at(5, 0o700), in(5, 0o775), false},  // a group may be his alone
		{at(5, 0o755), at(5, 0o700), in(0, 0o755), false},  // a home in /home
		{at(5, 0o755), at(5, 0o700), in(0, 0o1777), false}, // in /tmp only the owner renames
		{at(5, 0o755), at(5, 0o700), in(0, 0o777), true},
		{at(5, 0o755), at(5, 0o755), in(0, 0o777), false}, // nothing but times
		{at(0, 0o755), at(0, 0o700), in(5, 0o755), true},  // root's in his
		{at(0, 0o755), at(0, 0o755), in(5, 0o755), false},
		{at(5, 0o700), at(0, 0o700), in(5, 0o755), true},
		{at(5, 0o700), at(0, 0o700), in(0, 0o755), true},
		{at(0, 0o700), at(5, 0o700), nil, true},
		{at(5, 0o700), at(5, 0o755), nil, false},
	} {
		if err := givesAway(c.want, c.now, c.parent, 0); (err != nil) != c.refused {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// TestNobodyEntersWhatIsBeingMade: while root restores into a folder of another user, what is being made lies in a
// folder that only root may enter, and a new folder is root's alone until it is finished.
func TestNobodyEntersWhatIsBeingMade(t *testing.T) {
	filetest.NeedRoot(t)
	d := snapshot(t, func(tree string) { mk(t, tree, "old/", "old/f", "new/", "new/g", "new/l -> g") }, recordedAs)
	target := work(t)
	mk(t, target, "old/")
	must(t, os.Chown(target, 1234, 1234))
	must(t, os.Chown(filepath.Join(target, "old"), 1234, 1234))
	stages := 0
	look := func() {
		for _, in := range []string{"", "old", "new"} {
			entries, _ := os.ReadDir(filepath.Join(target, in))
			for _, e := range entries {
				if !strings.HasPrefix(e.Name(), ".snap-") {
					continue
				}
				uid, _ := ownerOf(t, filepath.Join(target, in, e.Name()))
				info, err := e.Info()
				if in == "new" {
					info, err = os.Stat(filepath.Join(target, in))
					uid, _ = ownerOf(t, filepath.Join(target, in))
				}
				must(t, err)
				if stages++; uid != 0 || info.Mode().Perm() != 0o700 || !info.IsDir() {
					t.Errorf("%s in %q: %v of %d", e.Name(), in, info.Mode(), uid)
				}
			}
		}
	}
	_, err := d.restore(target, Options{Overwrite: Always, Jobs: 1, Report: watch{look}})
	must(t, err)
	if stages == 0 {
		t.Error("nothing was seen")
	}
}

// TestStagingFolderExchanged: whoever owns the folder takes the staging folder away, and puts his own there. Nothing is
// ever in it, and what is restored is what was backed up.
func TestStagingFolderExchanged(t *testing.T) {
	filetest.NeedRoot(t)
	d := snapshot(t, func(tree string) { mk(t, tree, "a", "b", "c") }, recordedAs)
	dir := work(t)
	target := filepath.Join(dir, "out")
	mk(t, dir, "out/", "his/", "his/canary")
	must(t, os.Chown(target, 1234, 1234))
	swapped := ""
	swap := func() {
		entries, _ := os.ReadDir(target)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".snap-") && swapped == "" {
				swapped = filepath.Join(target, e.Name())
				must(t, os.Rename(swapped, filepath.Join(dir, "taken")))
				must(t, os.Mkdir(swapped, 0o700))
				must(t, os.Chown(swapped, 1234, 1234))
			}
		}
		if swapped == "" {
			return
		}
		if entries, _ := os.ReadDir(swapped); len(entries) > 0 {
			t.Errorf("made in the folder of another: %v", entries)
		}
	}
	d.clean(target, Options{Overwrite: Always, Jobs: 1, Report: watch{swap}})
	if swapped == "" {
		t.Error("nothing was exchanged")
	}
	for _, name := range []string{"a", "b", "c"} {
		if uid, _ := ownerOf(t, filepath.Join(target, name)); uid != 1234 || read(t, filepath.Join(target, name)) != name {
			t.Errorf("%s is another, of %d", name, uid)
		}
	}
}

// TestRestoreGoesOnForAnotherUser: a restore by root that was killed leaves folders that are root's. The next one gives
// them to whom they were for.
func TestRestoreGoesOnForAnotherUser(t *testing.T) {
	filetest.NeedRoot(t)
	d := snapshot(t, func(tree string) { mk(t, tree, "d/", "d/e/", "d/e/f", "d/g") }, recordedAs)
	dir := work(t)
	target := filepath.Join(dir, "out")
	killed := filepath.Join(dir, "killed")
	_, err := d.restore(target, Options{Report: watch{func() {
		if !exists(killed) && exists(filepath.Join(target, "d/e/f")) {
			if out, err := exec.Command("cp", "-a", target, killed).CombinedOutput(); err != nil {
				t.Errorf("cp: %v %s", err, out)
			}
		}
	}}, Jobs: 1})
	must(t, err)
	if uid, _ := ownerOf(t, filepath.Join(killed, "d/e")); uid != 0 {
		t.Fatalf("nothing is unfinished: %d", uid)
	}
	d.clean(killed, Options{Overwrite: IfChanged})
	same(t, target, killed)
}

// TestSwappedSpecialFile: the name of a special file leads to something else when its owner is set.
func TestSwappedSpecialFile(t *testing.T) {
	dir := work(t)
	mk(t, dir, "root", "other")
	must(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	must(t, os.Link(filepath.Join(dir, "fifo"), filepath.Join(dir, "fifo2")))
	f, err := file.OpenRoot(dir)
	must(t, err)
	defer f.Close()
	for _, name := range []string{"root", "fifo"} {
		if _, err := f.SetMetaOf(name, &file.Meta{Kind: file.FIFO, Mode: 0o777}); !errors.Is(err, file.ErrExchanged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDeletesMost(t *testing.T) {
	for _, c := range []struct {
		name                           string
		wanted, matched, deleted, held int64
		guarded                        bool
	}{
		{"a first restore", 1000, 0, 0, 0, false},
		{"an empty folder", 0, 0, 0, 0, false},
		{"the same again", 1000, 1000, 0, 0, false},
		{"the wrong folder", 1000, 0, 5000, 0, true},
		{"the wrong small folder", 1000, 0, 7, 0, true},
		{"three files", 10, 0, 3, 0, false},
		{"the wrong folder, a name in common", 3, 1, 50, 0, true},
		{"a real home with many new files", 2000, 1900, 50_000, 0, false},
		{"half of a home, and many new files", 2000, 1100, 50_000, 0, false},
		{"an old snapshot over a home that has grown, all of it in newer ones", 100, 10, 5000, 4900, false},
		{"an old snapshot over a home that has grown since the last one too", 100, 10, 5000, 2000, false},
		{"a home with a few new files", 2000, 1900, 30, 0, false},
		{"less than half goes", 1000, 10, 9, 0, false},
	} {
		got := deletesMost(&census{wanted: c.wanted, matched: c.matched, deleted: c.deleted}, c.held)
		if got != c.guarded {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
