package backup_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snap/index"
)

// TestOwnerOrModeOfOldCopies changes modes and owners in a snapshot behind snap's back: the next one is right all the same,
// that is told in one line, and the one after links to it.
func TestOwnerOrModeOfOldCopies(t *testing.T) {
	p := newPlace(t)
	p.write("a", "aaa")
	p.write("d/b", "bbb")
	p.write("fine", "fine")
	p.do(os.Chmod(p.path("a"), 0o600))
	p.do(os.Chmod(p.path("fine"), 0o755))
	p.do(os.Symlink("a", p.path("link")))
	p.do(syscall.Mkfifo(p.path("pipe"), 0o600))
	p.do(os.Link(p.path("d/b"), p.path("d/c")))
	first, _ := p.backup()
	want := map[string]bool{"a": true, "d/b": true, "d/c": true, "pipe": true}
	for f := range want {
		p.do(os.Chmod(filepath.Join(p.tree(first), f), 0o755))
	}
	if os.Geteuid() == 0 {
		want["fine"], want["link"] = true, true
		for _, f := range []string{"fine", "link"} {
			p.do(os.Lchown(filepath.Join(p.tree(first), f), 1, 1))
		}
	}
	res, rec := p.backup(force)
	p.wantSame(res)
	for path, r := range rec.changes {
		if path != "" && !want[path] || r.Change != index.Silent || r.Reason != index.OldCopyDamaged {
			t.Errorf("%q: %v, %v", path, r.Change, r.Reason)
		}
		delete(want, path)
	}
	if len(want) != 0 {
		t.Errorf("linked: %v", want)
	}
	if len(res.Problems) != 1 || !res.Problems[0].Note || !strings.Contains(res.Problems[0].Err.Error(), `the first is "a"`) {
		t.Errorf("told: %v", res.Problems)
	}
	if res, rec := p.backup(force); len(rec.changes) != 0 || len(res.Problems) != 0 {
		t.Errorf("the copies are not linked: %v, %v", rec.changes, res.Problems)
	}
}

// TestDestinationsWithoutOwners: where a destination cannot keep modes and owners, files are linked all the same.
func TestDestinationsWithoutOwners(t *testing.T) {
	for _, how := range [][]string{{"-nochown"}, {"-squash", "511"}, {"-fat"}, {"-noxattr"}} {
		t.Run(how[0], func(t *testing.T) {
			p := newPlace(t)
			p.write("a", "aaa")
			p.write("d/b.exe", "bbb")
			p.do(os.Chmod(p.path("a"), 0o600|os.ModeSetuid))
			p.do(os.Chown(p.path("d/b.exe"), 1234, 4321))
			p.dest = oddfs(t, p.dest, how...)
			res, _ := p.backup() // the others store something else without an error
			if l := res.Lost; how[0] == "-nochown" && (l.Owner != 1 || l.Mode != 3 || len(l.Paths) != 3 || l.Paths[2].Path != "d/b.exe") {
				t.Errorf("lost: %+v", l)
			}
			for range 2 {
				if res, rec := p.backup(force); res.Lost.Any() || len(rec.changes) != 0 || res.Header.CopiedBytes != 0 || len(res.Problems) != 0 {
					t.Errorf("records %v; told %v", rec.changes, res.Problems)
				}
			}
		})
	}
}
