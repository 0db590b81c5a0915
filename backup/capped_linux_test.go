package backup_test

import (
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"

	"snap/backup"
)

// TestMoreAttributesThanAreTaken: a file with megabytes of them is in the snapshot, with some; that is told, each time.
func TestMoreAttributesThanAreTaken(t *testing.T) {
	p := newPlace(t)
	mnt, _ := image(t, "xfs", "320M")
	p.src = mnt
	for _, name := range []string{"f", "g", "h"} {
		p.write(name, "content")
		for i := range 30 {
			if err := syscall.Setxattr(p.path(name), fmt.Sprintf("user.%02d", i), make([]byte, 64<<10), 0); err != nil {
				t.Skip(err)
			}
		}
		must(t, "setfacl", "-m", "u:12345:r", p.path(name))
	}
	p.do(os.Link(p.path("h"), p.path("i")))
	p.write("plain", "plain")
	want := []string{"f", "g", "h", "i"}
	first, _ := p.backup()
	if told := untold(first); !slices.Equal(told, want) || first.Header.Capped != 4 {
		t.Fatalf("told %q, %d", told, first.Header.Capped)
	}
	_, all := p.knows()
	for _, name := range want {
		r := all[0][name]
		if n := len(r.Xattrs); n != 4 || r.Xattrs[0].Name != "system.posix_acl_access" {
			t.Errorf("%s: %d attributes", name, n)
		}
	}
	if again, _ := p.backup(); !again.Skipped || !slices.Equal(untold(again), want) {
		t.Errorf("skipped %v, told %q", again.Skipped, untold(again))
	}
	p.write("new", "new")
	second, _ := p.backup()
	if h := second.Header; !slices.Equal(untold(second), want) || h.Linked != 5 || h.Metadata != 0 {
		t.Errorf("told %q, %+v", untold(second), h)
	}
	p.lose("index.db")
	p.reindex()
	if found := said(p.check(backup.CheckOptions{Read: backup.Subset{All: true}})); len(found) > 0 {
		t.Errorf("%q", found)
	}
}

// TestMoreAttributesThanAreListed: the system lists 64 KiB of names, and a file system may hold more. What has them is in the
// snapshot, folders and the source itself too, with its ACL.
func TestMoreAttributesThanAreListed(t *testing.T) {
	p := newPlace(t)
	mnt, _ := image(t, "xfs", "320M")
	p.src = mnt
	p.write("d/f", "content")
	want := []string{"", "d", "d/f"}
	for _, name := range want {
		for i := range 400 {
			if err := syscall.Setxattr(p.path(name), fmt.Sprintf("user.%0200d", i), nil, 0); err != nil {
				t.Skip(err)
			}
		}
		must(t, "setfacl", "-m", "u:12345:r", p.path(name))
	}
	for range 2 {
		res, _ := p.backup()
		if told := untold(res); !slices.Equal(told, want) || res.Header != nil && (res.Header.Capped != 3 || res.Header.Errors != 3) {
			t.Fatalf("told %q, %+v", told, res.Header)
		}
	}
	_, all := p.knows()
	for _, name := range want {
		if r := all[0][name]; len(r.Xattrs) != 1 || r.Xattrs[0].Name != "system.posix_acl_access" || r.Unheld() {
			t.Errorf("%q: %+v", name, r)
		}
	}
}
