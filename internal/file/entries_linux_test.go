package file

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// TestEntriesTellEveryName: every byte that a name may hold, names of 255 bytes, and more names than one
// buffer holds, sorted as bytes.
func TestEntriesTellEveryName(t *testing.T) {
	d, path := tempRoot(t)
	var want []string
	for c := 1; c < 256; c++ {
		if c != '/' && c != '.' {
			want = append(want, string([]byte{byte(c)}))
		}
	}
	want = append(want, "...", "..x", ".x", "-rf", "a\nb", "a-b", "a b ", "\xff\xfe", "\u00e9", "e\u0301",
		strings.Repeat("x", 255), strings.Repeat("\xff", 255), strings.Repeat("ж", 127)+"z")
	for i := range 2000 {
		want = append(want, fmt.Sprintf("a name of some length, so that the buffer must be filled again %d", i))
	}
	for _, name := range want {
		f, err := d.Create(name)
		check(t, err)
		check(t, f.Close())
	}
	slices.Sort(want)
	for range 2 { // a second listing begins at the beginning
		entries, err := d.Entries()
		check(t, err)
		d.StatAll(entries)
		var got []string
		for i := range entries {
			e := &entries[i]
			got = append(got, e.Name)
			if e.Err != nil || e.Stat.Kind != Regular || e.Stat.Ino == 0 {
				t.Errorf("%q: %+v", e.Name, e)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %d names, want %d:\n%q", len(got), len(want), got)
		}
	}
	for _, name := range []string{strings.Repeat("x", 256), "a\x00b"} {
		_, err := d.Lstat(name)
		want := error(unix.ENAMETOOLONG)
		if len(name) < 256 {
			want = unix.EINVAL
		}
		fails(t, err, want, path+"/"+name)
	}
}

// dirent is a struct linux_dirent64.
func dirent(ino uint64, kind byte, name string) []byte {
	b := make([]byte, (19+len(name)+1+7)/8*8)
	binary.NativeEndian.PutUint64(b, ino)
	binary.NativeEndian.PutUint16(b[16:], uint16(len(b)))
	b[18] = kind
	copy(b[19:], name)
	return b
}

// TestListing: what a kernel may tell and a test cannot make it tell. A name shown twice is one entry;
// one without an inode number or type is an entry.
func TestListing(t *testing.T) {
	var l listing
	l.add(slices.Concat(dirent(1, unix.DT_DIR, "."), dirent(2, unix.DT_DIR, ".."), dirent(5, unix.DT_REG, "b"),
		dirent(6, unix.DT_LNK, "c")))
	l.add(slices.Concat(dirent(5, unix.DT_REG, "b"), dirent(0, unix.DT_UNKNOWN, "a"), dirent(9, 14, "whiteout"),
		dirent(7, unix.DT_REG, "exactly-19-bytes-xx")))
	l.add(nil)
	var got []string
	for _, e := range l.entries() {
		got = append(got, e.Name+" "+e.Stat.Kind.String())
	}
	want := []string{"a none", "b file", "c symlink", "exactly-19-bytes-xx file", "whiteout none"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestEntriesAtTheSameTime: two listings of one handle do not take entries from each other.
func TestEntriesAtTheSameTime(t *testing.T) {
	d, path := tempRoot(t)
	const many = 1500
	for i := range many {
		write(t, fmt.Sprintf("%s/%0100d", path, i), "")
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				entries, err := d.Entries()
				if err != nil || len(entries) != many {
					t.Errorf("%d entries of %d, %v", len(entries), many, err)
				}
			}
		})
	}
	group.Wait()
}

// TestKinds: Entries, Lstat and Perm tell each kind as package os does.
func TestKinds(t *testing.T) {
	d, path := tempRoot(t)
	write(t, path+"/file", "12345")
	check(t, d.Mkdir("dir"))
	check(t, d.Symlink("no/where", "symlink"))
	check(t, d.Mknod("fifo", FIFO, 0))
	check(t, d.Mknod("socket", Socket, 0))
	want := map[string]Kind{"file": Regular, "dir": Folder, "symlink": Symlink, "fifo": FIFO, "socket": Socket}
	if os.Geteuid() == 0 {
		check(t, d.Mknod("chardev", CharDevice, unix.Mkdev(1, 3)))
		check(t, d.Mknod("blockdev", BlockDevice, unix.Mkdev(7, 250)))
		want["chardev"], want["blockdev"] = CharDevice, BlockDevice
	}
	fails(t, d.Mknod("x", Regular, 0), unix.EINVAL, path+"/x")
	check(t, os.Chmod(path+"/file", 0o751|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky))
	entries, err := d.Entries()
	check(t, err)
	if len(entries) != len(want) {
		t.Errorf("entries %v", entries)
	}
	for _, e := range entries {
		s, err := d.Lstat(e.Name)
		check(t, err)
		info, err := os.Lstat(filepath.Join(path, e.Name))
		check(t, err)
		if e.Stat.Kind != want[e.Name] || s.Kind != want[e.Name] || s.Kind.String() != e.Name {
			t.Errorf("%s: Entries say %v, Lstat says %v", e.Name, e.Stat.Kind, s.Kind)
		}
		if s.Perm() != info.Mode() || s.Mtime != At(info.ModTime()) || s.Nlink < 1 {
			t.Errorf("%s: %+v, os says %v %v", e.Name, s, info.Mode(), info.ModTime())
		}
		var size int64
		var rdev uint64
		switch e.Name {
		case "file":
			size = 5
		case "symlink":
			size = int64(len("no/where"))
		case "chardev":
			rdev = unix.Mkdev(1, 3)
		case "blockdev":
			rdev = unix.Mkdev(7, 250)
		}
		if s.Size != size || s.Rdev != rdev {
			t.Errorf("%s: size %d and device %#x, want %d and %#x", e.Name, s.Size, s.Rdev, size, rdev)
		}
	}
}

// TestStatWithoutStatx: where a sandbox forbids statx, fstatat tells the same but for birth and mount.
func TestStatWithoutStatx(t *testing.T) {
	d, path := tempRoot(t)
	write(t, path+"/file", "12345")
	check(t, os.Chmod(path+"/file", 0o751|fs.ModeSetuid|fs.ModeSticky))
	check(t, d.Symlink("file", "link"))
	look := func() (all [4]Stat) {
		for i, f := range []func() (Stat, error){d.Stat,
			func() (Stat, error) { return d.Lstat("file") },
			func() (Stat, error) { return d.Lstat("link") },
			func() (Stat, error) { return d.FollowStat("link") },
		} {
			s, err := f()
			check(t, err)
			s.Btime, s.Mount = Time{}, 0
			all[i] = s
		}
		return all
	}
	with := look()
	noStatx.Store(true)
	defer noStatx.Store(false)
	if without := look(); with != without {
		t.Errorf("statx:   %+v\nfstatat: %+v", with, without)
	}
	_, err := d.Lstat("none")
	fails(t, err, fs.ErrNotExist, path+"/none")
}

// TestStatAllTellsWhatVanished: an entry that is gone by then has its error, the others their Stat.
func TestStatAllTellsWhatVanished(t *testing.T) {
	d, path := tempRoot(t)
	write(t, path+"/a", "")
	write(t, path+"/b", "")
	entries, err := d.Entries()
	check(t, err)
	check(t, d.Remove("a"))
	d.StatAll(entries)
	fails(t, entries[0].Err, fs.ErrNotExist, path+"/a")
	if entries[1].Err != nil || entries[1].Stat.Ino == 0 {
		t.Errorf("b: %+v", entries[1])
	}
	d.StatAll(entries)
	check(t, os.WriteFile(path+"/a", nil, 0o600))
	if d.StatAll(entries); entries[0].Err != nil {
		t.Errorf("a is back: %v", entries[0].Err)
	}
}

// TestReadlink: targets of any length.
func TestReadlink(t *testing.T) {
	d, path := tempRoot(t)
	for _, n := range []int{1, 255, 256, 257, 1024, 4095} {
		target := strings.Repeat("x", n)
		name := fmt.Sprint(n)
		check(t, d.Symlink(target, name))
		got, err := d.Readlink(name)
		if err != nil || got != target {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
	write(t, path+"/file", "")
	_, err := d.Readlink("file")
	fails(t, err, unix.EINVAL, path+"/file")
	if !errors.Is(d.Symlink("y", "file"), fs.ErrExist) {
		t.Error("a link took the place of a file")
	}
}
