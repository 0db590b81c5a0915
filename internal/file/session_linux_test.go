package file

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSession is the same in all of a mount, and another one each time that a file system is mounted.
func TestSession(t *testing.T) {
	path := mount(t, "tmpfs", "size=1m")
	check(t, os.Mkdir(path+"/dir", 0o700))
	session := func(path string) string { return openRootAt(t, path).Session() }
	first := session(path)
	if first == "" {
		t.Skip("this system does not tell one mount from the next: Linux does from 6.8 on")
	}
	if got := session(path + "/dir"); got != first {
		t.Errorf("a folder in it has %s, not %s", got, first)
	}
	again := filepath.Join(t.TempDir(), "again")
	check(t, os.Mkdir(again, 0o700))
	seen := map[string]bool{first: true}
	for range 3 { // the number of a mount that ended is free for the next
		check(t, unix.Mount(path, again, "", unix.MS_BIND, ""))
		got := session(again)
		check(t, unix.Unmount(again, unix.MNT_DETACH))
		if seen[got] {
			t.Errorf("another mount has %s too", got)
		}
		seen[got] = true
	}
}
