package file

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func needRoot(t *testing.T, why string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: " + why)
	}
}

// plainUser and plainGroup are who asPlainUser runs a test as; otherGroup is another group of theirs.
const plainUser, plainGroup, otherGroup = 1234, 1234, 4321

// asPlainUser reports whether the test runs as an ordinary user. As root it runs the test once more as
// one, in a process of its own, and the caller returns.
func asPlainUser(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return true
	}
	// The binary may lie where the user cannot go: this link leads there all the same.
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "TMPDIR=/tmp")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: plainUser, Gid: plainGroup,
		Groups: []uint32{plainGroup, otherGroup}}}
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil:
		t.Errorf("as an ordinary user: %v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("as an ordinary user:\n%s", out)
	case !strings.Contains(string(out), "--- PASS: "+t.Name()):
		t.Errorf("as an ordinary user it did not run:\n%s", out)
	}
	return false
}

// mount mounts a file system in a new folder until the test ends.
func mount(t *testing.T, kind, options string) string {
	t.Helper()
	needRoot(t, "mounts a "+kind)
	path := filepath.Join(t.TempDir(), "mnt")
	check(t, os.Mkdir(path, 0o700))
	if err := unix.Mount(kind, path, kind, 0, options); err != nil {
		t.Skipf("cannot mount a %s here: %v", kind, err)
	}
	t.Cleanup(func() { check(t, unix.Unmount(path, unix.MNT_DETACH)) })
	return path
}

// mountImage makes a file system of this kind in a file and mounts it until the test ends.
func mountImage(t *testing.T, kind string) string {
	t.Helper()
	needRoot(t, "mounts a "+kind)
	if _, err := exec.LookPath("mkfs." + kind); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	image, path := filepath.Join(dir, "image"), filepath.Join(dir, "mnt")
	check(t, os.WriteFile(image, nil, 0o600))
	check(t, os.Truncate(image, 320<<20))
	check(t, os.Mkdir(path, 0o700))
	if out, err := exec.Command("mkfs."+kind, "-q", image).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.%s: %v\n%s", kind, err, out)
	}
	if out, err := exec.Command("mount", "-o", "loop", image, path).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a %s here: %v: %s", kind, err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", path).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return path
}

// handles is the number of open file descriptors of this process.
func handles(t testing.TB) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	return len(list)
}
