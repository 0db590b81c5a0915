package backup

import (
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"snap/internal/file"
	"snap/record"
)

// CappedError: an entry has more extended attributes than a backup takes.
type CappedError struct{}

func (CappedError) Error() string {
	return "has more than 256 KiB of extended attributes, or more than the system lists: those beyond that are not kept"
}

// capped notes that some attributes of the entry of a record were left out, or that none were.
func capped(rec *record.Record, left int) {
	rec.Flags &^= record.Capped
	if left > 0 {
		rec.Flags |= record.Capped
	}
}

// takeXattrs gives a record the attributes of another.
func takeXattrs(rec, from *record.Record) {
	rec.Xattrs = from.Xattrs
	rec.Flags = rec.Flags&^record.Capped | from.Flags&record.Capped
}

// heavyXattrs is the size in bytes from which the attributes of an entry are kept in a file until their record is
// written.
const heavyXattrs = 8 << 10

// xattrFile is a file that holds large attributes until their records are written. Thousands of entries are in work
// at a time, and any user can give each of their files as many attributes as the system allows.
type xattrFile struct {
	mu   sync.Mutex
	f    *os.File
	size int64
}

// storedXattrs says where in an xattrFile the attributes of an entry are; nil: none are there.
type storedXattrs struct{ off, size int64 }

func (a *xattrFile) Write(b []byte) (int, error) {
	n, err := a.f.WriteAt(b, a.size)
	a.size += int64(n)
	return n, err
}

// put writes the attributes to a file in the folder dir.
func (a *xattrFile) put(dir string, xattrs []file.Xattr) (*storedXattrs, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.f == nil {
		f, err := os.OpenFile(filepath.Join(dir, "xattrs"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		a.f = f
	}
	s := &storedXattrs{off: a.size}
	err := gob.NewEncoder(a).Encode(xattrs)
	s.size = a.size - s.off
	return s, err
}

func (a *xattrFile) get(s *storedXattrs) (xattrs []file.Xattr, err error) {
	if err = gob.NewDecoder(io.NewSectionReader(a.f, s.off, s.size)).Decode(&xattrs); err != nil {
		return nil, fmt.Errorf("%s: %w", a.f.Name(), err)
	}
	return xattrs, nil
}

func (a *xattrFile) close() {
	if a.f != nil {
		a.f.Close()
	}
}

// storeXattrs takes large attributes of an entry that was made out of memory, until its record is written.
func (b *builder) storeXattrs(it *item) (err error) {
	it.saved = nil
	if it.old != nil {
		it.old.Xattrs = nil
	}
	if !it.changed {
		it.rec.Xattrs = nil // nor is its record written
	}
	if it.xattrs == nil && file.XattrBytes(it.rec.Xattrs) >= heavyXattrs {
		it.xattrs, err = b.xattrFile.put(b.work.Path(), it.rec.Xattrs)
	}
	if it.xattrs != nil {
		it.rec.Xattrs = nil
	}
	return err
}

// loadXattrs reads them back.
func (b *builder) loadXattrs(it *item) (err error) {
	if it.xattrs != nil {
		it.rec.Xattrs, err = b.xattrFile.get(it.xattrs)
	}
	return err
}
