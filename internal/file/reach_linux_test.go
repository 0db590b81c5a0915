package file

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRootWritesWhereRootSays: root keeps a log where no other user can lead it elsewhere.
func TestRootWritesWhereRootSays(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	err := errors.Join(
		os.MkdirAll(in("home/me"), 0o755), os.Chown(in("home/me"), 1234, 1234), os.WriteFile(in("home/me/log"), nil, 0o600),
		os.MkdirAll(in("root/sub"), 0o755), os.WriteFile(in("root/log"), nil, 0o600),
		os.WriteFile(in("root/his"), nil, 0o644),
		os.Chown(in("root/his"), 1234, 1234), os.Symlink("root/log", in("link")), os.Symlink("root/log", in("hislink")),
		os.Lchown(in("hislink"), 1234, 1234),
		os.Symlink(in("home/me/log"), in("tohome")), os.Mkdir(in("tmp"), 0o777), os.Chmod(in("tmp"), 0o777|os.ModeSticky),
		os.WriteFile(in("tmp/log"), nil, 0o600), os.Mkdir(in("open"), 0o777), os.Chmod(in("open"), 0o777),
		os.Symlink("loop", in("loop")),
	)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"root/log": "", "root/new": "", "root/sub/new/log": "", "link": "", "tmp/log": "",
		"home/me/log": "home/me", "home/me/new": "home/me", "root/his": "root/his", "hislink": "hislink", "tohome": "home/me",
		"tmp/new": "tmp/new", "open/log": "open", "loop": "loop",
	} {
		if want != "" {
			want = in(want)
		}
		if got := ReachOfOthers(in(name)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestAUserIsAskedWhatOthersMayChange: what is the user's or root's is trusted, what a third may write is not.
func TestAUserIsAskedWhatOthersMayChange(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	const me, group = 1234, 100
	make := func(name string, uid, gid int, mode os.FileMode) error {
		return errors.Join(
			os.MkdirAll(filepath.Dir(in(name)), 0o755),
			os.WriteFile(in(name), nil, 0o600),
			os.Chown(in(name), uid, gid),
			os.Chmod(in(name), mode),
		)
	}
	err := errors.Join(
		make(
			"mine",
			me,
			me,
			0o600,
		),
		make("own group", me, me, 0o664),
		make("roots", 0, 0, 0o644),
		make("group", me, group, 0o664),
		make("read", me, group, 0o644),
		make(
			"all",
			me,
			me,
			0o606,
		),
		make("his", 77, me, 0o600),
		make("root's group", me, 0, 0o664),
		make("home/f", me, me, 0o600),
		os.Chown(in("home"), 77, 77),
		make(
			"open/f",
			me,
			me,
			0o600,
		),
		os.Chmod(in("open"), 0o777),
		make("tmp/f", me, me, 0o600),
		os.Chmod(in("tmp"), 0o777|os.ModeSticky),
	)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"mine": "", "own group": "", "roots": "", "group": "group", "read": "", "all": "all", "his": "his",
		"root's group": "", "home/f": "home", "open/f": "open",
		"tmp/f": "", "tmp/new": "tmp/new",
	} {
		if want != "" {
			want = in(want)
		}
		if got := ReachOfOthersThan(in(name), me); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := ReachOfOthers(in("mine")); got != in("mine") {
		t.Errorf("root trusts what is a user's: %q", got)
	}
	list := []byte(
		"\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x02\x00\x06\x00\x4d\x00\x00\x00\x04\x00\x04\x00\xff\xff\xff\xff" +
			"\x10\x00\x06\x00\xff\xff\xff\xff\x20\x00\x04\x00\xff\xff\xff\xff",
	)
	if err := unix.Setxattr(in("own group"), "system.posix_acl_access", list, 0); err != nil {
		t.Skip("no access lists here: ", err)
	}
	if got := ReachOfOthersThan(in("own group"), me); got != in("own group") {
		t.Errorf("an access list lets another user write: %q", got)
	}
}
