package destination_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/internal/harness"
	"snap/record"
)

// TestLatestIsMended: a run that died between the last two steps of publishing leaves a stale link.
func TestLatestIsMended(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	first, _ := p.Backup()
	p.Write("b", "b")
	second, _ := p.Backup()
	link := filepath.Join(p.Dest, "latest")
	p.Do(os.Remove(link))
	p.Do(os.Symlink(first.Header.Name, link))
	if res, _ := p.Backup(); !res.Skipped {
		t.Fatal("something changed")
	}
	if target, err := os.Readlink(link); err != nil || target != second.Header.Name {
		t.Fatalf("latest leads to %q (%v), want %q", target, err, second.Header.Name)
	}
}

// TestLockOnFullDisk: that there is no room to say who holds the lock stops nobody.
func TestLockOnFullDisk(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	cmd := exec.Command(harness.Tool(t, "faultrun"), "-only", "write", "-at", "1", "-errno", "ENOSPC", "--",
		harness.Snap(t), "backup", p.Dest, p.Src)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "hit=write") {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestUsersOwnLatest: a file or folder of that name that is no link is the user's.
func TestUsersOwnLatest(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Do(os.WriteFile(filepath.Join(p.Dest, "latest"), []byte("mine"), 0o600))
	p.Backup()
	if b, err := os.ReadFile(filepath.Join(p.Dest, "latest")); err != nil || string(b) != "mine" {
		t.Fatalf("%q %v", b, err)
	}
}

// TestASyncThatFailsAfterPublishing: whatever sync fails, a snapshot that the exit code speaks of is listed, and the
// next run finishes it; without one nothing is listed.
func TestASyncThatFailsAfterPublishing(t *testing.T) {
	fault, snap := harness.Tool(t, "faultrun"), harness.Snap(t)
	published := 0
	for n := 1; ; n++ {
		p := backuptest.NewPlace(t)
		p.Write("a", "a")
		p.Backup()
		p.Write("b", "b")
		cmd := exec.Command(fault, "-only", "fsync", "-at", strconv.Itoa(n), "-errno", "EIO", "--", snap, "backup",
			p.Dest, p.Src)
		cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
		out, _ := cmd.CombinedOutput()
		heads, _ := p.Knows()
		switch code := cmd.ProcessState.ExitCode(); {
		case code == 3 && len(heads) == 2:
			published++
		case code == 0 && len(heads) == 2, code == 1 && len(heads) == 1:
		default:
			t.Fatalf("sync %d: exit code %d, %d snapshots\n%s", n, code, len(heads), out)
		}
		res, _ := p.Backup()
		if all, _ := p.Knows(); len(all) != 2 || all[1].Work != "" || all[1].State != record.Complete {
			t.Fatalf("sync %d: then there are %+v", n, all)
		}
		if res.Skipped != (len(heads) == 2) {
			t.Errorf("sync %d: %d snapshots, then skipped %v", n, len(heads), res.Skipped)
		}
		if !strings.Contains(string(out), "hit=fsync") {
			break
		}
	}
	if published == 0 {
		t.Error("no sync failed after the snapshot was published")
	}
}
