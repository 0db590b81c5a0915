package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestSignals sends signals to a backup that waits for the destination's lock: it ends with the code of
// the signal, and leaves the destination as it was.
func TestSignals(t *testing.T) {
	dir := t.TempDir()
	snap := filepath.Join(dir, "snap")
	if out, err := exec.Command("go", "build", "-o", snap, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, d := range []string{"src", "dest"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "src/a"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) *exec.Cmd {
		c := exec.Command(snap, args...)
		c.Dir, c.Env = dir, append(os.Environ(), "XDG_STATE_HOME="+dir)
		return c
	}
	if out, err := command("backup", "dest", "src").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "dest/.snap/lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}, {syscall.SIGHUP, 143}} {
		c := command("backup", "--force", "--lock-wait", "10min", "dest", "src")
		var text strings.Builder
		c.Stderr = &text
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		waitForLock(t, c.Process.Pid)
		if err := c.Process.Signal(tt.signal); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != tt.code || !strings.Contains(text.String(), "snap: interrupted") {
			t.Errorf("%v: %v, %q, want exit code %d", tt.signal, err, text.String(), tt.code)
		}
	}
	if left, err := os.ReadDir(filepath.Join(dir, "dest/.snap/tmp")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// waitForLock waits until the process has opened the lock file: its handler for signals is set by then.
func waitForLock(t *testing.T, pid int) {
	t.Helper()
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	for {
		fds, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range fds {
			if to, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil && strings.HasSuffix(to, "/.snap/lock") {
				return
			}
		}
	}
}
