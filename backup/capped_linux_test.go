package backup_test

import (
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"

	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/internal/filetest"
)

// TestMoreAttributesThanAreTaken: a file with megabytes of them is in the snapshot, with some; that is told, each time.
func TestMoreAttributesThanAreTaken(t *testing.T) {
	p := backuptest.NewPlace(t)
	mnt, _ := filetest.Image(t, "xfs", "320M")
	p.Src = mnt
	for _, name := range []string{"f", "g", "h"} {
		p.Write(name, "content")
		for i := range 30 {
			if err := syscall.Setxattr(p.Path(name), fmt.Sprintf("user.%02d", i), make([]byte, 64<<10), 0); err != nil {
				t.Skip(err)
			}
		}
		filetest.Must(t, "setfacl", "-m", "u:12345:r", p.Path(name))
	}
	p.Do(os.Link(p.Path("h"), p.Path("i")))
	p.Write("plain", "plain")
	want := []string{"f", "g", "h", "i"}
	first, _ := p.Backup()
	if told := backuptest.Untold(first); !slices.Equal(told, want) || first.Header.Capped != 4 {
		t.Fatalf("told %q, %d", told, first.Header.Capped)
	}
	_, all := p.Knows()
	for _, name := range want {
		r := all[0][name]
		if n := len(r.Xattrs); n != 4 || r.Xattrs[0].Name != "system.posix_acl_access" {
			t.Errorf("%s: %d attributes", name, n)
		}
	}
	if again, _ := p.Backup(); !again.Skipped || !slices.Equal(backuptest.Untold(again), want) {
		t.Errorf("skipped %v, told %q", again.Skipped, backuptest.Untold(again))
	}
	p.Write("new", "new")
	second, _ := p.Backup()
	if h := second.Header; !slices.Equal(backuptest.Untold(second), want) || h.Linked != 5 || h.Metadata != 0 {
		t.Errorf("told %q, %+v", backuptest.Untold(second), h)
	}
	p.Lose("index.db")
	p.Reindex()
	if found := backuptest.Said(p.Check(check.Options{Read: check.Subset{All: true}})); len(found) > 0 {
		t.Errorf("%q", found)
	}
}

// TestMoreAttributesThanAreListed: the system lists 64 KiB of names, and a file system may hold more. What has them
// is in the snapshot, folders and the source itself too, with its ACL.
func TestMoreAttributesThanAreListed(t *testing.T) {
	p := backuptest.NewPlace(t)
	mnt, _ := filetest.Image(t, "xfs", "320M")
	p.Src = mnt
	p.Write("d/f", "content")
	want := []string{"", "d", "d/f"}
	for _, name := range want {
		for i := range 400 {
			if err := syscall.Setxattr(p.Path(name), fmt.Sprintf("user.%0200d", i), nil, 0); err != nil {
				t.Skip(err)
			}
		}
		filetest.Must(t, "setfacl", "-m", "u:12345:r", p.Path(name))
	}
	for range 2 {
		res, _ := p.Backup()
		if told := backuptest.Untold(res); !slices.Equal(told, want) ||
			res.Header != nil && (res.Header.Capped != 3 || res.Header.Errors != 3) {
			t.Fatalf("told %q, %+v", told, res.Header)
		}
	}
	_, all := p.Knows()
	for _, name := range want {
		if r := all[0][name]; len(r.Xattrs) != 1 || r.Xattrs[0].Name != "system.posix_acl_access" || r.Unheld() {
			t.Errorf("%q: %+v", name, r)
		}
	}
}
