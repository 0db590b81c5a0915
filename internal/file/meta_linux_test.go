package file

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"snap/internal/filetest"
)

// acl is the value of system.posix_acl_access: rwx for the owner, r for user 1000, the mask and others.
func acl(owner, named, group, mask, other uint16) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range []struct {
		tag, perm uint16
		id        uint32
	}{{1, owner, ^uint32(0)}, {2, named, 1000}, {4, group, ^uint32(0)}, {16, mask, ^uint32(0)}, {32, other, ^uint32(0)}} {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return b
}

// capability is a security.capability that permits cap_net_bind_service.
var capability = slices.Concat([]byte{1, 0, 0, 2}, []byte{0, 4, 0, 0}, make([]byte, 12))

var mtime = Time{1234567890, 123456789}

// same compares what an entry has with what was set.
func same(t *testing.T, what string, s Stat, have []Xattr, m *Meta) {
	t.Helper()
	if s.Kind != m.Kind || s.Mode != m.Mode || s.UID != m.UID || s.GID != m.GID || s.Mtime != m.Mtime {
		t.Errorf("%s is %+v, want %+v", what, s, m)
	}
	if !slices.EqualFunc(have, m.Xattrs,
		func(a, b Xattr) bool { return a.Name == b.Name && bytes.Equal(a.Value, b.Value) }) {
		t.Errorf("%s has the xattrs %q, want %q", what, have, m.Xattrs)
	}
}

// TestSetMetaSurvives: setuid, a capability, an ACL and xattrs on a read-only file of another owner, all
// at once, although each step can undo another.
func TestSetMetaSurvives(t *testing.T) {
	filetest.NeedRoot(t)
	d, path := tempRoot(t)
	xattrs := func(names ...string) (all []Xattr) {
		for _, n := range names {
			x := Xattr{n, []byte("value of " + n)}
			switch {
			case n == "security.capability":
				x.Value = capability
			case strings.HasPrefix(n, "system.posix_acl"):
				x.Value = acl(5, 6, 4, 7, 1)
			}
			all = append(all, x)
		}
		return all
	}
	if err := unix.Lsetxattr(path, "user.probe", nil, 0); err != nil {
		t.Skip("the temporary folder's file system has no xattrs: ", err)
	}
	t.Run("file", func(t *testing.T) {
		m := &Meta{Regular, 0o4571, 1234, 5678, mtime,
			xattrs("security.capability", "system.posix_acl_access", "trusted.t", "user.empty", "user.u")}
		m.Xattrs[3].Value = []byte{}
		f, err := d.Create("file")
		check(t, err)
		_, err = f.Write([]byte("content"))
		check(t, err)
		if lost, err := f.SetMeta(m); lost != 0 || err != nil {
			t.Errorf("lost %b, %v", lost, err)
		}
		s, err := f.Stat()
		check(t, err)
		x, err := f.Xattrs()
		check(t, err)
		check(t, f.Close())
		same(t, "file", s, x, m)
		x, err = d.XattrsOf("file")
		check(t, err)
		same(t, "closed file", s, x, m)
	})
	t.Run("folder", func(t *testing.T) {
		m := &Meta{Folder, 0o3571, 1234, 5678, mtime,
			xattrs("system.posix_acl_access", "system.posix_acl_default", "trusted.t", "user.u")}
		check(t, d.Mkdir("dir"))
		sub, err := d.OpenDir("dir")
		check(t, err)
		defer sub.Close()
		if lost, err := sub.SetMeta(m); lost != 0 || err != nil {
			t.Errorf("lost %b, %v", lost, err)
		}
		s, err := sub.Stat()
		check(t, err)
		x, err := sub.Xattrs()
		check(t, err)
		same(t, "folder", s, x, m)
	})
	t.Run("unopened", func(t *testing.T) {
		write(t, path+"/target", "")
		untouched, err := d.Lstat("target")
		check(t, err)
		check(t, d.Symlink("target", "symlink"))
		check(t, d.Mknod("fifo", FIFO, 0))
		check(t, d.Mknod("device", CharDevice, unix.Mkdev(1, 3)))
		for name, m := range map[string]*Meta{
			"symlink": {Symlink, 0o777, 1234, 5678, mtime, xattrs("trusted.t")},
			"fifo":    {FIFO, 0o451, 1234, 5678, mtime, xattrs("system.posix_acl_access", "trusted.t")},
			"device":  {CharDevice, 0o4671, 1234, 5678, mtime, xattrs("trusted.t")},
		} {
			if name == "fifo" {
				m.Mode = 0o471 // the group's bits are the ACL's mask
				m.Xattrs[0].Value = acl(4, 6, 4, 7, 1)
			}
			if lost, err := d.SetMetaOf(name, m); lost != 0 || err != nil {
				t.Errorf("%s: lost %b, %v", name, lost, err)
			}
			s, err := d.Lstat(name)
			check(t, err)
			x, err := d.XattrsOf(name)
			check(t, err)
			same(t, name, s, x, m)
		}
		if s, err := d.Lstat("target"); err != nil || s != untouched {
			t.Errorf("the link was followed: %+v, %v", s, err)
		}
	})
}

// TestSetMetaAsPlainUser: what an ordinary user may not set is told, not an error, and a setuid bit that
// was another's is not given to this user's file.
func TestSetMetaAsPlainUser(t *testing.T) {
	if !filetest.AsPlainUser(t) {
		return
	}
	d, _ := tempRoot(t)
	uid, gid := uint32(os.Geteuid()), uint32(os.Getegid())
	own := []Xattr{{"user.u", []byte("value")}}
	if f, err := d.Create("probe"); err != nil || unix.Fsetxattr(f.fd, "user.probe", nil, 0) != nil {
		t.Skip("the temporary folder's file system has no xattrs: ", err)
	} else {
		check(t, f.Close())
	}
	type Case struct {
		name string
		m    Meta
		lost Lost
		want Meta
	}
	cases := []Case{
		{"his own, read-only", Meta{Regular, 0o6555, uid, gid, mtime, own}, 0, Meta{Regular, 0o6555, uid, gid, mtime, own}},
		{"root's", Meta{Regular, 0o6755, 0, 0, mtime, own}, LostOwner | LostSetuid,
			Meta{Regular, 0o755, uid, gid, mtime, own}},
		{"root's, of his group", Meta{Regular, 0o6755, 0, gid, mtime, own}, LostOwner | LostSetuid,
			Meta{Regular, 0o755, uid, gid, mtime, own}},
		{"his, of root's group", Meta{Regular, 0o2755, uid, 0, mtime, own}, LostOwner | LostSetuid,
			Meta{Regular, 0o755, uid, gid, mtime, own}},
		{"xattrs of root", Meta{Regular, 0o644, uid, gid, mtime,
			[]Xattr{{"security.capability", capability}, {"trusted.t", nil}, own[0]}},
			LostXattrs, Meta{Regular, 0o644, uid, gid, mtime, own}},
	}
	if groups, _ := os.Getgroups(); slices.Contains(groups, filetest.OtherGroup) {
		cases = append(cases,
			Case{"his other group", Meta{Regular, 0o2755, uid, filetest.OtherGroup, mtime, own}, 0,
				Meta{Regular, 0o2755, uid, filetest.OtherGroup, mtime, own}},
			Case{"root's, of his other group", Meta{Regular, 0o2755, 0, filetest.OtherGroup, mtime, own}, LostOwner | LostSetuid,
				Meta{Regular, 0o755, uid, filetest.OtherGroup, mtime, own}})
	}
	for _, c := range cases {
		f, err := d.Create(c.name)
		check(t, err)
		if lost, err := f.SetMeta(&c.m); lost != c.lost || err != nil {
			t.Errorf("%s: lost %04b, want %04b, %v", c.name, lost, c.lost, err)
		}
		s, err := f.Stat()
		check(t, err)
		x, err := f.Xattrs()
		check(t, err)
		same(t, c.name, s, x, &c.want)
		check(t, f.Close())
	}
	check(t, d.Symlink("none", "symlink"))
	check(t, d.Mknod("fifo", FIFO, 0))
	for name, kind := range map[string]Kind{"symlink": Symlink, "fifo": FIFO} {
		m := &Meta{kind, 0o4777, 0, 0, mtime, []Xattr{{"trusted.t", nil}}}
		if lost, err := d.SetMetaOf(name, m); lost != LostOwner|LostXattrs|LostSetuid || err != nil {
			t.Errorf("%s: lost %04b, %v", name, lost, err)
		}
		s, err := d.Lstat(name)
		check(t, err)
		same(t, name, s, nil, &Meta{kind, 0o777, uid, gid, mtime, nil})
	}
	// Of a file that is not his he can set nothing; its owner is root's already, as wanted.
	etc := openRootAt(t, "/etc")
	passwd, err := etc.Open("passwd")
	check(t, err)
	defer passwd.Close()
	if lost, err := passwd.SetMeta(&Meta{Kind: Regular, Mode: 0o644,
		Xattrs: own}); lost != LostMode|LostXattrs|LostTimes || err != nil {
		t.Errorf("/etc/passwd: lost %04b, %v", lost, err)
	}
}

// TestSetMetaFullXattrBlock: ext4 has one block for the xattrs of a file and calls it a full disk. That
// is no reason to end a backup.
func TestSetMetaFullXattrBlock(t *testing.T) {
	d, _ := tempRoot(t)
	f, err := d.Create("file")
	check(t, err)
	defer f.Close()
	large := bytes.Repeat([]byte{'x'}, 5000)
	if err := unix.Fsetxattr(f.fd, "user.large", large, 0); err != unix.ENOSPC {
		t.Skip("the temporary folder's file system takes an xattr of 5,000 bytes, or none: ", err)
	}
	m := &Meta{Regular, 0o640, uint32(os.Geteuid()), uint32(os.Getegid()), mtime,
		[]Xattr{{"user.large", large}, {"user.small", []byte("value")}}}
	if lost, err := f.SetMeta(m); lost != LostXattrs || err != nil {
		t.Errorf("lost %04b, %v", lost, err)
	}
	s, err := f.Stat()
	check(t, err)
	x, err := f.Xattrs()
	check(t, err)
	m.Xattrs = m.Xattrs[1:]
	same(t, "file", s, x, m)
}

// TestTimes: to the nanosecond, before 1970 and after 2262; and where the file system has no such time,
// that is told. The access time stays.
func TestTimes(t *testing.T) {
	places := map[string]string{"temporary": t.TempDir()}
	if shm, err := os.MkdirTemp("/dev/shm", "snap"); err == nil {
		defer os.RemoveAll(shm)
		places["tmpfs"] = shm
	}
	for place, path := range places {
		d := openRootAt(t, path)
		info, err := d.System()
		check(t, err)
		f, err := d.Create("file")
		check(t, err)
		defer f.Close()
		check(t, d.Mkdir("dir"))
		sub, err := d.OpenDir("dir")
		check(t, err)
		defer sub.Close()
		check(t, d.Symlink("none", "symlink"))
		atime := unix.NsecToTimespec(5e17)
		check(t, unix.UtimesNanoAt(unix.AT_FDCWD, path+"/file", []unix.Timespec{atime, atime}, 0))
		for _, at := range []Time{
			{0, 0}, {0, 1}, {1, 999_999_999}, {-1, 999_999_999}, {-1 << 31, 0}, {1<<31 - 1, 5}, {1 << 31, 5}, {1 << 32, 6},
			{9223372037, 123456789},  // 2262, past int64 nanoseconds
			{15_000_000_000, 1},      // 2445, ext4's last but one year
			{32_503_680_000, 7},      // 3000
			{-11_644_473_600, 0},     // 1601, the zero of Windows
			{253_402_300_799, 999e6}, // 9999
			{-62_135_596_800, 1},     // year 1
			{1 << 40, 0}, {-1 << 40, 0},
		} {
			meta := func(k Kind) *Meta {
				return &Meta{Kind: k, Mode: 0o755, UID: uint32(os.Geteuid()), GID: uint32(os.Getegid()), Mtime: at}
			}
			for name, set := range map[string]func() (Lost, error){
				"file":    func() (Lost, error) { return f.SetMeta(meta(Regular)) },
				"dir":     func() (Lost, error) { return sub.SetMeta(meta(Folder)) },
				"symlink": func() (Lost, error) { return d.SetMetaOf("symlink", meta(Symlink)) },
			} {
				lost, err := set()
				check(t, err)
				s, err := d.Lstat(name)
				check(t, err)
				if (lost == LostTimes) != (s.Mtime != at) || lost&^LostTimes != 0 {
					t.Errorf("%s on %s: set %v, got %v, lost %04b", name, info.Type, at, s.Mtime, lost)
				}
				last := int64(1<<31 - 1)
				switch info.Type {
				case "ext4", "xfs", "btrfs", "tmpfs":
					last = 15_000_000_000
				}
				if s.Mtime != at && at.Sec >= -1<<31 && at.Sec <= last {
					t.Errorf("%s on %s: set %v, got %v", name, info.Type, at, s.Mtime)
				}
			}
		}
		var s unix.Stat_t
		check(t, unix.Lstat(path+"/file", &s))
		if s.Atim != atime {
			t.Errorf("%s: the access time is now %v", place, s.Atim)
		}
	}
}

// TestXattrs: names and values of any size, sorted; and of files that cannot be opened.
func TestXattrs(t *testing.T) {
	path, _ := filetest.Image(t, "btrfs", "320M") // takes 16 KB of them
	d := openRootAt(t, path)
	f, err := d.Create("file")
	check(t, err)
	defer f.Close()
	if x, err := f.Xattrs(); x != nil || err != nil {
		t.Errorf("a new file has %v, %v", x, err)
	}
	var want []Xattr
	for i := range 40 { // the names alone overflow the first buffer
		want = append(want, Xattr{fmt.Sprintf("user.%02d/\xff odd %s", i, strings.Repeat("n", 200)),
			bytes.Repeat([]byte{byte(i)}, i*7)})
	}
	want = append(want, Xattr{"user.large", bytes.Repeat([]byte("x"), 5000)}, Xattr{"user.\u0436", nil})
	slices.SortFunc(want, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
	for i := len(want) - 1; i >= 0; i-- {
		check(t, unix.Fsetxattr(f.fd, want[i].Name, want[i].Value, 0))
	}
	for how, read := range map[string]func() ([]Xattr, error){"open": f.Xattrs,
		"by name": func() ([]Xattr, error) { return d.XattrsOf("file") }} {
		x, err := read()
		check(t, err)
		s, err := f.Stat()
		check(t, err)
		same(t, how, s, x, &Meta{s.Kind, s.Mode, s.UID, s.GID, s.Mtime, want})
	}
	_, err = d.XattrsOf("none")
	fails(t, err, fs.ErrNotExist, path+"/none")
	proc := openRootAt(t, "/proc/self/fd")
	if x, err := proc.Xattrs(); x != nil || err != nil {
		t.Errorf("a file system without xattrs has %v, %v", x, err)
	}
}

// TestKeepXattrs removes what is not kept, and leaves the system's own.
func TestKeepXattrs(t *testing.T) {
	d, path := tempRoot(t)
	f, err := d.Create("file")
	check(t, err)
	defer f.Close()
	sub, err := d.OpenDir(".")
	check(t, err)
	defer sub.Close()
	if err := unix.Lsetxattr(path, "user.probe", nil, 0); err != nil {
		t.Skip("the temporary folder's file system has no xattrs: ", err)
	}
	keep := []Xattr{{"user.keep", nil}, {"user.not there", nil}}
	for how, step := range map[string]struct {
		name string
		keep func([]Xattr) error
	}{
		"file": {"file", f.KeepXattrs}, "folder": {".", sub.KeepXattrs},
		"unopened": {"file", func(x []Xattr) error { return d.KeepXattrsOf("file", x) }},
	} {
		for _, n := range []string{"user.go", "user.keep", "system.posix_acl_access"} {
			value := []byte("value")
			if n == "system.posix_acl_access" {
				value = acl(7, 6, 4, 7, 1)
			}
			check(t, unix.Lsetxattr(path+"/"+step.name, n, value, 0))
		}
		check(t, step.keep(keep))
		x, err := d.XattrsOf(step.name)
		if err != nil || len(x) != 1 || x[0].Name != "user.keep" {
			t.Errorf("%s: left are %q, %v", how, x, err)
		}
	}
}

// TestChmod: also through a handle that has no rights of its own.
func TestChmod(t *testing.T) {
	d, path := tempRoot(t)
	check(t, d.Mkdir("dir"))
	for i, open := range []func(string) (*Dir, error){d.OpenDir, d.EnterDir} {
		sub, err := open("dir")
		check(t, err)
		mode := uint16(0o500 + i)
		check(t, sub.Chmod(mode))
		if s, err := sub.Stat(); err != nil || s.Mode != mode {
			t.Errorf("mode %o, %v", s.Mode, err)
		}
		check(t, sub.Close())
	}
	check(t, d.Unlock("dir"))
	if s, err := d.Lstat("dir"); err != nil || s.Mode != 0o700 {
		t.Errorf("mode %o, %v", s.Mode, err)
	}
	fails(t, d.Unlock("none"), fs.ErrNotExist, path+"/none")
}

// TestChmodDoesNotFollow: a special file's mode must not be set through a link that took its place.
func TestChmodDoesNotFollow(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/canary", nil, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("canary", dir+"/fifo"); err != nil {
		t.Fatal(err)
	}
	d, err := OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.SetMetaOf("fifo", &Meta{Kind: FIFO, Mode: 0o777, UID: uint32(os.Getuid()), GID: uint32(os.Getgid())})
	d.Unlock("fifo")
	if info, err := os.Stat(dir + "/canary"); err != nil || info.Mode().Perm() != 0o640 {
		t.Fatalf("the link was followed: %v %v", info.Mode(), err)
	}
}
