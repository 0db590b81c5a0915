package filetest

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// PlainUser and PlainGroup are who AsPlainUser runs a test as; OtherGroup is another group of theirs.
const PlainUser, PlainGroup, OtherGroup = 1234, 1234, 4321

// AsPlainUser reports whether the test runs as an ordinary user. As root, who may do everything, it runs the test once
// more as one, in a process of its own, and the caller returns.
func AsPlainUser(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return true
	}
	// The binary may lie where the user cannot go: this link leads there all the same.
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.Env = "/", append(os.Environ(), "TMPDIR=/tmp")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: PlainUser, Gid: PlainGroup,
		Groups: []uint32{PlainGroup, OtherGroup}}}
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

// Inode is the inode number of what is at path.
func Inode(t testing.TB, path string) uint64 {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}
