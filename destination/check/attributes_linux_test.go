package check_test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/internal/filetest"
)

func setAttr(name string, size int) func(string) error {
	return func(path string) error {
		return syscall.Setxattr(path, name, []byte(strings.Repeat("v", size)), 0)
	}
}

func dropAttr(name string) func(string) error {
	return func(path string) error { return syscall.Removexattr(path, name) }
}

// TestCheckComparesAttributes: an attribute that somebody gave to an entry of a snapshot, changed or took away is
// told for every snapshot that shares the inode, and mended by another inode.
func TestCheckComparesAttributes(t *testing.T) {
	filetest.NeedRoot(t)
	acl := func(user string) func(string) error {
		return func(path string) error { filetest.Must(t, "setfacl", "-m", "u:"+user+":r", path); return nil }
	}
	p := backuptest.NewPlace(t)
	for _, name := range []string{"plain", "has", "acl", "cap", "dir/in"} {
		p.Write(name, "content of "+name)
	}
	p.Do(os.Symlink("plain", p.Path("link")))
	p.Do(setAttr("user.mine", 3)(p.Path("has")))
	p.Do(setAttr("user.mine", 3)(p.Path("dir")))
	p.Do(acl("12345")(p.Path("acl")))
	filetest.Must(t, "setcap", "cap_net_raw=ep", p.Path("cap"))
	p.Do(setAttr("trusted.mine", 3)(p.Path("link")))
	p.Backup()
	p.Write("new", "new")
	p.Backup()
	p.WantSaid(p.Check(check.Options{}))
	before := p.Trees()
	for _, c := range []struct {
		name, path, why string
		do              func(path string) error
	}{
		{"added", "plain", `"user.a" was added`, setAttr("user.a", 1)},
		{"added to others", "has", `"user.a" was added`, setAttr("user.a", 1)},
		{"changed", "has", `"user.mine" has another value`, setAttr("user.mine", 2)},
		{"taken away", "has", `"user.mine" is missing`, dropAttr("user.mine")},
		{"an ACL that leaves the mode as it is", "plain", `"system.posix_acl_access" was added`, acl("12345")},
		{"an ACL with one more", "acl", `"system.posix_acl_access" has another value`, acl("54321")},
		{"no ACL", "acl", `"system.posix_acl_access" is missing`, dropAttr("system.posix_acl_access")},
		{"no capabilities", "cap", `"security.capability" is missing`, dropAttr("security.capability")},
		{"of a folder", "dir", `"user.mine" is missing`, dropAttr("user.mine")},
		{"default ACL of a folder", "dir", `"system.posix_acl_default" was added`, func(path string) error {
			filetest.Must(t, "setfacl", "-d", "-m", "u:12345:r", path)
			return nil
		}},
		{"of a link", "link", `"trusted.b" was added`, func(path string) error {
			filetest.Must(t, "setfattr", "-h", "-n", "trusted.b", "-v", "1", path)
			return nil
		}},
		{"many", "plain", `"user.a" was added, "user.b" was added, "user.c" was added, 2 more differ`,
			func(path string) error {
				for _, name := range []string{"a", "b", "c", "d", "e"} {
					p.Do(setAttr("user."+name, 1)(path))
				}
				return nil
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.T = t
			p.Do(c.do(p.In("s0001", c.path)))
			want := "attributes " + c.path + " s0001 s0002"
			if c.path == "dir" {
				want = "attributes " + c.path + " s0001"
			}
			for _, o := range []check.Options{{}, {Read: backuptest.ReadAll}} {
				res := p.Check(o)
				p.WantSaid(res, want)
				if why := res.Findings[0].Why; why != "of its extended attributes "+c.why {
					t.Errorf("%s", why)
				}
			}
			p.WantSaid(p.Check(check.Options{Repair: true}), "mended "+want)
			p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
			p.WantTrees(before, c.path)
			before = p.Trees()
		})
	}
}

// TestCheckKnowsWhatWasNotSet: attributes that the file system had no room for, or that this user could not set, are
// no damage.
func TestCheckKnowsWhatWasNotSet(t *testing.T) {
	p := backuptest.NewPlace(t)
	source, _ := filetest.Image(t, "xfs", "320M")
	dest, _ := filetest.Image(t, "ext4", "16M")
	p.Src, p.Dest = source, dest
	for name, size := range map[string]int{"small": 100, "half": 1500, "large": 40_000} {
		p.Write(name, name)
		p.Do(setAttr("user.mine", size)(p.Path(name)))
		p.Do(setAttr("trusted.mine", 10)(p.Path(name)))
	}
	if res, _ := p.Backup(); res.Lost.Xattrs == 0 {
		t.Error("ext4 has room for all of them")
	}
	p.Write("new", "new")
	p.Backup()
	p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))

	u := backuptest.NewUsers(t)
	for _, name := range []string{"plain", "cap", "unread"} {
		u.Do(os.WriteFile(u.Path("s/"+name), []byte(name), 0o644))
		filetest.Must(t, "setfacl", "-m", "u:12345:r", u.Path("s/"+name))
		u.Do(setAttr("trusted.mine", 10)(u.Path("s/" + name)))
		u.Do(setAttr("user.mine", 10)(u.Path("s/" + name)))
	}
	filetest.Must(t, "setcap", "cap_net_raw=ep", u.Path("s/cap"))
	u.Run(false, 0, "backup", "d", "s", "--time", "2026-01-01")
	u.Run(false, 0, "check", "-d", "d")
	u.Run(true, 0, "check", "-d", "d")
	u.Do(os.Chmod(u.Path("s/unread"), 0o200))
	filetest.Must(t, "chown", "-R", "65534", u.Path("s"))
	u.Run(false, 3, "backup", "d", "s", "--time", "2026-01-02")
	u.Run(false, 0, "check", "-d", "d")
	u.Do(setAttr("user.more", 10)(u.Path("d/20260101-000000/plain")))
	if out := u.Run(false, 1, "check", "-d",
		"d"); !strings.Contains(out, `plain: of its extended attributes "user.more" was added, in`) {
		t.Error(out)
	}
}
