package file

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// occupied makes one entry of each kind that a name can be taken by, and a check that all are as they
// were.
func occupied(t *testing.T, d *Dir) (names []string, unchanged func()) {
	t.Helper()
	write(t, d.Path()+"/file", "content")
	check(t, d.Mkdir("dir"))
	check(t, d.Symlink("none", "dangling"))
	check(t, d.Symlink("file", "link"))
	check(t, d.Mknod("fifo", FIFO, 0))
	names = []string{"file", "dir", "dangling", "link", "fifo"}
	var before []Stat
	for _, n := range names {
		s, err := d.Lstat(n)
		check(t, err)
		before = append(before, s)
	}
	return names, func() {
		t.Helper()
		for i, n := range names {
			if s, err := d.Lstat(n); err != nil || s.Ino != before[i].Ino || s.Mtime != before[i].Mtime ||
				s.Size != before[i].Size {
				t.Errorf("%s was %+v, is %+v, %v", n, before[i], s, err)
			}
		}
	}
}

func TestNothingNewReplaces(t *testing.T) {
	d, path := tempRoot(t)
	names, unchanged := occupied(t, d)
	write(t, path+"/new", "")
	check(t, d.Mkdir("newdir"))
	for _, n := range names {
		_, err := d.Create(n)
		fails(t, err, fs.ErrExist, path+"/"+n)
		fails(t, d.Mkdir(n), fs.ErrExist, path+"/"+n)
		fails(t, d.Symlink("x", n), fs.ErrExist, path+"/"+n)
		fails(t, d.Mknod(n, FIFO, 0), fs.ErrExist, path+"/"+n)
		fails(t, d.Link(d, "new", n), fs.ErrExist, path+"/"+n)
		fails(t, d.Rename("new", d, n), fs.ErrExist, path+"/new")
		fails(t, d.Rename("newdir", d, n), fs.ErrExist, path+"/newdir")
	}
	unchanged()
	if _, err := d.Lstat("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a create went through a dangling link")
	}
}

// TestNewIsForItsOwner: whatever the umask allows.
func TestNewIsForItsOwner(t *testing.T) {
	d, _ := tempRoot(t)
	defer syscall.Umask(syscall.Umask(0))
	f, err := d.Create("file")
	check(t, err)
	check(t, f.Close())
	check(t, d.Mkdir("dir"))
	check(t, d.Mknod("fifo", FIFO, 0))
	for name, want := range map[string]uint16{"file": 0o600, "dir": 0o700, "fifo": 0o600} {
		if s, err := d.Lstat(name); err != nil || s.Mode != want {
			t.Errorf("%s has mode %o, %v", name, s.Mode, err)
		}
	}
}

// TestRename, and the way it goes where the file system has no RENAME_NOREPLACE.
func TestRename(t *testing.T) {
	for how, rename := range map[string]func(*Dir, string, *Dir, string) error{"rename": (*Dir).rename,
		"look": (*Dir).lookAndRename} {
		t.Run(how, func(t *testing.T) {
			d, path := tempRoot(t)
			write(t, path+"/a", "content")
			check(t, d.Mkdir("dir"))
			check(t, d.Mkdir("dir/taken"))
			check(t, d.Symlink("none", "dir/dangling"))
			sub, err := d.OpenDir("dir")
			check(t, err)
			defer sub.Close()
			before, err := d.Lstat("a")
			check(t, err)
			for _, name := range []string{"taken", "dangling"} {
				if err := rename(d, "a", sub, name); err != unix.EEXIST {
					t.Errorf("to %s: %v", name, err)
				}
			}
			check(t, rename(d, "a", sub, "b"))
			if s, err := sub.Lstat("b"); err != nil || !SameFile(&s, &before) {
				t.Errorf("%+v, %v", s, err)
			}
			if err := rename(d, "a", sub, "c"); err != unix.ENOENT {
				t.Errorf("of nothing: %v", err)
			}
			if err := rename(d, "dir", sub, "x"); err != unix.EINVAL {
				t.Errorf("of a folder into itself: %v", err)
			}
			if err := rename(sub, "b", d, "dir/b/x"); err != unix.ENOTDIR {
				t.Errorf("to where nothing can be: %v", err)
			}
		})
	}
	d, path := tempRoot(t)
	fails(t, d.Rename("none", d, "c"), fs.ErrNotExist, path+"/none")
}

// TestReplace takes the place of a file or a link, and of nothing that the link leads to.
func TestReplace(t *testing.T) {
	d, path := tempRoot(t)
	write(t, path+"/target", "target")
	write(t, path+"/old", "old")
	check(t, d.Symlink("target", "link"))
	for _, name := range []string{"old", "link", "fresh"} {
		write(t, path+"/new", "new")
		check(t, d.Replace("new", d, name))
		if b, err := os.ReadFile(path + "/" + name); err != nil || string(b) != "new" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if b, err := os.ReadFile(path + "/target"); err != nil || string(b) != "target" {
		t.Errorf("the link was followed: %q, %v", b, err)
	}
	fails(t, d.Replace("none", d, "old"), fs.ErrNotExist, path+"/none")
}

func TestLink(t *testing.T) {
	d, path := tempRoot(t)
	check(t, d.Mkdir("dir"))
	sub, err := d.OpenDir("dir")
	check(t, err)
	defer sub.Close()
	long := strings.Repeat("x", 255)
	write(t, path+"/file", "content")
	check(t, d.Symlink("file", "link"))
	for _, name := range []string{"file", "link"} { // a link to a link is another name of the link
		check(t, sub.Link(d, name, long))
		a, err := d.Lstat(name)
		check(t, err)
		b, err := sub.Lstat(long)
		if err != nil || !SameFile(&a, &b) || a.Nlink != 2 || b.Nlink != 2 {
			t.Errorf("%s: %+v and %+v, %v", name, a, b, err)
		}
		check(t, sub.Remove(long))
	}
	fails(t, sub.Link(d, "none", "x"), fs.ErrNotExist, path+"/dir/x")
	fails(t, sub.Link(d, "dir", "x"), fs.ErrPermission, path+"/dir/x")
	fails(t, sub.Link(d, "file", long+"x"), unix.ENAMETOOLONG, path+"/dir/"+long+"x")
	fails(t, sub.Link(d, "file", "a\x00"), unix.EINVAL, path+"/dir/a\x00")
	if n := testing.AllocsPerRun(10, func() {
		sub.Link(d, "file", "again")
		sub.Remove("again")
	}); n > 2 { // Remove's own
		t.Errorf("%v allocations for a link and a removal", n)
	}
}

func TestRemove(t *testing.T) {
	d, path := tempRoot(t)
	names, unchanged := occupied(t, d)
	fails(t, d.Remove("dir"), unix.EISDIR, path+"/dir")
	for _, n := range names {
		if n != "dir" {
			fails(t, d.Rmdir(n), unix.ENOTDIR, path+"/"+n)
		}
	}
	unchanged()
	write(t, path+"/dir/x", "")
	fails(t, d.Rmdir("dir"), unix.ENOTEMPTY, path+"/dir")
	check(t, os.Remove(path+"/dir/x"))
	check(t, d.Rmdir("dir"))
	slices.Reverse(names) // the link before what it leads to
	for _, n := range names {
		if n != "dir" {
			check(t, d.Remove(n))
		}
	}
	if e, err := d.Entries(); err != nil || len(e) != 0 {
		t.Errorf("left over: %v, %v", e, err)
	}
	fails(t, d.Remove("file"), fs.ErrNotExist, path+"/file")
}

func TestWriteSyncClose(t *testing.T) {
	d, path := tempRoot(t)
	f, err := d.Create("file")
	check(t, err)
	_, err = f.Write([]byte("content"))
	check(t, err)
	check(t, f.Sync())
	check(t, d.Sync())
	check(t, d.SyncSystem())
	check(t, f.Close())
	_, err = f.Stat()
	fails(t, err, unix.EBADF, path+"/file")
	if s, err := d.Lstat("file"); err != nil || s.Size != 7 {
		t.Errorf("%+v, %v", s, err)
	}
}
