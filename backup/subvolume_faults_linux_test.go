package backup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/internal/long"
)

// subvolumeCalls are those that change a tree or what it is.
const subvolumeCalls = "ioctl,rename,renameat,renameat2,unlinkat,mkdirat,linkat,symlinkat,openat,fchmod,fchmodat," +
	"fchownat,utimensat,fsync,syncfs,write,flock"

// newSubvolumes is a place with a snapshot, and a source that has changed since.
func newSubvolumes(t *testing.T) (p *backuptest.Place, before map[string]backuptest.Entry, tree string) {
	p = backuptest.NewPlace(t)
	for i := range 6 {
		for j := range 9 {
			p.Write(fmt.Sprintf("d%d/f%02d", i, j), strings.Repeat(fmt.Sprint(i), 3*j))
		}
		p.Write(fmt.Sprintf("d%d/large", i), fmt.Sprint("large ", i))
	}
	p.Write("d0/f10", "with other names")
	p.Do(os.Link(p.Path("d0/f10"), p.Path("d4/other")))
	p.Do(os.Link(p.Path("d1/large"), p.Path("d3/another")))
	one := first(p.Backup())
	everyChange(p, 1)
	tree = p.Tree(one)
	return p, backuptest.Listing(t, tree), tree
}

// endsWell checks what a fault has left: the older snapshot is as it was, the next run makes the right one, and every
// snapshot is read-only.
func endsWell(t *testing.T, p *backuptest.Place, before map[string]backuptest.Entry, tree, what, out string) {
	t.Helper()
	if _, err := os.Lstat(tree); err == nil && before != nil {
		if d := backuptest.Difference(before, backuptest.Listing(t, tree)); d != "" {
			t.Fatalf("%s: the older snapshot has changed: %s\n%s", what, d, out)
		}
	}
	res := first(p.Backup(backuptest.Force))
	p.WantSame(res)
	if left := p.Works(); len(left) > 0 {
		t.Fatalf("%s: left behind: %v\n%s", what, left, out)
	}
	for _, name := range []string{"tmp", "trash"} {
		if left, err := os.ReadDir(p.Meta(name)); err != nil || len(left) > 0 {
			t.Fatalf("%s: in %s: %v, %v\n%s", what, name, left, err, out)
		}
	}
	for _, name := range p.Snapshots() {
		if subvolume, sealed := isSealed(t, name); subvolume != sealed {
			t.Fatalf("%s: %s can be written to\n%s", what, filepath.Base(name), out)
		}
	}
	if found := backuptest.Said(p.Check(check.Options{Read: backuptest.ReadAll})); len(found) > 0 {
		t.Fatalf("%s: check: %q\n%s", what, found, out)
	}
	p.Do(backuptest.RemoveAll(p.Dest))
	p.Do(backuptest.RemoveAll(p.Src))
}

// TestSubvolumesThatAreKilled kills a backup and a deletion before each call. TestSubvolumesThatFail has each fail.
func TestSubvolumesThatAreKilled(t *testing.T) { subvolumeFaults(t, "-kill") }

func TestSubvolumesThatFail(t *testing.T) {
	for _, errno := range []string{"ENOSYS", "EIO", "ENOSPC", "EPERM"} {
		t.Run(errno, func(t *testing.T) { subvolumeFaults(t, "-errno", errno) })
	}
}

func subvolumeFaults(t *testing.T, fault ...string) {
	calls := subvolumeCalls
	if last := fault[len(fault)-1]; last == "ENOSYS" || last == "EPERM" { // of a kernel that does not know or forbids it
		calls = "ioctl"
	}
	onBtrfs(t, func(t *testing.T) {
		for _, deletes := range []bool{false, true} {
			met := 0
			for n := 1; ; n += long.Of(97, 1) {
				p, before, tree := newSubvolumes(t)
				args := []string{"backup", "--force", p.Dest, p.Src}
				if deletes {
					p.Backup()
					args = []string{"delete", "-d", p.Dest, filepath.Base(tree)}
				}
				hit, out := p.At(t, n, calls, fault, args...)
				if deletes { // what is left of it is none of a snapshot
					before = nil
				}
				endsWell(t, p, before, tree, fmt.Sprintf("%v at %d of %s", fault, n, args[0]), out)
				if !hit {
					break
				}
				met++
			}
			if t.Logf("%d points", met); met < 1 {
				t.Error("none was met")
			}
		}
	})
}
