package backup_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"snap/internal/harness"
)

// TestLatestIsMended: a run that died between the last two steps of publishing leaves a stale link.
func TestLatestIsMended(t *testing.T) {
	p := newPlace(t)
	p.write("a", "a")
	first, _ := p.backup()
	p.write("b", "b")
	second, _ := p.backup()
	link := filepath.Join(p.dest, "latest")
	p.do(os.Remove(link))
	p.do(os.Symlink(first.Header.Name, link))
	if res, _ := p.backup(); !res.Skipped {
		t.Fatal("something changed")
	}
	if target, err := os.Readlink(link); err != nil || target != second.Header.Name {
		t.Fatalf("latest leads to %q (%v), want %q", target, err, second.Header.Name)
	}
}

// TestLockOnFullDisk: that there is no room to say who holds the lock stops nobody.
func TestLockOnFullDisk(t *testing.T) {
	p := newPlace(t)
	p.write("a", "a")
	cmd := exec.Command(harness.Tool(t, "faultrun"), "-only", "write", "-at", "1", "-errno", "ENOSPC", "--", harness.Snap(t), "backup", p.dest, p.src)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "hit=write") {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestUsersOwnLatest: a file or folder of that name that is no link is the user's.
func TestUsersOwnLatest(t *testing.T) {
	p := newPlace(t)
	p.write("a", "a")
	p.do(os.WriteFile(filepath.Join(p.dest, "latest"), []byte("mine"), 0o600))
	p.backup()
	if b, err := os.ReadFile(filepath.Join(p.dest, "latest")); err != nil || string(b) != "mine" {
		t.Fatalf("%q %v", b, err)
	}
}
