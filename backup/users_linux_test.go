package backup_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/internal/harness"
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
	must(t, "cp", harness.Snap(t), filepath.Join(u.dir, "snap"))
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
	return u.command(root, code, exec.Command(u.path("snap"), args...))
}

// runWithout runs snap as root without some of root's rights, as setpriv names them.
func (u *users) runWithout(rights string, code int, args ...string) string {
	u.Helper()
	return u.command(true, code, exec.Command("setpriv", append([]string{"--bounding-set", rights, u.path("snap")}, args...)...))
}

func (u *users) command(root bool, code int, c *exec.Cmd) string {
	u.Helper()
	args, home := c.Args, u.path("home-of-root")
	if !root {
		home = u.path("home")
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	c.Dir, c.Env = u.dir, append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+home)
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

// owner is who owns a file of a snapshot, and its inode number.
func (u *users) owner(name string) (uid uint32, ino uint64) {
	u.Helper()
	s, err := os.Lstat(u.path(name))
	u.do(err)
	stat := s.Sys().(*syscall.Stat_t)
	return stat.Uid, stat.Ino
}

// TestRootAfterAUserAllKinds: with hard links, moves, attributes, devices; and what the destination gives a file of its own
// accord makes no difference.
func TestRootAfterAUserAllKinds(t *testing.T) {
	u := newUsers(t)
	must(t, "sh", "-c", "cd "+u.dir+`/s && mkdir a && echo 1 >a/f && ln a/f a/g && echo 2 >moves && ln -s nowhere link && mkfifo fifo && mknod null c 1 3 &&
		echo 3 >mine && echo 4 >capable && chown 65534:65534 mine capable && setfattr -n user.x -v y a/f && setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 capable && touch -d 2020-01-01 a/f moves mine capable`)
	u.run(false, 0, "backup", "d", "s", "--time", "2026-01-01")
	if _, err := os.Lstat(u.path("d/20260101-000000/null")); err == nil {
		t.Fatal("an ordinary user has made a device")
	}
	must(t, "setfattr", "-n", "user.of-the-disk", "-v", "1", u.path("d/20260101-000000/mine"))
	u.do(os.Rename(u.path("s/moves"), u.path("s/moved")))
	const said = "snapshot 20260101-000000, made by "
	dry := u.run(true, 0, "backup", "-n", "--json", "d", "s", "--time", "2026-01-02")
	out := u.run(true, 0, "backup", "--json", "d", "s", "--time", "2026-01-02")
	for _, s := range []string{dry, out} {
		if !strings.Contains(s, said) || !strings.Contains(s, " of some files (7): made anew") || !strings.Contains(s, `"files_moved":1`) {
			t.Errorf("%s", s)
		}
	}
	if same := must(t, "rsync", "-aHAXn", "--itemize-changes", u.path("s")+"/a", u.path("s/moved"), u.path("s/null"), u.path("s/fifo"), u.path("s/link"), u.path("s/capable"), u.path("d/20260102-000000/")); same != "" {
		t.Errorf("not as in the source:\n%s", same)
	}
	_, old := u.owner("d/20260101-000000/mine")
	if _, now := u.owner("d/20260102-000000/mine"); now != old {
		t.Error("what was right was copied")
	}
	u.run(true, 0, "check", "--read-data", "-d", "d")
	before := u.run(true, 0, "history", "-d", "d", u.path("s/moved"))
	u.run(true, 0, "reindex", "-d", "d")
	if after := u.run(true, 0, "history", "-d", "d", u.path("s/moved")); after != before {
		t.Errorf("%s\nis after a reindex\n%s", before, after)
	}
	u.run(true, 0, "delete", "-d", "d", "oldest")
	u.run(true, 0, "check", "--read-data", "-d", "d")
	if out := u.run(true, 0, "backup", "--force", "d", "s", "--time", "2026-01-03"); strings.Contains(out, "made by") {
		t.Errorf("%s", out)
	}
}

// TestOwnersThatCannotBeGiven: what was proved unchanged is linked as it is where the source cannot be read, the
// destination gives nothing away or has no room.
func TestOwnersThatCannotBeGiven(t *testing.T) {
	t.Run("unreadable", func(t *testing.T) {
		u := newUsers(t)
		must(t, "sh", "-c", "cd "+u.dir+"/s && echo 1 >f && ln f g && chown 1:65534 f && chmod 640 f && touch -d 2020-01-01 f")
		time.Sleep(3100 * time.Millisecond) // from then on the times prove that it is unchanged
		u.run(false, 0, "backup", "d", "s", "--time", "2026-01-01")
		must(t, "sh", "-c", "cd "+u.dir+" && find d -path d/20260101-000000 -prune -o -exec chown 0:0 {} +; chown 0:0 d/20260101-000000")
		out := u.runWithout("-dac_override,-dac_read_search", 0, "backup", "--force", "d", "s", "--time", "2026-01-02")
		if strings.Count(out, "cannot be read") != 2 || !strings.Contains(out, "2 files linked") {
			t.Errorf("%s", out)
		}
		u.run(true, 0, "check", "--read-data", "-d", "d")
		_, old := u.owner("d/20260101-000000/f")
		for _, name := range []string{"f", "g"} {
			if _, now := u.owner("d/20260102-000000/" + name); now != old {
				t.Errorf("%s is not the user's copy", name)
			}
		}
		must(t, "rm", "-r", u.path("d/.snap/index.db"))
		u.run(true, 0, "reindex", "-d", "d")
		u.run(true, 0, "check", "--read-data", "-d", "d")
	})
	t.Run("nothing given away", func(t *testing.T) {
		u := newUsers(t)
		must(t, "sh", "-c", "cd "+u.dir+"/s && seq 20 | xargs touch -d 2020-01-01")
		u.run(false, 0, "backup", "d", "s", "--time", "2026-01-01")
		if out := u.runWithout("-chown", 0, "backup", "--force", "d", "s", "--time", "2026-01-02"); !strings.Contains(out, "20 files linked") {
			t.Errorf("%s", out)
		}
	})
	for _, c := range []struct{ name, make, edit, size, linked string }{
		{"a large file", "head -c 20M /dev/urandom >f && touch -d 2020-01-01 f", "true", "30m", "1 file linked"},
		{"small files", "seq -f 'f%g' 2000 | xargs touch -d 2020-01-01 && for f in *; do echo 1 >$f; done", "true", "16m", "2,000 files linked"},
		{"a renamed file with holes", "head -c 20M /dev/urandom >b && head -c 20M /dev/urandom >s && truncate -s 100M s && touch -d 2020-01-01 b s", "mv s s2", "60m", "2 files linked"},
	} {
		t.Run("no room for "+c.name, func(t *testing.T) {
			u := newUsers(t)
			must(t, "mount", "-t", "tmpfs", "-o", "uid=65534,mode=755,size="+c.size, "none", u.path("d"))
			defer must(t, "umount", u.path("d"))
			must(t, "sh", "-c", "cd "+u.dir+"/s && "+c.make)
			u.run(false, 0, "backup", "d", "s", "--time", "2026-01-01")
			must(t, "sh", "-c", "cd "+u.dir+"/s && "+c.edit)
			for _, n := range []string{"--dry-run", "--dry-run=false"} {
				out := u.run(true, 0, "backup", n, "--force", "d", "s", "--time", "2026-01-02")
				if !strings.Contains(out, "no room to make them anew") || !strings.Contains(out, c.linked) {
					t.Errorf("%s: %s", n, out)
				}
			}
		})
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

// TestNumbersGivenOutAgain: a file whose inode another has by now, with an unchanged copy beside it, is not joined to that. What
// is made anew is: for its owner, or because the previous tree is gone.
func TestNumbersGivenOutAgain(t *testing.T) {
	for _, why := range []string{"owner", "no tree"} {
		for _, flags := range [][]string{nil, {"--ignore-inode", "--ignore-ctime"}} {
			t.Run(why+strings.Join(flags, ""), func(t *testing.T) {
				u := newUsers(t)
				must(t, "sh", "-c", "cd "+u.dir+"/s && echo hello >m && ln m n && touch -d 2020-01-01 m")
				time.Sleep(3100 * time.Millisecond) // from then on the times prove that it is unchanged
				backup := append([]string{"backup", "d", "s"}, flags...)
				u.run(why == "no tree", 0, append(backup, "--time", "2026-01-01")...)
				must(t, "cp", "-p", u.path("s/m"), u.path("s/copy"))
				_, was := u.owner("s/m")
				must(t, "rm", u.path("s/m"), u.path("s/n"))
				for i := 0; ; i++ {
					name := u.path("s/try" + strconv.Itoa(i))
					u.do(os.WriteFile(name, []byte("other\n"), 0o644))
					if _, ino := u.owner("s/try" + strconv.Itoa(i)); ino == was {
						must(t, "sh", "-c", "cd "+u.dir+"/s && mv $0 x && ln x a1 && ln x z1 && rm x && rm -f try* && touch -d 2020-01-01 a1", name)
						break
					}
					if i == 2000 {
						t.Skip("the temporary folder's file system gives no inode number out again")
					}
				}
				must(t, "sh", "-c", "cd "+u.dir+"/s && mv copy m && ln m n")
				if why == "no tree" {
					must(t, "rm", "-r", u.path("d/20260101-000000"))
				}
				u.run(true, 0, append(backup, "--time", "2026-01-02")...)
				must(t, "touch", u.path("s/new"))
				u.run(true, 0, append(backup, "--time", "2026-01-03")...)
				for _, snap := range []string{"d/20260102-000000/", "d/20260103-000000/"} {
					if diff := must(t, "rsync", "-aHAXn", "--checksum", "--itemize-changes", "--exclude=/new", u.path("s")+"/", u.path(snap)); strings.Contains(diff, "f") {
						t.Errorf("%s is not the source:\n%s", snap, diff)
					}
					for _, pair := range [][2]string{{"m", "n"}, {"a1", "z1"}} {
						_, a := u.owner(snap + pair[0])
						_, b := u.owner(snap + pair[1])
						if a != b {
							t.Errorf("%s: %s and %s are two files", snap, pair[0], pair[1])
						}
					}
				}
				u.run(true, 0, "check", "--read-data", "-d", "d")
			})
		}
	}
}

// TestDevicesThatAUserCouldNotMake: in a restore they are as many as they were, with the names that each had.
func TestDevicesThatAUserCouldNotMake(t *testing.T) {
	u := newUsers(t)
	must(t, "sh", "-c", "cd "+u.dir+"/s && mknod n1 c 1 3 && mknod n2 c 1 3 && ln n1 n3 && ln n2 n4 && touch -d 2020-01-01 n1 n2 && echo x >f")
	u.run(false, 0, "backup", "d", "s")
	u.run(true, 0, "restore", "-d", "d", "latest", "--target", "t")
	ino := map[string]uint64{}
	for _, name := range []string{"n1", "n2", "n3", "n4"} {
		_, ino[name] = u.owner("t/" + name)
	}
	if ino["n1"] != ino["n3"] || ino["n2"] != ino["n4"] || ino["n1"] == ino["n2"] {
		t.Errorf("%v", ino)
	}
}
