package backup_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"snap/backup"
	"snap/index"
)

// TestHugeHoles: a file of 7 EiB with a few bytes in it is backed up, compared, moved, checked and restored in a moment.
func TestHugeHoles(t *testing.T) {
	needRoot(t)
	p := newPlace(t)
	mnt := t.TempDir()
	must(t, "mount", "-t", "tmpfs", "-o", "size=64m", "none", mnt)
	t.Cleanup(func() { exec.Command("umount", mnt).Run() })
	p.src, p.dest = filepath.Join(mnt, "s"), filepath.Join(mnt, "d")
	must(t, "mkdir", p.src, p.dest)
	huge := func(name, text string, at int64) {
		f, err := os.OpenFile(p.path(name), os.O_CREATE|os.O_WRONLY, 0o644)
		p.do(err)
		if _, err := f.WriteAt([]byte(text), at); err != nil {
			t.Skip(err) // no file system for that
		}
		p.do(f.Truncate(7 << 60))
		p.do(f.Close())
	}
	huge("lastlog", "first", 1<<59)
	huge("small", "x", 1<<20)
	p.do(os.Truncate(p.path("small"), 64<<20)) // with holes, and not worth another form
	first, rec := p.backup()
	if r := rec.changes["lastlog"]; !r.Has(index.Hashed|index.SparseHash) || r.OnDisk() > 1<<20 || first.Header.CopiedBytes > 1<<21 {
		t.Errorf("%v, %d bytes on the disk, %d copied", r.Flags, r.OnDisk(), first.Header.CopiedBytes)
	}
	if r := rec.changes["small"]; r.Has(index.SparseHash) {
		t.Error("a file of 64 MiB is hashed in the sparse form")
	}
	all := backup.CheckOptions{Read: backup.Subset{All: true}}
	if found := said(p.check(all)); len(found) > 0 {
		t.Errorf("%q", found)
	}

	must(t, "cp", "--sparse=always", "-p", p.path("small"), p.path("again")) // same content, another inode
	must(t, "mv", p.path("again"), p.path("small"))
	must(t, "mv", p.path("lastlog"), p.path("moved"))
	_, rec = p.backup(force)
	if r := rec.changes["moved"]; r.Change != index.Moved || r.Stored != index.Linked || !r.Has(index.SparseHash) {
		t.Errorf("%v %v %v", r.Change, r.Stored, r.Flags)
	}
	huge("moved", "other", 1<<58)
	changed, rec := p.backup()
	if r := rec.changes["moved"]; r.Change != index.Modified || !r.Has(index.SparseHash) {
		t.Errorf("%v %v", r.Change, r.Flags)
	}
	must(t, "chmod", "600", p.path("moved"))
	if _, rec := p.backup(); rec.changes["moved"].Change != index.Metadata {
		t.Errorf("%v", rec.changes["moved"].Change)
	}
	if found := said(p.check(all)); len(found) > 0 {
		t.Errorf("%q", found)
	}
	f, err := os.OpenFile(filepath.Join(p.tree(changed), "moved"), os.O_WRONLY, 0)
	p.do(err)
	s, err := f.Stat()
	p.do(err)
	_, err = f.WriteAt([]byte("!"), 1<<57)
	p.do(err)
	p.do(f.Close())
	p.do(os.Chtimes(filepath.Join(p.tree(changed), "moved"), s.ModTime(), s.ModTime()))
	if found := said(p.check(all)); len(found) != 1 {
		t.Errorf("one bit of 7 EiB is wrong: %q", found)
	}
}
