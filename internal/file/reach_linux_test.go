package file

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
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
