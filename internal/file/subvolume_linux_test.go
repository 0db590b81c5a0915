package file

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"snap/internal/filetest"
)

// subvolumeUser is set in the environment of a process that runs the test below as an ordinary user, in its handle 3.
const subvolumeUser = "FILE_TEST_SUBVOLUMES"

// TestSubvolumes: as root and as an ordinary user, on a file system that lets users remove subvolumes and on one that
// does not.
func TestSubvolumes(t *testing.T) {
	if may := os.Getenv(subvolumeUser); may != "" {
		subvolumes(t, "/proc/self/fd/3", may == "yes")
		return
	}
	mnt, _ := filetest.Image(t, "btrfs", "256M")
	subvolumes(t, mnt, true)
	for _, may := range []string{"no", "yes"} {
		if may == "yes" {
			filetest.Must(t, "mount", "-o", "remount,user_subvol_rm_allowed", mnt)
		}
		theirs := filepath.Join(mnt, "theirs-"+may)
		check(t, os.Mkdir(theirs, 0o700))
		check(t, os.Chown(theirs, filetest.PlainUser, filetest.PlainGroup))
		dir, err := os.Open(theirs)
		check(t, err)
		defer dir.Close()
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestSubvolumes$", "-test.v")
		cmd.Dir, cmd.Env, cmd.ExtraFiles = "/", append(os.Environ(), "TMPDIR=/tmp", subvolumeUser+"="+may), []*os.File{dir}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: filetest.PlainUser,
			Gid: filetest.PlainGroup}}
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestSubvolumes") {
			t.Errorf("as an ordinary user, who may remove subvolumes: %s: %v\n%s", may, err, out)
		}
	}
}

// subvolumes makes, copies, seals, renames and removes subvolumes in an empty folder.
func subvolumes(t *testing.T, path string, mayRemove bool) {
	d, err := OpenRoot(path)
	check(t, err)
	defer d.Close()
	check(t, d.MakeSubvolume("first"))
	if err := d.MakeSubvolume("first"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made twice: %v", err)
	}
	for _, name := range []string{"", "..", "a/b", strings.Repeat("n", 256), strings.Repeat("n", 5000)} {
		if err := d.MakeSubvolume(name); err == nil {
			t.Errorf("%.20q was made", name)
		}
	}
	check(t, d.Mkdir("folder"))
	first, second, folder := opened(t, d, "first"), (*Dir)(nil), opened(t, d, "folder")
	for dir, want := range map[*Dir]bool{first: true, folder: false} {
		if is, err := dir.IsSubvolume(); err != nil || is != want {
			t.Errorf("%s: subvolume: %v, %v", dir.Path(), is, err)
		}
	}
	if _, err := folder.Sealed(); err == nil {
		t.Error("a folder has the flags of a subvolume")
	}
	if err := d.SnapshotSubvolume(folder, "of-a-folder"); err == nil {
		t.Error("a folder was copied")
	}
	f, err := first.Create("f")
	check(t, err)
	check(t, errors.Join(f.writeAt([]byte("content"), 0), f.Close()))
	check(t, first.Seal(true))
	if is, err := first.Sealed(); err != nil || !is {
		t.Errorf("sealed: %v, %v", is, err)
	}
	if err := first.Remove("f"); !errors.Is(err, unix.EROFS) {
		t.Errorf("removed from a read-only subvolume: %v", err)
	}
	check(t, d.SnapshotSubvolume(first, "second"))
	second = opened(t, d, "second")
	if is, err := second.Sealed(); err != nil || is {
		t.Errorf("the copy is sealed: %v, %v", is, err)
	}
	check(t, second.Rename("f", second, "g"))
	check(t, d.Rename("second", folder, "renamed"))
	if _, err := first.Lstat("f"); err != nil {
		t.Errorf("the first has changed: %v", err)
	}
	check(t, d.syncSystem())
	if os.Geteuid() != 0 {
		if err := d.RemoveSubvolume("first"); mayRemove && !errors.Is(err, unix.EROFS) {
			t.Errorf("remove a read-only subvolume: %v", err)
		}
		check(t, first.Seal(false))
	}
	for name, in := range map[string]*Dir{"first": d, "renamed": folder} {
		if err := in.RemoveSubvolume(name); mayRemove && err != nil || !mayRemove && !errors.Is(err, fs.ErrPermission) {
			t.Errorf("remove %s: %v", name, err)
		}
	}
	if err := d.RemoveSubvolume("folder"); err == nil {
		t.Error("a folder was removed")
	}
	check(t, first.Close())
	check(t, errors.Join(second.Close(), folder.Close()))
}

func opened(t *testing.T, d *Dir, name string) *Dir {
	t.Helper()
	sub, err := d.OpenDir(name)
	check(t, err)
	return sub
}

// TestSubvolumesElsewhere: other file systems say that they have none.
func TestSubvolumesElsewhere(t *testing.T) {
	mnt, _ := filetest.Image(t, "ext4", "16M")
	d, err := OpenRoot(mnt)
	check(t, err)
	defer d.Close()
	_, sealed := d.Sealed()
	for what, err := range map[string]error{"make": d.MakeSubvolume("a"), "snapshot": d.SnapshotSubvolume(d, "b"),
		"remove": d.RemoveSubvolume("lost+found"), "sealed": sealed, "seal": d.Seal(true)} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if is, err := d.IsSubvolume(); err != nil || is {
		t.Errorf("subvolume: %v, %v", is, err)
	}
}
