package backup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/internal/filetest"
)

// TestOneOwner: nobody but its owner writes to a destination, root neither; root may read.
func TestOneOwner(t *testing.T) {
	u := backuptest.NewUsers(t)
	u.Do(os.WriteFile(u.Path("s/f"), []byte("1"), 0o644))
	u.Run(false, 0, "backup", "d", "s", "--time", "2026-01-01")
	before := filetest.Must(t, "find", u.Path("d"), "-printf", "%p %u %i %T@ %C@\n")
	for _, args := range [][]string{
		{"backup", "d", "s"}, {"backup", "-n", "d", "s"}, {"init", "d"}, {"prune", "-d", "d", "--keep-last", "1"},
		{"prune", "-n", "-d", "d", "--keep-last", "1"},
		{"delete", "-d", "d", "latest"}, {"tag", "-d", "d", "latest", "--add", "x"}, {"note", "-d", "d", "latest", "x"},
		{"reindex", "-d", "d"}, {"check", "--repair", "-d", "d"},
	} {
		if out := u.Run(true, 4, args...); !strings.Contains(out, "only the owner writes") ||
			!strings.Contains(out, "as its owner: sudo -u nobody snap "+strings.Join(args, " ")+"\n") ||
			!strings.Contains(out, "--take-over") {
			t.Errorf("%q: %s", args, out)
		}
	}
	if after := filetest.Must(t, "find", u.Path("d"), "-printf", "%p %u %i %T@ %C@\n"); after != before {
		t.Errorf("a refused run has written:\n%s\n%s", before, after)
	}
	for _, args := range [][]string{
		{"list", "-d", "d"}, {"ls", "-d", "d", "latest"}, {"find", "-d", "d", "f"}, {"check", "--read-data", "-d", "d"},
		{"diff", "--source", "-d", "d"},
		{"restore", "-d", "d", "latest", "--target", "t"},
	} {
		u.Run(true, 0, args...)
	}
	filetest.Must(t, "chown", "-hR", "0:0", u.Path("d"))
	filetest.Must(t, "chmod", "-R", "go+rX", u.Path("d")) // .snap is opened, for the sake of argument
	if out := u.Run(false, 4, "backup", "d", "s"); !strings.Contains(out, "belongs to root") ||
		!strings.Contains(out, "as its owner: sudo snap backup d s\n") {
		t.Errorf("%s", out)
	}
	u.Run(false, 4, "backup", "--take-over", "d", "s")
	filetest.Must(t, "chmod", "-R", "go-rX", u.Path("d/.snap"))
	u.Run(false, 4, "backup", "d", "s")
	filetest.Must(t, "chown", "-hR", "4242:4242", u.Path("d"))
	if out := u.Run(false, 4, "backup", "d", "s"); !strings.Contains(out, "sudo -u '#4242'") ||
		!strings.Contains(out, "chown -hR --from=4242 nobody") {
		t.Errorf("of another machine: %s", out)
	}
	filetest.Must(t, "chown", "-hR", "--from=4242", "nobody", u.Path("d"))
	u.Run(false, 0, "backup", "--force", "d", "s")
	filetest.Must(t, "chown", "0:0", u.Path("d/.snap/lock"))
	if out := u.Run(false, 4, "backup", "d", "s"); !strings.Contains(out, "sudo chown nobody") {
		t.Errorf("the lock is root's: %s", out)
	}
}

// TestTakeOver: what was a user's is root's, who copies all once; a take-over that was stopped anywhere is refused to
// both, and done by the next.
func TestTakeOver(t *testing.T) {
	u := backuptest.NewUsers(t)
	filetest.Must(t, "sh", "-c",
		"cd "+u.Dir+`/s && mkdir a && echo 1 >a/f && ln a/f a/g && echo 2 >own &&
			chown 65534 own && mknod null c 1 3 && chmod 4755 a/f && touch -d 2020-01-01 a/f own`)
	u.Run(false, 0, "backup", "d", "s", "--time", "2026-01-01")
	u.Do(os.Link(u.Path("d/Blacklist.txt"), u.Path("elsewhere")))
	u.Do(os.WriteFile(u.Path("d/BackupOptions.txt"), []byte("logfile = /etc/profile\n"), 0o644))
	if out := u.Run(true, 4, "init", "d", "--take-over"); !strings.Contains(out, "where root is to write a log") {
		t.Errorf("%s", out)
	}
	filetest.Must(t, "sh", "-c", ": >"+u.Path("d/BackupOptions.txt"))
	filetest.Must(t, "chown", "0", u.Path("d/.snap")) // as a take-over that was stopped leaves it
	u.Run(false, 4, "backup", "d", "s")
	u.Run(true, 4, "backup", "d", "s")
	if out := u.Run(true, 0, "backup", "-n", "--take-over", "d",
		"s"); !strings.Contains(out, "d is nobody's and would be root's\n") {
		t.Errorf("%s", out)
	}
	users := ofNobody(t, u.Path("d")) // all that is not in the snapshot
	if out := u.Run(true, 0, "init", "d", "--take-over"); !strings.Contains(out,
		fmt.Sprintf("d was nobody's and is root's now: %d files and folders of it were given to root\n", len(users))) ||
		!strings.Contains(out,
			"what is in its 1 snapshot stays nobody's, and nothing is linked to that: the next snapshot copies everything, "+
				"once\n") {
		t.Errorf("these were nobody's: %q\n%s", users, out)
	}
	if left := ofNobody(t, u.Path("d")); len(left) > 0 {
		t.Errorf("not taken over: %q", left)
	}
	if out := u.Run(true, 0, "init", "d", "--take-over", "--json"); strings.Contains(out, "taken_over") {
		t.Errorf("taken over twice: %s", out)
	}
	if out := u.Run(true, 0, "init", "d",
		"--take-over"); !strings.Contains(out, "d is root's already: there was nothing to take over\n") {
		t.Errorf("%s", out)
	}
	for _, name := range []string{"d", "d/latest", "d/Blacklist.txt", "d/.snap/index.db", "d/.snap/changes/0000000001",
		"d/.snap/lock"} {
		if uid, _ := u.Owner(name); uid != 0 {
			t.Errorf("%s belongs to %d", name, uid)
		}
	}
	if uid, _ := u.Owner("elsewhere"); uid != 65534 {
		t.Error("a file outside was taken, too")
	}
	u.Run(false, 4, "backup", "d", "s")
	if out := u.Run(false, 4, "backup"); !strings.Contains(out, "as its owner: sudo snap backup\n") {
		t.Errorf("without arguments: %s", out)
	}
	for _, args := range [][]string{{"list"}, {"ls", "-d", "d"}, {"restore", "latest", "--target", "t"}} {
		if out := u.Run(false, 1,
			args...); !strings.Contains(out, "who may: ls -ld "+u.Path("d/.snap")+" "+u.Path("d")+"\n") {
			t.Errorf("%q: %s", args, out)
		}
	}
	u.Run(true, 0, "check", "--read-data", "-d", "d")
	if out := u.Run(true, 0, "backup", "--force", "d", "s", "--time",
		"2026-01-02"); strings.Count(out, "every file is copied, this once") != 1 || strings.Count(out, "\n") > 6 {
		t.Errorf("%s", out)
	}
	if same := filetest.Must(t, "rsync", "-aHAXn", "--itemize-changes", u.Path("s")+"/",
		u.Path("d/20260102-000000/")); strings.Contains(same, "f") {
		t.Errorf("not as in the source:\n%s", same)
	}
	u.Run(true, 0, "check", "--read-data", "-d", "d")
	_, ino := u.Owner("d/20260102-000000/own")
	u.Run(true, 0, "backup", "--force", "d", "s", "--time", "2026-01-03")
	if _, now := u.Owner("d/20260103-000000/own"); now != ino {
		t.Error("copied twice")
	}
	u.Run(true, 0, "delete", "-d", "d", "oldest")
	u.Run(true, 0, "reindex", "-d", "d")
	u.Run(true, 0, "check", "--read-data", "-d", "d")
}

// ofNobody are the files and folders of a destination that belong to nobody, without the snapshots.
func ofNobody(t *testing.T, dest string) []string {
	return strings.Fields(filetest.Must(t, "find", dest, "-path", filepath.Join(dest, "2*"), "-prune", "-o", "-user",
		"nobody", "-printf", "%p "))
}

// TestLogOfAnother: root writes no log where somebody else says.
func TestLogOfAnother(t *testing.T) {
	u := backuptest.NewUsers(t)
	profile := filepath.Join(t.TempDir(), "profile") // root's own folder
	filetest.Must(t, "chown", "0:0", u.Path("d"))
	u.Run(true, 0, "init", "d")
	options := u.Path("d/BackupOptions.txt")
	u.Do(os.WriteFile(options, []byte("logfile = "+profile+"\n"), 0o644))
	u.Do(os.Chown(options, 65534, 65534))
	if out := u.Run(true, 0, "backup", "d", "s", "--force",
		"--allow-empty-source"); !strings.Contains(out, "no log is kept") {
		t.Errorf("%s", out)
	}
	if _, err := os.Lstat(profile); err == nil {
		t.Error("a log was written")
	}
	u.Do(os.Chown(options, 0, 0))
	u.Do(os.WriteFile(options, []byte("logfile = "+u.Path("log")+"\n"), 0o644)) // in a folder of the user's
	if out := u.Run(true, 0, "backup", "d", "s", "--force",
		"--allow-empty-source"); !strings.Contains(out, "no log is kept") {
		t.Errorf("%s", out)
	}
	u.Do(os.WriteFile(options, []byte("logfile = "+profile+"\n"), 0o644))
	u.Run(true, 0, "backup", "d", "s", "--force", "--allow-empty-source")
	if _, err := os.Lstat(profile); err != nil {
		t.Error(err)
	}
}

// TestUnreadableFilesAreToldOnce: also what cannot be looked at, because its folder can only be listed.
func TestUnreadableFilesAreToldOnce(t *testing.T) {
	u := backuptest.NewUsers(t)
	filetest.Must(t, "sh", "-c", "cd "+u.Dir+"/s && mkdir r && echo 1 >r/z && chown -R 65534:65534 r && chmod 444 r")
	for range 3 {
		out := u.Run(false, 3, "backup", "d", "s", "--force")
		if strings.Count(out, "r/z: permission denied") != 1 || !strings.Contains(out, "1 could not be read") {
			t.Errorf("%s", out)
		}
	}
}

// TestNumbersGivenOutAgain: a file whose inode another has by now, with an unchanged copy beside it, is not joined to
// that. What is made anew, because the previous tree is gone, is.
func TestNumbersGivenOutAgain(t *testing.T) {
	for _, flags := range [][]string{nil, {"--ignore-inode", "--ignore-ctime"}} {
		t.Run(strings.Join(flags, ""), func(t *testing.T) {
			u := backuptest.NewUsers(t)
			mnt, img := filetest.Image(t, "ext4", "16M", "-O", "^has_journal") // an inode that is freed is used at once
			filetest.Must(t, "sh", "-c",
				"cd "+mnt+" && rmdir lost+found && echo hello >m && ln m n && touch -d 2020-01-01 m && chown 65534:65534 .")
			filetest.Must(t, "umount", mnt)
			// An old change time proves that it is unchanged, and no system call sets one.
			filetest.Must(t, "debugfs", "-w", "-R", "set_inode_field m ctime 20200101", img)
			filetest.MountImage(t, img, u.Path("s"))
			backup := append([]string{"backup", "d", "s"}, flags...)
			u.Run(true, 0, append(backup, "--time", "2026-01-01")...)
			filetest.Must(t, "cp", "-p", u.Path("s/m"), u.Path("s/copy"))
			_, was := u.Owner("s/m")
			filetest.Must(t, "rm", u.Path("s/m"), u.Path("s/n"))
			for i := 0; ; i++ {
				name := u.Path("s/try" + strconv.Itoa(i))
				u.Do(os.WriteFile(name, []byte("other\n"), 0o644))
				if _, ino := u.Owner("s/try" + strconv.Itoa(i)); ino == was {
					filetest.Must(t, "sh", "-c",
						"cd "+u.Dir+"/s && mv $0 x && ln x a1 && ln x z1 && rm x && rm -f try* && touch -d 2020-01-01 a1", name)
					break
				}
				if i == 2000 {
					t.Skip("the temporary folder's file system gives no inode number out again")
				}
			}
			filetest.Must(t, "sh", "-c", "cd "+u.Dir+"/s && mv copy m && ln m n")
			filetest.Must(t, "rm", "-r", u.Path("d/20260101-000000"))
			u.Run(true, 0, append(backup, "--time", "2026-01-02")...)
			filetest.Must(t, "touch", u.Path("s/new"))
			u.Run(true, 0, append(backup, "--time", "2026-01-03")...)
			for _, snap := range []string{"d/20260102-000000/", "d/20260103-000000/"} {
				if diff := filetest.Must(t, "rsync", "-aHAXn", "--checksum", "--itemize-changes", "--exclude=/new",
					u.Path("s")+"/", u.Path(snap)); strings.Contains(diff, "f") {
					t.Errorf("%s is not the source:\n%s", snap, diff)
				}
				for _, pair := range [][2]string{{"m", "n"}, {"a1", "z1"}} {
					_, a := u.Owner(snap + pair[0])
					_, b := u.Owner(snap + pair[1])
					if a != b {
						t.Errorf("%s: %s and %s are two files", snap, pair[0], pair[1])
					}
				}
			}
			u.Run(true, 0, "delete", "--missing", "-d", "d")
			u.Run(true, 0, "check", "--read-data", "-d", "d")
		})
	}
}

// TestDevicesThatAUserCouldNotMake: in a restore they are as many as they were, with the names that each had.
func TestDevicesThatAUserCouldNotMake(t *testing.T) {
	u := backuptest.NewUsers(t)
	filetest.Must(t, "sh", "-c",
		"cd "+u.Dir+"/s && mknod n1 c 1 3 && mknod n2 c 1 3 && ln n1 n3 && ln n2 n4 && touch -d 2020-01-01 n1 n2 && echo x "+
			">f")
	u.Run(false, 0, "backup", "d", "s")
	u.Run(true, 0, "restore", "-d", "d", "latest", "--target", "t")
	ino := map[string]uint64{}
	for _, name := range []string{"n1", "n2", "n3", "n4"} {
		_, ino[name] = u.Owner("t/" + name)
	}
	if ino["n1"] != ino["n3"] || ino["n2"] != ino["n4"] || ino["n1"] == ino["n2"] {
		t.Errorf("%v", ino)
	}
}

// TestTheWayToSourcesNeedNotBeReadable: a user who may only pass through a folder backs up what is in it.
func TestTheWayToSourcesNeedNotBeReadable(t *testing.T) {
	u := backuptest.NewUsers(t)
	for _, name := range []string{"s/way/one/f", "s/way/two/deep/g", "s/way/other"} {
		u.Do(os.MkdirAll(filepath.Dir(u.Path(name)), 0o755))
		u.Do(os.WriteFile(u.Path(name), []byte(name), 0o644))
	}
	filetest.Must(t, "chown", "-R", "65534:65534", u.Path("s/way/one"), u.Path("s/way/two"))
	u.Do(os.Chmod(u.Path("s/way"), 0o711))
	u.Run(false, 0, "backup", "d", "s/way/one", "s/way/two")
	if out := u.Run(false, 0, "backup"); !strings.Contains(out, "nothing changed") {
		t.Error(out)
	}
	u.Run(false, 0, "check", "--read-data")
	u.Run(false, 0, "diff", "--source", "--exit-code")
	u.Do(os.RemoveAll(u.Path("s/way/two/deep")))
	u.Run(false, 0, "restore", "latest", "--in-place", "--overwrite", "if-changed", "--delete")
	if b, err := os.ReadFile(u.Path("s/way/two/deep/g")); err != nil || string(b) != "s/way/two/deep/g" {
		t.Error(string(b), err)
	}
	u.Do(os.Chmod(u.Path("s/way"), 0o700)) // out of reach: refused, not taken for empty
	if out := u.Run(false, 1, "backup"); !strings.Contains(out, "s/way/one: permission denied") {
		t.Error(out)
	}
}
