package backup_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snap/internal/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Run(m)) }

// needRoot skips a test that mounts.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
}

// oddfs mounts a view of real that misbehaves as args say.
func oddfs(t *testing.T, real string, args ...string) string {
	t.Helper()
	return oddfsAt(t, t.TempDir(), real, args...)
}

// oddfsAt is oddfs mounted at mnt.
func oddfsAt(t *testing.T, mnt, real string, args ...string) string {
	t.Helper()
	needRoot(t)
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("no /dev/fuse")
	}
	cmd := exec.Command(harness.Tool(t, "oddfs"), append(args, real, mnt)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		exec.Command("umount", "-l", mnt).Run()
		cmd.Process.Kill() // it would not end while another mount namespace has a copy of the mount
		cmd.Wait()
	})
	for range 200 {
		b, err := os.ReadFile("/proc/self/mounts")
		if err == nil && strings.Contains(string(b), " "+mnt+" ") {
			return mnt
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("oddfs did not mount")
	return ""
}

// image makes a file system of the type in a file and mounts it.
func image(t *testing.T, kind, size string, options ...string) (mnt, img string) {
	t.Helper()
	needRoot(t)
	mkfs, err := exec.LookPath("mkfs." + kind)
	if err != nil {
		t.Skipf("mkfs.%s is missing", kind)
	}
	img, mnt = filepath.Join(t.TempDir(), "img"), t.TempDir()
	must(t, "truncate", "-s", size, img)
	must(t, mkfs, append(options, "-q", img)...)
	mount(t, img, mnt)
	return mnt, img
}

func mount(t *testing.T, img, mnt string) {
	t.Helper()
	must(t, "mount", "-o", "loop", img, mnt)
	t.Cleanup(func() { exec.Command("umount", mnt).Run() })
}

func must(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}
