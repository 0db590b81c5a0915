package backup_test

import (
	"os"
	"path/filepath"
	"testing"

	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/internal/filetest"
	"snap/record"
)

// TestHugeHoles: a file of 7 EiB with a few bytes in it is backed up, compared, moved, checked and restored in a
// moment.
func TestHugeHoles(t *testing.T) {
	filetest.NeedRoot(t)
	p := backuptest.NewPlace(t)
	mnt := t.TempDir()
	filetest.Mount(t, "tmpfs", mnt, "size=64m")
	p.Src, p.Dest = filepath.Join(mnt, "s"), filepath.Join(mnt, "d")
	filetest.Must(t, "mkdir", p.Src, p.Dest)
	huge := func(name, text string, at int64) {
		f, err := os.OpenFile(p.Path(name), os.O_CREATE|os.O_WRONLY, 0o644)
		p.Do(err)
		if _, err := f.WriteAt([]byte(text), at); err != nil {
			t.Skip(err) // no file system for that
		}
		p.Do(f.Truncate(7 << 60))
		p.Do(f.Close())
	}
	huge("lastlog", "first", 1<<59)
	huge("small", "x", 1<<20)
	p.Do(os.Truncate(p.Path("small"), 64<<20)) // with holes, and not worth another form
	first, rec := p.Backup()
	if r := rec.Changes["lastlog"]; !r.Has(record.Hashed|record.SparseHash) || r.OnDisk() > 1<<20 ||
		first.Header.CopiedBytes > 1<<21 {
		t.Errorf("%v, %d bytes on the disk, %d copied", r.Flags, r.OnDisk(), first.Header.CopiedBytes)
	}
	if r := rec.Changes["small"]; r.Has(record.SparseHash) {
		t.Error("a file of 64 MiB is hashed in the sparse form")
	}
	all := check.Options{Read: check.Subset{All: true}}
	if found := backuptest.Said(p.Check(all)); len(found) > 0 {
		t.Errorf("%q", found)
	}

	filetest.Must(t, "cp", "--sparse=always", "-p", p.Path("small"), p.Path("again")) // same content, another inode
	filetest.Must(t, "mv", p.Path("again"), p.Path("small"))
	filetest.Must(t, "mv", p.Path("lastlog"), p.Path("moved"))
	_, rec = p.Backup(backuptest.Force)
	if r := rec.Changes["moved"]; r.Change != record.Moved || r.Stored != record.Linked || !r.Has(record.SparseHash) {
		t.Errorf("%v %v %v", r.Change, r.Stored, r.Flags)
	}
	huge("moved", "other", 1<<58)
	changed, rec := p.Backup()
	if r := rec.Changes["moved"]; r.Change != record.Modified || !r.Has(record.SparseHash) {
		t.Errorf("%v %v", r.Change, r.Flags)
	}
	filetest.Must(t, "chmod", "600", p.Path("moved"))
	if _, rec := p.Backup(); rec.Changes["moved"].Change != record.Metadata {
		t.Errorf("%v", rec.Changes["moved"].Change)
	}
	if found := backuptest.Said(p.Check(all)); len(found) > 0 {
		t.Errorf("%q", found)
	}
	f, err := os.OpenFile(filepath.Join(p.Tree(changed), "moved"), os.O_WRONLY, 0)
	p.Do(err)
	s, err := f.Stat()
	p.Do(err)
	_, err = f.WriteAt([]byte("!"), 1<<57)
	p.Do(err)
	p.Do(f.Close())
	p.Do(os.Chtimes(filepath.Join(p.Tree(changed), "moved"), s.ModTime(), s.ModTime()))
	if found := backuptest.Said(p.Check(all)); len(found) != 1 {
		t.Errorf("one bit of 7 EiB is wrong: %q", found)
	}
}
