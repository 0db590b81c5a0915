package file

import (
	"os"
	"path/filepath"
	"testing"
)

// TestDeadLinks: the first link on the way that leads to what is not there is named; what is there, or only not yet, is
// behind none.
func TestDeadLinks(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.MkdirAll(at("disk/data"), 0o755), os.Symlink("gone", at("x")), os.Symlink("x", at("y")),
		os.Symlink("disk", at("here")), os.Symlink(at("disk/none"), at("abs")), os.Symlink("loop", at("loop")),
		os.Symlink("../gone", at("disk/out")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string][2]string{
		"x": {"x", "gone"}, "x/": {"x", "gone"}, "x/a/b": {"x", "gone"}, "y": {"y", "gone"}, "y/a": {"y", "gone"},
		"abs": {"abs", "disk/none"}, "here/out": {"here/out", "gone"}, "disk/out/f": {"disk/out", "gone"},
		"disk": {}, "here": {}, "here/data": {}, "here/new": {}, "new": {}, "new/deep/er": {}, "loop": {}, "loop/a": {},
	} {
		if want[0] != "" {
			want = [2]string{at(want[0]), at(want[1])}
		}
		if link, to := DeadLink(at(path)); link != want[0] || want[0] != "" && filepath.Base(to) != filepath.Base(want[1]) {
			t.Errorf("%s: %s leads to %s, not %s", path, link, to, want)
		}
	}
}

// TestRemotePlaces: what other programs name on another machine, unless there is something of the name here.
func TestRemotePlaces(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"a:", "me@b:c"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for typed, remote := range map[string]bool{
		"nas:/backup": true, "nas.lan:/backup/me": true, "me@nas:backup": true, "me@nas:/backup": true, "ssh:/me@nas/x": true,
		"sftp:me@nas:/x": true, "s3:/bucket": true,
		"a:/new": false, "me@b:c/new": false, "new": false, "my:disk": false, "at 10:30": false, "x/y:/z": false, ".": false,
	} {
		if got := Remote(filepath.Join(here, typed)); (got != "") != remote || remote && got != typed {
			t.Errorf("%s: %q", typed, got)
		}
	}
	if got := Remote("/elsewhere/nas:/backup"); got != "" {
		t.Errorf("an absolute path is here: %q", got)
	}
}
