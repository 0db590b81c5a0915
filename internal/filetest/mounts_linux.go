package filetest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"snap/internal/harness"
)

// NeedRoot skips a test that only root can run.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// Must runs a command, which has to succeed, and returns what it printed.
func Must(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// Image makes a file system of this kind in a file, and mounts it in a new folder until the test ends.
func Image(t testing.TB, kind, size string, options ...string) (mnt, img string) {
	t.Helper()
	NeedRoot(t)
	mkfs, err := exec.LookPath("mkfs." + kind)
	if err != nil {
		t.Skipf("mkfs.%s is missing", kind)
	}
	img, mnt = filepath.Join(t.TempDir(), "img"), t.TempDir()
	Must(t, "truncate", "-s", size, img)
	if kind != "vfat" && kind != "exfat" { // they have no such flag, and say little
		options = append(options, "-q")
	}
	Must(t, mkfs, append(options, img)...)
	if out, err := exec.Command("mount", "-o", "loop", img, mnt).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a file system of type %s here: %v: %s", kind, err, out)
	}
	t.Cleanup(func() { exec.Command("umount", mnt).Run() })
	return mnt, img
}

// MountImage mounts an image that Image made once more, at mnt, until the test ends.
func MountImage(t testing.TB, img, mnt string) {
	t.Helper()
	Must(t, "mount", "-o", "loop", img, mnt)
	t.Cleanup(func() { exec.Command("umount", mnt).Run() })
}

// Mount mounts a file system of this kind that needs no device at mnt, until the test ends.
func Mount(t testing.TB, kind, mnt, options string) { mount(t, kind, mnt, kind, 0, options) }

// Bind shows the folder from at mnt too, until the test ends.
func Bind(t testing.TB, from, mnt string) { mount(t, from, mnt, "", syscall.MS_BIND, "") }

func mount(t testing.TB, what, mnt, kind string, flags uintptr, options string) {
	t.Helper()
	NeedRoot(t)
	if err := syscall.Mount(what, mnt, kind, flags, options); err != nil {
		t.Skipf("cannot mount %s here: %v", what, err)
	}
	t.Cleanup(func() { syscall.Unmount(mnt, syscall.MNT_DETACH) })
}

// Oddfs mounts a view of real that misbehaves as args say in a new folder.
func Oddfs(t testing.TB, real string, args ...string) string {
	t.Helper()
	return OddfsAt(t, t.TempDir(), real, args...)
}

// OddfsAt is Oddfs at mnt.
func OddfsAt(t testing.TB, mnt, real string, args ...string) string {
	t.Helper()
	NeedRoot(t)
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("no /dev/fuse")
	}
	cmd := exec.Command(harness.Tool(t, "oddfs"), append(args, real, mnt)...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		exec.Command("umount", "-l", mnt).Run()
		cmd.Process.Kill() // it would not end while another mount namespace has a copy of the mount
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "mounted\n" {
		t.Fatalf("oddfs did not mount: %q, %v", line, err)
	}
	return mnt
}
