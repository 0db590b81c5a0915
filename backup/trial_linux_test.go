package backup_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snap/backup/backuptest"
	"snap/internal/filetest"
	"snap/record"
)

// TestOwnerOrModeOfOldCopies changes modes and owners in a snapshot behind snap's back: the next one is right all the
// same, that is told in one line, and the one after links to it.
func TestOwnerOrModeOfOldCopies(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "aaa")
	p.Write("d/b", "bbb")
	p.Write("fine", "fine")
	p.Do(os.Chmod(p.Path("a"), 0o600))
	p.Do(os.Chmod(p.Path("fine"), 0o755))
	p.Do(os.Symlink("a", p.Path("link")))
	p.Do(syscall.Mkfifo(p.Path("pipe"), 0o600))
	p.Do(os.Link(p.Path("d/b"), p.Path("d/c")))
	first, _ := p.Backup()
	want := map[string]bool{"a": true, "d/b": true, "d/c": true, "pipe": true}
	for f := range want {
		p.Do(os.Chmod(filepath.Join(p.Tree(first), f), 0o755))
	}
	if os.Geteuid() == 0 {
		want["fine"], want["link"] = true, true
		for _, f := range []string{"fine", "link"} {
			p.Do(os.Lchown(filepath.Join(p.Tree(first), f), 1, 1))
		}
	}
	res, rec := p.Backup(backuptest.Force)
	p.WantSame(res)
	for path, r := range rec.Changes {
		if path != "" && !want[path] || r.Change != record.Silent || r.Reason != record.OldCopyDamaged {
			t.Errorf("%q: %v, %v", path, r.Change, r.Reason)
		}
		delete(want, path)
	}
	if len(want) != 0 {
		t.Errorf("linked: %v", want)
	}
	if len(res.Problems) != 1 || !res.Problems[0].Note ||
		!strings.Contains(res.Problems[0].Err.Error(), `the first is "a"`) {
		t.Errorf("told: %v", res.Problems)
	}
	if res, rec := p.Backup(backuptest.Force); len(rec.Changes) != 0 || len(res.Problems) != 0 {
		t.Errorf("the copies are not linked: %v, %v", rec.Changes, res.Problems)
	}
}

// TestDestinationsWithoutOwners: where a destination cannot keep modes and owners, files are linked all the same.
func TestDestinationsWithoutOwners(t *testing.T) {
	filetest.NeedRoot(t) // to give files away
	for _, how := range [][]string{{"-nochown"}, {"-squash", "511"}, {"-fat"}, {"-noxattr"}} {
		t.Run(how[0], func(t *testing.T) {
			p := backuptest.NewPlace(t)
			p.Write("a", "aaa")
			p.Write("d/b.exe", "bbb")
			p.Do(os.Chmod(p.Path("a"), 0o600|os.ModeSetuid))
			p.Do(os.Chown(p.Path("d/b.exe"), 1234, 4321))
			p.Dest = filetest.Oddfs(t, p.Dest, how...)
			res, _ := p.Backup() // the others store something else without an error
			if l := res.Lost; how[0] == "-nochown" &&
				(l.Owner != 1 || l.Mode != 3 || len(l.Paths) != 3 || l.Paths[2].Path != "d/b.exe") {
				t.Errorf("lost: %+v", l)
			}
			for range 2 {
				if res, rec := p.Backup(backuptest.Force); res.Lost.Any() || len(rec.Changes) != 0 || res.Header.CopiedBytes != 0 ||
					len(res.Problems) != 0 {
					t.Errorf("records %v; told %v", rec.Changes, res.Problems)
				}
			}
		})
	}
}
