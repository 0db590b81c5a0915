package backuptest

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"snap/internal/filetest"
	"snap/internal/harness"
)

// users is a folder with a source s and a destination d of an ordinary user's, where he and root run snap.
type users struct {
	*testing.T
	Dir string
	Uid uint32
}

func NewUsers(t *testing.T) *users {
	filetest.NeedRoot(t)
	u := &users{t, t.TempDir(), 65534}
	for dir := u.Dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		u.Do(os.Chmod(dir, 0o755))
	}
	filetest.Must(t, "cp", harness.Snap(t), filepath.Join(u.Dir, "snap"))
	// else the tests' list of destinations is the real root's
	filetest.Must(t, "mkdir", u.Path("s"), u.Path("d"), u.Path("home-of-root"))
	filetest.Must(t, "chown", "65534:65534", u.Dir, u.Path("s"), u.Path("d"))
	return u
}

func (u *users) Path(name string) string { return filepath.Join(u.Dir, name) }

// Run runs snap in the folder, as the user or as root, and answers what it says.
func (u *users) Run(root bool, code int, args ...string) string {
	u.Helper()
	return u.command(root, code, exec.Command(u.Path("snap"), args...))
}

func (u *users) command(root bool, code int, c *exec.Cmd) string {
	u.Helper()
	args, home := c.Args, u.Path("home-of-root")
	if !root {
		home = u.Path("home")
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: u.Uid, Gid: u.Uid}}
	}
	// A destination in a folder for temporary files is not remembered.
	c.Dir, c.Env = u.Dir, append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+home, "SNAP_DEST="+u.Path("d"))
	out, err := c.CombinedOutput()
	if c.ProcessState == nil || c.ProcessState.ExitCode() != code {
		u.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

func (u *users) Do(err error) {
	u.Helper()
	if err != nil {
		u.Fatal(err)
	}
}

// Owner is who owns a file of a snapshot, and its inode number.
func (u *users) Owner(name string) (uid uint32, ino uint64) {
	u.Helper()
	s, err := os.Lstat(u.Path(name))
	u.Do(err)
	stat := s.Sys().(*syscall.Stat_t)
	return stat.Uid, stat.Ino
}
