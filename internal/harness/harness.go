// Package harness leads tests to the tools in .ci/harness, which share no code with snap, and to snap itself as a
// built program. Only tests import it. What is built is built once: the tools for all, in the user's cache folder,
// the program for the tests of a package.
package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"snap/internal/long"
)

// Script is the path of a script of the harness.
func Script(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(folder(), name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Python is a command line of Python 3 with these arguments. The test is skipped where there is none, or where it
// lacks modules that the test needs, as python3-minimal does.
func Python(t testing.TB, modules string, args ...string) *exec.Cmd {
	t.Helper()
	if modules != "" {
		modules = "import " + modules
	}
	if _, err := output(exec.Command("python3", "-c", modules)); err != nil {
		t.Skipf("needs python3 (%v)", err)
	}
	return exec.Command("python3", args...)
}

// Tool is the path of a program of the harness. The test is skipped where it cannot be built: it is for Linux on
// x86-64, and needs modules that snap does not.
func Tool(t testing.TB, name string) string {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the harness is for Linux on x86-64")
	}
	dir, err := tools()
	if err != nil {
		t.Skipf("the harness cannot be built: %v", err)
	}
	return filepath.Join(dir, name)
}

var tools = sync.OnceValues(func() (string, error) {
	return output(exec.Command(filepath.Join(folder(), "build.sh")))
})

// Snap is the path of snap as it is built for users.
func Snap(t testing.TB) string {
	t.Helper()
	path, err := snap()
	if err != nil {
		t.Fatalf("build snap: %v", err)
	}
	return path
}

var built string // the folder with the program; Run removes it

var snap = sync.OnceValues(func() (path string, err error) {
	if built, err = os.MkdirTemp("", "snap-built-"); err != nil {
		return "", err
	}
	if err := os.Chmod(built, 0o755); err != nil { // other users run it, too
		return "", err
	}
	path = filepath.Join(built, "snap")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, "snap/cmd/snap")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	_, err = output(cmd)
	return path, err
})

// Run runs the tests of a package that make backups or use Snap, for its TestMain. In the quick form their temporary
// folders are in memory, because everything that a backup makes is synced: on a slow disk the tests took ten times as
// long. The long form uses the disk. SNAP_TEST_DIR is a folder to use instead: on btrfs, say.
func Run(m *testing.M) (code int) {
	dir := ""
	if place := os.Getenv("SNAP_TEST_DIR"); place != "" {
		os.Setenv("TMPDIR", place)
	} else if !long.Form() {
		if dir = memory(); dir != "" {
			os.Setenv("TMPDIR", dir)
		}
	}
	code = m.Run()
	os.RemoveAll(built)
	os.RemoveAll(dir)
	return code
}

// folder is .ci/harness, seen from the folder of a package's tests.
func folder() string {
	dir := ".."
	for range 3 {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Join("..", dir)
	}
	return filepath.Join(dir, ".ci/harness")
}

// output is what a command prints, without the end of the line; its error is what it says.
func output(cmd *exec.Cmd) (string, error) {
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil && said.Len() > 0 {
		err = &failed{strings.TrimSpace(said.String())}
	}
	return strings.TrimSpace(string(out)), err
}

// failed is what a command said before it ended with an error.
type failed struct{ said string }

func (f *failed) Error() string { return f.said }
