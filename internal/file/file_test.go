package file

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// tempRoot is a new folder and a handle on it.
func tempRoot(t *testing.T) (*Dir, string) {
	t.Helper()
	path := t.TempDir()
	return openRootAt(t, path), path
}

func openRootAt(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := OpenRoot(path)
	check(t, err)
	t.Cleanup(func() { check(t, d.Close()) })
	return d
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fails demands that err is want, in a *fs.PathError that names path once.
func fails(t *testing.T, err, want error, path string) {
	t.Helper()
	var p *fs.PathError
	if !errors.Is(err, want) || !errors.As(err, &p) || p.Path != path || strings.Count(err.Error(), path) != 1 {
		t.Errorf("got error %v, want %q with the path %s once", err, want, path)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	check(t, os.WriteFile(path, []byte(content), 0o644))
}

// TestEverywhere is what every system promises; the tests for Linux alone go further.
func TestEverywhere(t *testing.T) {
	d, path := tempRoot(t)
	check(t, d.Mkdir("dir"))
	fails(t, d.Mkdir("dir"), fs.ErrExist, path+"/dir")
	sub, err := d.OpenDir("dir")
	check(t, err)
	defer sub.Close()
	write(t, path+"/b", strings.Repeat("content", 10_000))
	write(t, path+"/a", "")
	entries, err := d.Entries()
	check(t, err)
	d.StatAll(entries)
	var got []string
	for _, e := range entries {
		check(t, e.Err)
		got = append(got, e.Name+" "+e.Stat.Kind.String())
		if e.Stat.Ino == 0 || e.Stat.Mtime.IsZero() || e.Stat.Nlink == 0 || e.Stat.Kind == Regular && e.Stat.Nlink != 1 {
			t.Errorf("%s: %+v", e.Name, e.Stat)
		}
	}
	if s := strings.Join(got, ", "); s != "a file, b file, dir dir" {
		t.Errorf("entries are %s", s)
	}
	if s, err := d.Lstat("dir"); err != nil || !sub.Is(&s) || d.Is(&s) {
		t.Errorf("dir is %+v, %v", s, err)
	}
	_, err = d.OpenDir("a")
	if err == nil {
		t.Error("a file opened as a folder")
	}
	_, err = d.Open("dir")
	fails(t, err, ErrNotRegular, path+"/dir")
	_, err = d.Open("none")
	fails(t, err, fs.ErrNotExist, path+"/none")

	src, err := d.Open("b")
	check(t, err)
	dst, err := sub.Create("copy")
	check(t, err)
	_, err = sub.Create("copy")
	fails(t, err, fs.ErrExist, path+"/dir/copy")
	h := sha256.New()
	n, wrote, err := Copy(t.Context(), dst, src, 100_000, h, make([]byte, 4096)) // 30,000 more than there are
	content := []byte(strings.Repeat("content", 10_000))
	if want := sha256.Sum256(content); n != 70_000 || wrote != n || err != nil || !bytes.Equal(h.Sum(nil), want[:]) {
		t.Errorf("copied %d bytes, %v", n, err)
	}
	before, err := d.Lstat("b")
	check(t, err)
	meta := &Meta{Regular, 0o444, before.UID, before.GID, Time{1234567890, 123456700}, []Xattr{{"user.x", nil}}}
	if lost, err := dst.SetMeta(meta); err != nil || lost&LostTimes != 0 {
		t.Errorf("lost %04b, %v", lost, err)
	}
	check(t, dst.Sync())
	check(t, errors.Join(src.Close(), dst.Close()))
	if s, err := sub.Lstat("copy"); err != nil || s.Mtime != meta.Mtime || s.Mode != meta.Mode || s.Size != 70_000 {
		t.Errorf("the copy is %+v, %v", s, err)
	}
	f, err := sub.Open("copy")
	check(t, err)
	b, err := io.ReadAll(f)
	if s, serr := f.Stat(); err != nil || serr != nil || !bytes.Equal(b, content) || s.Mode != 0o444 ||
		f.Path() != path+"/dir/copy" {
		t.Errorf("read %d bytes, %v; %+v, %v", len(b), err, s, serr)
	}
	check(t, f.Close())

	check(t, d.Link(sub, "copy", "link"))
	fails(t, d.Link(sub, "copy", "a"), fs.ErrExist, path+"/a")
	x, err := d.Lstat("link")
	check(t, err)
	if y, err := sub.Lstat("copy"); err != nil || !SameFile(&x, &y) || x.Nlink != 2 || SameFile(&x, &before) {
		t.Errorf("%+v and %+v, %v", x, y, err)
	}
	fails(t, d.Rename("b", d, "a"), fs.ErrExist, path+"/b")
	check(t, d.Rename("b", sub, "c"))
	check(t, sub.Replace("c", d, "a"))
	if b, err := os.ReadFile(path + "/a"); err != nil || !bytes.Equal(b, content) {
		t.Errorf("a has %d bytes, %v", len(b), err)
	}
	if d.Remove("dir") == nil || d.Rmdir("a") == nil {
		t.Error("Remove took a folder, or Rmdir a file")
	}
	fails(t, d.Remove("none"), fs.ErrNotExist, path+"/none")
	check(t, errors.Join(d.Sync(), d.SyncSystem(), d.Remove("link"), sub.Remove("copy"), d.Rmdir("dir")))
	info, err := d.System()
	if err != nil || info.FreeBytes == 0 {
		t.Errorf("%+v, %v", info, err)
	}

	if err := d.Symlink("a", "symlink"); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	if target, err := d.Readlink("symlink"); err != nil || target != "a" {
		t.Errorf("the link leads to %q, %v", target, err)
	}
	_, err = d.Open("symlink")
	fails(t, err, ErrNotRegular, path+"/symlink")
	f, err = d.OpenFollow("symlink")
	check(t, err)
	check(t, f.Close())
	if s, err := d.FollowStat("symlink"); err != nil || s.Kind != Regular {
		t.Errorf("it leads to %+v, %v", s, err)
	}
	if lost, err := d.SetMetaOf("symlink", &Meta{Symlink, 0o777, before.UID, before.GID, meta.Mtime, nil}); err != nil {
		t.Errorf("lost %04b, %v", lost, err)
	} else if s, err := d.Lstat("symlink"); err != nil || (s.Mtime != meta.Mtime) != (lost&LostTimes != 0) {
		t.Errorf("lost %04b: %+v, %v", lost, s, err)
	}
}
