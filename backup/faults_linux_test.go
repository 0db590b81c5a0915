package backup_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/internal/filetest"
	"snap/internal/harness"
	"snap/record"
)

// now judges as a program does: what has just been written is racy.
func now(o *backup.Options) { o.Start, o.Force = time.Now(), true }

// TestNameTakenByAnotherFile: one name of a file is taken by another file while the backup runs. The other names must
// not get what is in that.
func TestNameTakenByAnotherFile(t *testing.T) {
	fresh := func() *backuptest.Place {
		p := backuptest.NewPlace(t)
		p.Write("x", "old content of both")
		p.Do(os.Link(p.Path("x"), p.Path("y")))
		return p
	}
	p := fresh()
	for _, n := range p.Looks(t, "openat,statx", []string{"x", "y"}, "backup", "--jobs", "1", p.Dest, p.Src) {
		p := fresh()
		hook := fmt.Sprintf("echo secret >%[1]s/.t; mv %[1]s/.t %[1]s/x", p.Src)
		hit, out := p.At(t, n, "openat,statx", []string{"-hook", hook}, "backup", "--jobs", "1", p.Dest, p.Src)
		if !hit {
			t.Fatalf("call %d was not met:\n%s", n, out)
		}
		b, err := os.ReadFile(filepath.Join(p.Dest, "latest", "y"))
		if err != nil || string(b) != "old content of both" {
			t.Fatalf("call %d: y holds %q (%v)\n%s", n, b, err, out)
		}
	}
}

// TestNamesChangedWhileCompared: a file with two names changes between the looks at one and the other. What the next
// backup makes is right, and the check of all finds nothing.
func TestNamesChangedWhileCompared(t *testing.T) {
	fresh := func(t *testing.T) (*backuptest.Place, []string) {
		p := backuptest.NewPlace(t)
		p.Write("x", "OLD content")
		long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.Local)
		p.Do(os.Link(p.Path("x"), p.Path("y")))
		p.Do(os.Chtimes(p.Path("x"), long, long))
		p.Backup()
		p.Do(os.Chmod(p.Path("x"), 0o640))
		p.Do(os.Chmod(p.Path("x"), 0o644))
		return p, []string{"backup", "--force", "--jobs", "1", p.Dest, p.Src}
	}
	p, args := fresh(t)
	for _, n := range p.Looks(t, "openat,statx", []string{"x", "y"}, args...) {
		for _, what := range []string{"chmod 600 x", "printf NEW | dd of=x conv=notrunc status=none; touch -d 2020-01-01 x",
			"echo more >>x"} {
			p, args := fresh(t)
			hit, out := p.At(t, n, "openat,statx", []string{"-hook", "cd " + p.Src + "; " + what}, args...)
			if !hit {
				t.Fatalf("call %d was not met:\n%s", n, out)
			}
			res, _ := p.Backup(now)
			if d := backuptest.Difference(backuptest.Listing(t, p.Src), backuptest.Listing(t, p.Tree(res))); d != "" {
				t.Fatalf("%s before call %d: the snapshot after it is not the source:\n%s\n%s", what, n, d, out)
			}
			if found := backuptest.Said(p.Check(check.Options{Read: backuptest.ReadAll})); len(found) > 0 {
				t.Fatalf("%s before call %d: %q\n%s", what, n, found, out)
			}
		}
	}
}

// TestXattrsThatCannotBeRead: the bytes are backed up all the same, and the next backup brings the attributes.
func TestXattrsThatCannotBeRead(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("no strace")
	}
	p := backuptest.NewPlace(t)
	p.Write("new", "new")
	p.Write("known", "before")
	filetest.Must(t, "setfattr", "-n", "user.a", "-v", "1", p.Path("known"))
	backUp := func(want string) {
		t.Helper()
		out, _ := p.Command("strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=flistxattr,llistxattr:error=EIO", "-e",
			"trace=flistxattr,llistxattr",
			harness.Snap(t), "backup", p.Dest, p.Src).CombinedOutput()
		if !strings.Contains(string(out), want) || !strings.Contains(string(out), "input/output error") {
			t.Fatalf("%s", out)
		}
	}
	backUp("2 files")
	p.Write("known", "after")
	backUp("0 added, 1 modified")
	backUp("nothing changed")
	backUp("nothing changed")
	if b, err := os.ReadFile(filepath.Join(p.Dest, "latest", "known")); err != nil || string(b) != "after" {
		t.Errorf("known: %q %v", b, err)
	}
	res, _ := p.Backup(now)
	p.WantSame(res)
}

// TestNoProc: where /proc is not mounted, as in a rescue system, nothing is taken for gone.
func TestNoProc(t *testing.T) {
	filetest.NeedRoot(t)
	p := backuptest.NewPlace(t)
	p.Write("f", "f")
	p.Write("g", "g")
	p.Do(os.Symlink("f", p.Path("link")))
	blind := func() string {
		out, _ := p.Command("unshare", "-m", "sh", "-c", `mount -t tmpfs none /proc && exec "$0" backup --force "$1" "$2"`,
			harness.Snap(t), p.Dest, p.Src).CombinedOutput()
		return string(out)
	}
	for range 2 {
		out := blind()
		if !strings.Contains(out, "link: /proc is not mounted") || strings.Contains(out, "1 removed") {
			t.Fatal(out)
		}
		p.Write("g", "changed")
	}
	b, err := os.ReadFile(filepath.Join(p.Dest, "latest", "g"))
	if err != nil || string(b) != "changed" {
		t.Errorf("g: %q %v", b, err)
	}
	res, _ := p.Backup(backuptest.Force)
	p.WantSame(res)
}

// TestStoreThroughMmapBelow is TestStoreThroughMmap on a file system that is mounted in the source.
func TestStoreThroughMmapBelow(t *testing.T) {
	p := backuptest.NewPlace(t)
	mnt, img := filetest.Image(t, "ext4", "16M")
	filetest.Must(t, "umount", mnt)
	p.Do(os.Mkdir(p.Path("sub"), 0o755))
	filetest.MountImage(t, img, p.Path("sub"))
	p.Mapped("sub/f")
}

// TestLinkTooLongForTheDestination: XFS holds shorter targets than ext4. Such a link is in the index, and restored
// from it.
func TestLinkTooLongForTheDestination(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Dest, _ = filetest.Image(t, "xfs", "400M")
	p.Write("f", "f")
	p.Do(os.Symlink(strings.Repeat("long/", 300), p.Path("link")))
	_, rec := p.Backup()
	if r := rec.Changes["link"]; r.Stored != record.Absent || len(r.Target) != 1500 {
		t.Errorf("%+v", r)
	}
}

// TestDefaultACLOfTheDestination: what is in a snapshot has the ACLs of the source and no others.
func TestDefaultACLOfTheDestination(t *testing.T) {
	p := backuptest.NewPlace(t)
	if out, err := exec.Command("setfacl", "-d", "-m", "u:1234:rwx", p.Dest).CombinedOutput(); err != nil {
		t.Skipf("setfacl: %v %s", err, out)
	}
	p.Write("d/f", "f")
	p.Do(os.Chmod(p.Path("d/f"), 0o640))
	res, _ := p.Backup()
	p.WantSame(res)
	out := filetest.Must(t, "getfacl", "-R", "-p", p.Tree(res))
	if strings.Contains(out, "1234") {
		t.Error(out)
	}
}
