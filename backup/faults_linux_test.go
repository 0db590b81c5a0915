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
	"snap/index"
	"snap/internal/harness"
)

// now judges as a program does: what has just been written is racy.
func now(o *backup.Options) { o.Start, o.Force = time.Now(), true }

// TestNameTakenByAnotherFile: one name of a file is taken by another file while the backup runs. The other names must not
// get what is in that.
func TestNameTakenByAnotherFile(t *testing.T) {
	fresh := func() *place {
		p := newPlace(t)
		p.write("x", "old content of both")
		p.do(os.Link(p.path("x"), p.path("y")))
		return p
	}
	p := fresh()
	for _, n := range p.looks(t, "openat,statx", []string{"x", "y"}, "backup", "--jobs", "1", p.dest, p.src) {
		p := fresh()
		hook := fmt.Sprintf("echo secret >%[1]s/.t; mv %[1]s/.t %[1]s/x", p.src)
		hit, out := p.at(t, n, "openat,statx", []string{"-hook", hook}, "backup", "--jobs", "1", p.dest, p.src)
		if !hit {
			t.Fatalf("call %d was not met:\n%s", n, out)
		}
		b, err := os.ReadFile(filepath.Join(p.dest, "latest", "y"))
		if err != nil || string(b) != "old content of both" {
			t.Fatalf("call %d: y holds %q (%v)\n%s", n, b, err, out)
		}
	}
}

// TestNamesChangedWhileCompared: a file with two names changes between the looks at one and the other. What the next
// backup makes is right, and the check of all finds nothing.
func TestNamesChangedWhileCompared(t *testing.T) {
	fresh := func(t *testing.T) (*place, []string) {
		p := newPlace(t)
		p.write("x", "OLD content")
		long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.Local)
		p.do(os.Link(p.path("x"), p.path("y")))
		p.do(os.Chtimes(p.path("x"), long, long))
		p.backup()
		p.do(os.Chmod(p.path("x"), 0o640))
		p.do(os.Chmod(p.path("x"), 0o644))
		return p, []string{"backup", "--force", "--jobs", "1", p.dest, p.src}
	}
	p, args := fresh(t)
	for _, n := range p.looks(t, "openat,statx", []string{"x", "y"}, args...) {
		for _, what := range []string{"chmod 600 x", "printf NEW | dd of=x conv=notrunc status=none; touch -d 2020-01-01 x", "echo more >>x"} {
			p, args := fresh(t)
			hit, out := p.at(t, n, "openat,statx", []string{"-hook", "cd " + p.src + "; " + what}, args...)
			if !hit {
				t.Fatalf("call %d was not met:\n%s", n, out)
			}
			res, _ := p.backup(now)
			if d := difference(listing(t, p.src), listing(t, p.tree(res))); d != "" {
				t.Fatalf("%s before call %d: the snapshot after it is not the source:\n%s\n%s", what, n, d, out)
			}
			if found := said(p.check(backup.CheckOptions{Read: readAll})); len(found) > 0 {
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
	p := newPlace(t)
	p.write("new", "new")
	p.write("known", "before")
	must(t, "setfattr", "-n", "user.a", "-v", "1", p.path("known"))
	backUp := func(want string) {
		t.Helper()
		out, _ := p.command("strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=flistxattr,llistxattr:error=EIO", "-e", "trace=flistxattr,llistxattr",
			harness.Snap(t), "backup", p.dest, p.src).CombinedOutput()
		if !strings.Contains(string(out), want) || !strings.Contains(string(out), "input/output error") {
			t.Fatalf("%s", out)
		}
	}
	backUp("2 files")
	p.write("known", "after")
	backUp("0 added, 1 modified")
	backUp("nothing changed")
	backUp("nothing changed")
	if b, err := os.ReadFile(filepath.Join(p.dest, "latest", "known")); err != nil || string(b) != "after" {
		t.Errorf("known: %q %v", b, err)
	}
	res, _ := p.backup(now)
	p.wantSame(res)
}

// TestNoProc: where /proc is not mounted, as in a rescue system, nothing is taken for gone.
func TestNoProc(t *testing.T) {
	needRoot(t)
	p := newPlace(t)
	p.write("f", "f")
	p.write("g", "g")
	p.do(os.Symlink("f", p.path("link")))
	blind := func() string {
		out, _ := p.command("unshare", "-m", "sh", "-c", `mount -t tmpfs none /proc && exec "$0" backup --force "$1" "$2"`, harness.Snap(t), p.dest, p.src).CombinedOutput()
		return string(out)
	}
	for range 2 {
		out := blind()
		if !strings.Contains(out, "link: /proc is not mounted") || strings.Contains(out, "1 removed") {
			t.Fatal(out)
		}
		p.write("g", "changed")
	}
	b, err := os.ReadFile(filepath.Join(p.dest, "latest", "g"))
	if err != nil || string(b) != "changed" {
		t.Errorf("g: %q %v", b, err)
	}
	res, _ := p.backup(force)
	p.wantSame(res)
}

// TestStoreThroughMmapBelow is TestStoreThroughMmap on a file system that is mounted in the source.
func TestStoreThroughMmapBelow(t *testing.T) {
	p := newPlace(t)
	mnt, img := image(t, "ext4", "16M")
	must(t, "umount", mnt)
	p.do(os.Mkdir(p.path("sub"), 0o755))
	mount(t, img, p.path("sub"))
	p.mapped("sub/f")
}

// TestLinkTooLongForTheDestination: XFS holds shorter targets than ext4. Such a link is in the index, and restored from it.
func TestLinkTooLongForTheDestination(t *testing.T) {
	p := newPlace(t)
	p.dest, _ = image(t, "xfs", "400M")
	p.write("f", "f")
	p.do(os.Symlink(strings.Repeat("long/", 300), p.path("link")))
	_, rec := p.backup()
	if r := rec.changes["link"]; r.Stored != index.Absent || len(r.Target) != 1500 {
		t.Errorf("%+v", r)
	}
}

// TestDefaultACLOfTheDestination: what is in a snapshot has the ACLs of the source and no others.
func TestDefaultACLOfTheDestination(t *testing.T) {
	p := newPlace(t)
	if out, err := exec.Command("setfacl", "-d", "-m", "u:1234:rwx", p.dest).CombinedOutput(); err != nil {
		t.Skipf("setfacl: %v %s", err, out)
	}
	p.write("d/f", "f")
	p.do(os.Chmod(p.path("d/f"), 0o640))
	res, _ := p.backup()
	p.wantSame(res)
	out := must(t, "getfacl", "-R", "-p", p.tree(res))
	if strings.Contains(out, "1234") {
		t.Error(out)
	}
}
