package file

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"testing"

	"golang.org/x/sys/unix"

	"snap/internal/filetest"
)

// TestOpenTakesRegularFilesOnly: no link is followed, no FIFO waited for (a wait would end in go test's
// own time-out), no device read.
func TestOpenTakesRegularFilesOnly(t *testing.T) {
	d, path := tempRoot(t)
	write(t, path+"/file", "content")
	check(t, d.Mkdir("dir"))
	check(t, d.Mknod("fifo", FIFO, 0))
	check(t, d.Mknod("socket", Socket, 0))
	for name, target := range map[string]string{"to-file": "file", "to-dir": "dir", "to-fifo": "fifo", "dangling": "none",
		"loop": "loop"} {
		check(t, d.Symlink(target, name))
	}
	refused := []string{"dir", "fifo", "socket", "to-file", "to-dir", "to-fifo", "dangling", "loop"}
	if os.Geteuid() == 0 {
		check(t, d.Mknod("zero", CharDevice, unix.Mkdev(1, 5)))
		check(t, d.Mknod("no-driver", BlockDevice, unix.Mkdev(250, 250)))
		refused = append(refused, "zero", "no-driver")
	}
	before := handles(t)
	for _, name := range refused {
		_, err := d.Open(name)
		fails(t, err, ErrNotRegular, path+"/"+name)
	}
	for _, name := range []string{"to-dir", "to-fifo", "loop"} {
		_, err := d.OpenFollow(name)
		fails(t, err, ErrNotRegular, path+"/"+name)
	}
	_, err := d.OpenFollow("dangling")
	fails(t, err, fs.ErrNotExist, path+"/dangling")
	if after := handles(t); after != before {
		t.Errorf("%d handles before, %d after", before, after)
	}
	for _, open := range []func() (*File, error){
		func() (*File, error) { return d.Open("file") },
		func() (*File, error) { return d.OpenFollow("to-file") },
	} {
		f, err := open()
		check(t, err)
		if b, err := io.ReadAll(f); err != nil || string(b) != "content" {
			t.Errorf("%s: read %q, %v", f.Path(), b, err)
		}
		check(t, f.Close())
	}
}

// TestOpenLeavesAccessTime: on a mount that keeps access times, reading for a backup does not set them.
func TestOpenLeavesAccessTime(t *testing.T) {
	d, path := tempRoot(t)
	atime := func(name string) unix.Timespec {
		var s unix.Stat_t
		check(t, unix.Lstat(path+"/"+name, &s))
		return s.Atim
	}
	// relatime sets an atime before the mtime
	old := []unix.Timespec{unix.NsecToTimespec(1e18), unix.NsecToTimespec(1.5e18)}
	for _, name := range []string{"ours", "control"} {
		write(t, path+"/"+name, "content")
		check(t, unix.UtimesNanoAt(unix.AT_FDCWD, path+"/"+name, old, 0))
	}
	if _, err := os.ReadFile(path + "/control"); err != nil || atime("control") == old[0] {
		t.Skip("access times are not kept here:", err)
	}
	f, err := d.Open("ours")
	check(t, err)
	_, err = io.ReadAll(f)
	check(t, err)
	check(t, f.Close())
	if got := atime("ours"); got != old[0] {
		t.Errorf("access time is now %v", got)
	}
}

// TestOpenWhatAnotherOwns: O_NOATIME is for the owner alone; others read without it.
func TestOpenWhatAnotherOwns(t *testing.T) {
	if !filetest.AsPlainUser(t) {
		return
	}
	f, err := openRootAt(t, "/etc").Open("passwd")
	check(t, err)
	defer f.Close()
	if n, err := f.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

// TestOpenWaitsForALease: a file that a file server has lent out is opened once it is given back.
func TestOpenWaitsForALease(t *testing.T) {
	d, path := tempRoot(t)
	write(t, path+"/file", "content")
	holder, err := os.OpenFile(path+"/file", os.O_RDWR, 0)
	check(t, err)
	defer holder.Close()
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, unix.SIGIO)
	defer signal.Stop(broken)
	if _, err := unix.FcntlInt(holder.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Skip("no leases here:", err)
	}
	opened := make(chan error)
	go func() {
		f, err := d.Open("file")
		if err == nil {
			err = f.Close()
		}
		opened <- err
	}()
	<-broken
	_, err = unix.FcntlInt(holder.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
	check(t, err)
	check(t, <-opened)
}

// TestOpenDir: which of the ways in leads through a link, and which needs the right to list.
func TestOpenDir(t *testing.T) {
	d, path := tempRoot(t)
	check(t, d.Mkdir("dir"))
	write(t, path+"/dir/inside", "")
	write(t, path+"/file", "")
	check(t, d.Symlink("dir", "link"))
	check(t, d.Symlink("none", "dangling"))
	for _, c := range []struct {
		how  string
		open func(string) (*Dir, error)
		link bool
	}{{"OpenDir", d.OpenDir, false}, {"EnterDir", d.EnterDir, false}, {"FollowDir", d.FollowDir, true}} {
		for _, name := range []string{"dir", "link"} {
			sub, err := c.open(name)
			if name == "link" && !c.link {
				fails(t, err, unix.ENOTDIR, path+"/link")
				continue
			}
			check(t, err)
			if s, err := sub.Lstat("inside"); err != nil || s.Kind != Regular || sub.Path() != path+"/"+name {
				t.Errorf("%s %s: %+v, %v", c.how, name, s, err)
			}
			check(t, sub.Close())
		}
		for name, want := range map[string]error{"file": unix.ENOTDIR, "none": fs.ErrNotExist} {
			_, err := c.open(name)
			fails(t, err, want, path+"/"+name)
		}
		if _, err := c.open("dangling"); err == nil {
			t.Errorf("%s leads through a dangling link", c.how)
		}
	}
}

// TestEnterDirNeedsNoRightToList: a folder of mode 0111 can be passed, and not listed.
func TestEnterDirNeedsNoRightToList(t *testing.T) {
	if !filetest.AsPlainUser(t) {
		return
	}
	d, path := tempRoot(t)
	check(t, os.Mkdir(path+"/dir", 0o700))
	write(t, path+"/dir/inside", "")
	check(t, os.Chmod(path+"/dir", 0o111))
	defer os.Chmod(path+"/dir", 0o700)
	_, err := d.OpenDir("dir")
	fails(t, err, fs.ErrPermission, path+"/dir")
	sub, err := d.EnterDir("dir")
	check(t, err)
	defer sub.Close()
	if s, err := sub.Lstat("inside"); err != nil || s.Kind != Regular {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := sub.Stat(); err != nil || s.Mode != 0o111 {
		t.Errorf("%+v, %v", s, err)
	}
	_, err = sub.Entries()
	fails(t, err, fs.ErrPermission, path+"/dir")
}

// TestSwappedNames: a handle stays with the folder that it opened, whatever its name leads to by now,
// and Is tells.
func TestSwappedNames(t *testing.T) {
	d, path := tempRoot(t)
	check(t, d.Mkdir("dir"))
	write(t, path+"/dir/mine", "")
	check(t, d.Mkdir("other"))
	write(t, path+"/other/secret", "")
	listed, err := d.Lstat("dir")
	check(t, err)
	sub, err := d.OpenDir("dir")
	check(t, err)
	defer sub.Close()
	if !sub.Is(&listed) {
		t.Error("the folder is not what was listed")
	}
	check(t, d.Rename("dir", d, "moved"))
	check(t, d.Symlink("other", "dir"))
	if _, err := d.OpenDir("dir"); err == nil {
		t.Error("a link in the folder's place was followed")
	}
	if e, err := sub.Entries(); err != nil || len(e) != 1 || e[0].Name != "mine" {
		t.Errorf("the handle lists %v, %v", e, err)
	}
	if _, err := sub.Open("secret"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the handle leads elsewhere: %v", err)
	}
	check(t, d.Remove("dir"))
	check(t, d.Rename("other", d, "dir"))
	swapped, err := d.OpenDir("dir")
	check(t, err)
	defer swapped.Close()
	if swapped.Is(&listed) || !sub.Is(&listed) {
		t.Error("another folder passes for the one listed")
	}
	self, err := sub.EnterSelf()
	check(t, err)
	defer self.Close()
	if e, err := self.Entries(); err != nil || len(e) != 1 || !self.Is(&listed) {
		t.Errorf("another handle on it lists %v, %v", e, err)
	}
}

// TestOpenRoot follows links, takes relative paths, and refuses what is no folder.
func TestOpenRoot(t *testing.T) {
	d, path := tempRoot(t)
	check(t, d.Mkdir("dir"))
	check(t, d.Symlink("dir", "link"))
	write(t, path+"/file", "")
	want, err := d.Lstat("dir")
	check(t, err)
	t.Chdir(path)
	for _, p := range []string{"dir", "link", path + "/link"} {
		r, err := OpenRoot(p)
		check(t, err)
		if !r.Is(&want) {
			t.Errorf("%s leads elsewhere", p)
		}
		check(t, r.Close())
	}
	_, err = OpenRoot("file")
	fails(t, err, unix.ENOTDIR, "file")
	_, err = OpenRoot(path + "/none")
	fails(t, err, fs.ErrNotExist, path+"/none")
}
