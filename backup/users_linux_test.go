package backup_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// users is a folder with a source s and a destination d of an ordinary user's, where he and root run snap.
type users struct {
	*testing.T
	dir string
}

func newUsers(t *testing.T) *users {
	needRoot(t)
	u := &users{t, t.TempDir()}
	for dir := u.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		u.do(os.Chmod(dir, 0o755))
	}
	must(t, "cp", program(t), filepath.Join(u.dir, "snap"))
	must(t, "mkdir", u.path("s"), u.path("d"))
	must(t, "chown", "65534:65534", u.dir, u.path("s"), u.path("d"))
	return u
}

func (u *users) path(name string) string { return filepath.Join(u.dir, name) }

func (u *users) do(err error) {
	u.Helper()
	if err != nil {
		u.Fatal(err)
	}
}

// run runs snap in the folder, as the user or as root, and answers what it says.
func (u *users) run(root bool, code int, args ...string) string {
	u.Helper()
	c := exec.Command(u.path("snap"), args...)
	c.Dir, c.Env = u.dir, append(os.Environ(), "HOME="+u.dir, "XDG_STATE_HOME="+u.dir)
	if !root {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := c.CombinedOutput()
	if c.ProcessState == nil || c.ProcessState.ExitCode() != code {
		u.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestRootAfterAUser: what an ordinary user's backup could not give its files, those of a backup by root have.
func TestRootAfterAUser(t *testing.T) {
	u := newUsers(t)
	must(t, "sh", "-c", "cd "+u.dir+`/s && echo hello >f && chmod 4755 f && echo mine >mine && chown 65534:65534 mine && touch -d 2020-01-01 f mine`)
	u.run(false, 0, "backup", "d", "s", "--time", "2026-01-01")
	u.run(true, 0, "backup", "--force", "d", "s", "--time", "2026-01-02")
	u.run(true, 0, "check", "-d", "d")
	var first, second [2]os.FileInfo
	for i, name := range []string{"f", "mine"} {
		var err error
		first[i], err = os.Stat(u.path("d/20260101-000000/" + name))
		u.do(err)
		second[i], err = os.Stat(u.path("d/20260102-000000/" + name))
		u.do(err)
	}
	if s := second[0].Sys().(*syscall.Stat_t); s.Uid != 0 || second[0].Mode() != 0o755|os.ModeSetuid {
		t.Errorf("owner %d, mode %v", s.Uid, second[0].Mode())
	}
	if os.SameFile(first[0], second[0]) || !os.SameFile(first[1], second[1]) {
		t.Error("the user's file is to be linked, that of root to be copied")
	}
	u.run(true, 0, "backup", "--force", "d", "s", "--time", "2026-01-03")
	if third, err := os.Stat(u.path("d/20260103-000000/f")); err != nil || !os.SameFile(second[0], third) {
		t.Errorf("root's own copy is not linked: %v", err)
	}
}

// TestUserAfterRoot: what root leaves in a user's destination keeps him from nothing that he may do.
func TestUserAfterRoot(t *testing.T) {
	u := newUsers(t)
	for _, day := range []string{"01", "02", "03", "04"} {
		u.do(os.WriteFile(u.path("s/f"), []byte(day), 0o644))
		u.run(day == "03", 0, "backup", "d", "s", "--time", "2026-01-"+day)
	}
	set := u.path("d/.snap/changes/0000000003")
	if s, err := os.Stat(set); err != nil || s.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Fatal("root's change set is not root's", err)
	}
	u.run(false, 0, "delete", "-d", "d", "20260102-000000")
	must(t, "mkdir", "-m", "700", "-p", u.path("d/.snap/tmp/abc"), u.path("d/.snap/tmp/abc/tree"))
	u.do(os.WriteFile(u.path("s/f"), []byte("05"), 0o644))
	if out := u.run(false, 0, "backup", "d", "s", "--time", "2026-01-05"); !strings.Contains(out, "cannot be removed: ") {
		t.Errorf("nothing is said of what root has left:\n%s", out)
	}
	u.run(true, 0, "delete", "-d", "d", "oldest")
	u.run(true, 0, "check", "-d", "d")
	if left, _ := filepath.Glob(u.path("d/.snap/tmp/*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestLogOfAnother: root writes no log where somebody else says.
func TestLogOfAnother(t *testing.T) {
	u := newUsers(t)
	u.run(false, 0, "init", "d")
	options := u.path("d/BackupOptions.txt")
	u.do(os.WriteFile(options, []byte("logfile = "+u.path("profile")+"\n"), 0o644))
	if out := u.run(true, 0, "backup", "d", "s", "--force", "--allow-empty-source"); !strings.Contains(out, "no log is kept") {
		t.Errorf("%s", out)
	}
	if _, err := os.Lstat(u.path("profile")); err == nil {
		t.Error("a log was written")
	}
	must(t, "chown", "-R", "0:0", u.path("d"))
	u.run(true, 0, "backup", "d", "s", "--force", "--allow-empty-source")
	if _, err := os.Lstat(u.path("profile")); err != nil {
		t.Error(err)
	}
}

// TestUnreadableFilesAreToldOnce: also what cannot be looked at, because its folder can only be listed.
func TestUnreadableFilesAreToldOnce(t *testing.T) {
	u := newUsers(t)
	must(t, "sh", "-c", "cd "+u.dir+"/s && mkdir r && echo 1 >r/z && chown -R 65534:65534 r && chmod 444 r")
	for range 3 {
		out := u.run(false, 3, "backup", "d", "s", "--force")
		if strings.Count(out, "r/z: permission denied") != 1 || !strings.Contains(out, "1 could not be read") {
			t.Errorf("%s", out)
		}
	}
}
