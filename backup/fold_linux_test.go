package backup_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/internal/filetest"
	"snap/record"
)

// TestNamesThatFold: of two names that a destination cannot tell apart exactly one is in the tree, with its own
// content and under its own name. The other is told with each run and kept in the index. Which of them it is stays; a
// run with nothing new makes no snapshot, and one with something else new copies nothing but that.
func TestNamesThatFold(t *testing.T) {
	for _, c := range []struct {
		how       string
		held, not string // the first in the order of the names is held
	}{
		{"-nocase", "Case", "case"},
		{"-norm", "u\u0308ber", "über"},
	} {
		t.Run(c.how, func(t *testing.T) {
			p := backuptest.NewPlace(t)
			for _, name := range []string{c.held, c.not} {
				p.Write(name, "file "+name)
				p.Write("deep/"+name, "deep "+name)
				p.Write("dirs/"+name+"/only in "+name, "below "+name)
				p.Write("mixed/"+name, "mixed")
			}
			p.Do(os.Symlink("target", p.Path("deep/link "+c.held)))
			p.Do(os.Symlink("other", p.Path("deep/link "+c.not)))
			p.Do(os.Remove(p.Path("mixed/" + c.held)))
			p.Do(os.Mkdir(p.Path("mixed/"+c.held), 0o755)) // a folder and a file
			p.Write("mixed/"+c.held+"/f", "f")
			p.Dest = filetest.Oddfs(t, p.Dest, c.how)
			want := []string{c.not, "deep/" + c.not, "dirs/" + c.not, "mixed/" + c.not}
			sane := func(what string, res *backup.Result) {
				t.Helper()
				told := backuptest.Untold(res)
				if slices.Sort(want); !slices.Equal(told, want) || !res.Incomplete() {
					t.Errorf("%s: told %q, not %q; incomplete %v", what, told, want, res.Incomplete())
				}
				heads, all := p.Knows()
				newest := all[len(all)-1]
				tree := filepath.Join(p.Dest, heads[len(heads)-1].Name)
				for _, dir := range []string{"", "deep", "dirs", "mixed"} {
					if rec := newest[filepath.Join(dir, c.not)]; !rec.Unheld() {
						t.Errorf("%s: %s in %q is %v", what, c.not, dir, rec.Stored)
					}
					if rec := newest[filepath.Join(dir, c.held)]; rec.Unheld() || !rec.Exists() {
						t.Errorf("%s: %s in %q is %v", what, c.held, dir, rec.Stored)
					}
					entries, err := os.ReadDir(filepath.Join(tree, dir))
					p.Do(err)
					names := []string{}
					for _, e := range entries {
						names = append(names, e.Name())
					}
					if !slices.Contains(names, c.held) || slices.Contains(names, c.not) {
						t.Errorf("%s: %q holds %q", what, dir, names)
					}
				}
				if b, err := os.ReadFile(filepath.Join(tree, c.held)); string(b) != "file "+c.held {
					t.Errorf("%s: %s has the content %q, %v", what, c.held, b, err)
				}
				if rec := newest[c.held]; rec.Hash != sha256.Sum256([]byte("file "+c.held)) {
					t.Errorf("%s: %s has another hash", what, c.held)
				}
				if to, err := os.Readlink(filepath.Join(tree, "deep/link "+c.held)); to != "target" {
					t.Errorf("%s: the link goes to %q, %v", what, to, err)
				}
				if left, err := os.ReadDir(filepath.Join(tree, "dirs", c.held)); len(left) != 1 {
					t.Errorf("%s: the folder holds %v, %v", what, left, err)
				}
				if found := backuptest.Said(p.Check(check.Options{Read: backuptest.ReadAll})); len(found) > 0 {
					t.Errorf("%s: %q", what, found)
				}
			}
			first, _ := p.Backup()
			sane("first", first)
			again, _ := p.Backup()
			if sane("again", again); !again.Skipped {
				t.Errorf("a run with nothing new: %+v", again.Header)
			}
			p.Write("new", "new")
			more, changes := p.Backup()
			sane("with a new file", more)
			if h := more.Header; h.CopiedBytes != 3 || h.Added != 1 || h.Modified+h.Metadata+h.Moved+h.Removed != 0 {
				t.Errorf("with a new file: %+v", h)
			}
			for path, rec := range changes.Changes {
				if rec.Change != record.Silent && path != "new" {
					t.Errorf("with a new file: %s: %v", path, rec.Change)
				}
			}
			p.Write(c.not, "edited")
			p.Write("deep/"+c.held, "edited")
			edited, _ := p.Backup()
			sane("edited", edited)
			p.Lose("index.db")
			p.Reindex()
			sane("reindexed", edited)

			p.Do(os.Remove(p.Path(c.held))) // now there is room for the other
			p.Do(os.RemoveAll(p.Path("dirs/" + c.held)))
			last, _ := p.Backup()
			want = []string{"deep/" + c.not, "mixed/" + c.not}
			if told := backuptest.Untold(last); !slices.Equal(told, want) {
				t.Errorf("one of two removed: told %q, %v", told, last.Problems)
			}
			for path, text := range map[string]string{c.not: "edited", "dirs/" + c.not + "/only in " + c.not: "below " + c.not} {
				if b, err := os.ReadFile(filepath.Join(p.Tree(last), path)); string(b) != text {
					t.Errorf("one of two removed: %s: %q, %v", path, b, err)
				}
			}
			if found := backuptest.Said(p.Check(check.Options{Read: backuptest.ReadAll})); len(found) > 0 {
				t.Errorf("one of two removed: %q", found)
			}
		})
	}
}
