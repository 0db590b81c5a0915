package backup_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/internal/harness"
)

// TestOldNameThatCannotBeLookedAt: another name of a known file is no move because the disk did not answer
// when the old name was looked at.
func TestOldNameThatCannotBeLookedAt(t *testing.T) {
	fault, snap := harness.Tool(t, "faultrun"), harness.Snap(t)
	p := backuptest.NewPlace(t)
	p.Write("d/a", "content")
	p.Backup()
	if err := os.Link(p.Path("d/a"), p.Path("d/b")); err != nil {
		t.Fatal(err)
	}
	hits := 0
	for n := 1; ; n++ {
		cmd := exec.Command(fault, "-only", "statx", "-at", strconv.Itoa(n), "-errno", "EIO", "--", snap, "backup", "-n",
			"-v", p.Dest, p.Src)
		cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if !strings.Contains(string(out), "hit=statx") {
			break
		}
		hits++
		if err == nil && strings.Contains(string(out), "R d/a") {
			t.Errorf("call %d:\n%s", n, out)
		}
	}
	if hits < 3 {
		t.Errorf("%d calls failed", hits)
	}
}

// TestFolderThatComesBack: a folder that is removed while it is read, and of which there is another by then, is read
// again.
func TestFolderThatComesBack(t *testing.T) {
	fault, snap := harness.Tool(t, "faultrun"), harness.Snap(t)
	hits := 0
	for n := 1; ; n++ {
		p := backuptest.NewPlace(t)
		p.Write("d/old", "content")
		again := "rm -r " + p.Path("d") + "; mkdir " + p.Path("d") + "; echo new >" + p.Path("d/new")
		cmd := exec.Command(fault, "-only", "getdents64", "-at", strconv.Itoa(n), "-hook", again, "--", snap, "backup",
			"--jobs", "1", "-v", p.Dest, p.Src)
		cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if !strings.Contains(string(out), "hit=getdents64") {
			break
		}
		hits++
		if err != nil {
			t.Errorf("call %d: %v\n%s", n, err, out)
		}
	}
	if hits < 3 {
		t.Errorf("%d calls were met", hits)
	}
}
