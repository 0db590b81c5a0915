package file

import (
	"os"
	"path/filepath"
	"testing"

	"snap/internal/filetest"
)

// handles is the number of open file descriptors of this process.
func handles(t testing.TB) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	return len(list)
}

// mount mounts a file system in a new folder until the test ends.
func mount(t *testing.T, kind, options string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mnt")
	check(t, os.Mkdir(path, 0o700))
	filetest.Mount(t, kind, path, options)
	return path
}
