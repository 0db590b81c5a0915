package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/internal/harness"
)

// TestMain is snap itself where a test runs this binary by snap's name: no test has to build the program.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "snap", "snap-backup":
		main()
	}
	os.Exit(harness.Run(m))
}

// TestSignals sends signals to a backup that waits for the destination's lock: it ends with the code of
// the signal, and leaves the destination as it was.
func TestSignals(t *testing.T) {
	dir, command := place(t)
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
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}, {syscall.SIGHUP, 143}, {syscall.SIGQUIT, 143}} {
		c := command("backup", "--force", "--lock-wait", "10min", "dest", "src")
		var text strings.Builder
		c.Stderr = &text
		opened := opens(t, lock.Name())
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		opened()
		if err := c.Process.Signal(tt.signal); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != tt.code ||
			!strings.Contains(text.String(), "snap: interrupted") {
			t.Errorf("%v: %v, %q, want exit code %d", tt.signal, err, text.String(), tt.code)
		}
	}
	if left, err := os.ReadDir(filepath.Join(dir, "dest/.snap/tmp")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// opens waits for the next time that the file at path is opened: by then snap's handler for signals is set. It is asked
// for before snap is started.
func opens(t *testing.T, path string) (wait func()) {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	events := os.NewFile(uintptr(fd), "inotify")
	if _, err := syscall.InotifyAddWatch(fd, path, syscall.IN_OPEN); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if _, err := events.Read(make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
		events.Close()
	}
}

// place is a folder with a source, a file in it, and an empty destination, and a way to run snap there.
func place(t *testing.T) (dir string, command func(args ...string) *exec.Cmd) {
	t.Helper()
	dir = t.TempDir()
	for _, d := range []string{"src", "dest"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "src/a"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if signal.Ignored(s) { // nohup, or a shell's &: what a command inherits, and then obeys
			signal.Notify(make(chan os.Signal, 1), s)
			t.Cleanup(func() { signal.Ignore(s) })
		}
	}
	snap := filepath.Join(dir, "snap")
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, snap)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir, func(args ...string) *exec.Cmd {
		c := exec.Command(snap, args...)
		c.Dir, c.Env = dir, append(os.Environ(), "XDG_STATE_HOME="+dir)
		return c
	}
}

// TestSignalInLongCopy interrupts the copy of files that take minutes to read: the backup
// ends, and the next one takes over what was copied before.
func TestSignalInLongCopy(t *testing.T) {
	dir, command := place(t)
	source, err := os.Lstat(filepath.Join(dir, "src/a"))
	if err != nil {
		t.Fatal(err)
	}
	// Until its change time is far enough back to prove that it is unchanged. No system call sets one, and an ordinary
	// user has no other way.
	for time.Since(source.ModTime()) < 4*time.Second {
		time.Sleep(100 * time.Millisecond)
	}
	long := filepath.Join(dir, "src/long")
	for _, tt := range []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}} {
		dest := filepath.Join(dir, fmt.Sprint("dest", tt.code))
		if err := os.Mkdir(dest, 0o700); err != nil {
			t.Fatal(err)
		}
		for i := range 500 { // each with fewer holes than would be passed over
			name := long
			if i > 0 {
				name += strconv.Itoa(i)
			}
			if err := errors.Join(os.WriteFile(name, nil, 0o644), os.Truncate(name, 1<<30-4096)); err != nil {
				t.Fatal(err)
			}
		}
		c := command("backup", dest, "src")
		var text strings.Builder
		c.Stderr = &text
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- c.Wait() }()
		tree := ""
		for tree == "" { // until a is done and long begun
			select {
			case err := <-done:
				t.Fatalf("%v\n%s", err, text.String())
			default:
			}
			for _, begun := range glob(t, dest+"/.snap/tmp/*/tree/long") {
				if info, err := os.Lstat(filepath.Join(filepath.Dir(begun), "a")); err == nil &&
					info.ModTime().Equal(source.ModTime()) {
					tree = filepath.Dir(begun)
				}
			}
		}
		if err := c.Process.Signal(tt.signal); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := <-done; !errors.As(err, &exit) || exit.ExitCode() != tt.code ||
			!strings.Contains(text.String(), "snap: what was copied is kept") {
			t.Errorf("%v: %v, %q, want exit code %d", tt.signal, err, text.String(), tt.code)
		}
		was, err := os.Lstat(filepath.Join(tree, "a"))
		if err != nil {
			t.Fatal(err)
		}
		if set, err := os.ReadFile(filepath.Join(tree, "../changes")); err != nil ||
			!strings.Contains(string(set), `"boot":`) {
			t.Skipf("this system does not tell one mount from the next (%v)", err)
		}
		if err := os.Truncate(long, 1); err != nil {
			t.Fatal(err)
		}
		for _, name := range glob(t, long+"?*") {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		out, err := command("backup", dest, "src").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		is, err := os.Lstat(filepath.Join(dest, "latest/a"))
		if err != nil {
			t.Fatal(err)
		}
		if taken := strings.Contains(string(out), "1 file (1 B) taken over"); !taken || !os.SameFile(was, is) {
			t.Errorf("%v: the file that was copied is not taken over:\n%s", tt.signal, out)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	all, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
