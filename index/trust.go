package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"snap/index/pages"
	"snap/internal/file"
	"snap/record"
)

// alwaysProve is the size of a file, in bytes, up to which a proof takes no time to speak of (8 ms), so that
// nobody's word is taken for it.
const alwaysProve = 32 << 20

// Trust says that files with these fingerprints were proved or written by snap before: they are then not proved again
// when they are opened. An old fingerprint does no harm. What a disk has done to the file since, without anybody
// writing it, is not seen; records have checksums nevertheless.
func (db *DB) Trust(fingerprints ...string) { db.trusted = fingerprints }

// Fingerprint identifies the file whose pages were proved, or which was written, last: by device, inode, size and
// times. Empty if there is none, or if it costs nothing to prove it again.
func (db *DB) Fingerprint() string {
	if db.bytes <= alwaysProve || db.badFree != nil {
		return ""
	}
	return db.proved
}

// prove makes sure that bbolt can follow the pages of f, unless that is known of this very file. For
// reading the list of free pages may be damaged.
func (db *DB) prove(ctx context.Context, f *os.File, how int) error {
	now, size, err := fingerprint(f)
	if err != nil {
		return err
	}
	if now != db.proved {
		db.proved, db.badFree = "", nil
		if !slices.Contains(db.trusted, now) || size <= alwaysProve {
			p, err := openPages(f)
			if err != nil {
				return err
			}
			free, err := p.Prove(ctx, string(bucketRecords))
			if err != nil {
				return cmp.Or(newer(ctx, f), pageFault(err))
			}
			db.badFree = pageFault(free)
		}
		db.proved, db.bytes = now, size
	}
	if how == writing {
		return db.badFree
	}
	return nil
}

// Prove makes sure that the index can be opened for reading and for writing, whatever is known of it.
func (db *DB) Prove(ctx context.Context) error {
	db.proved = ""
	h, err := db.open(ctx, reading)
	if err != nil {
		return err
	}
	if err := h.Close(); err != nil {
		return err
	}
	return db.writable()
}

// writable is what is wrong with the list of free pages, once the pages were proved.
func (db *DB) writable() error {
	if db.badFree != nil {
		return fmt.Errorf("%s: %w", db.path, db.badFree)
	}
	return nil
}

// wrote takes over the fingerprint of f, which only bbolt has written to.
func (db *DB) wrote(f *os.File) (err error) {
	db.proved, db.bytes, err = fingerprint(f)
	return err
}

// fingerprint is what changes when a file does, and its size.
func fingerprint(f *os.File) (string, int64, error) {
	s, err := file.StatOpen(f)
	if err != nil {
		return "", 0, err
	}
	return fmt.Sprintf("%x-%x-%x-%x.%x-%x.%x", s.Dev, s.Ino, s.Size, s.Mtime.Sec, s.Mtime.Nsec, s.Ctime.Sec, s.Ctime.Nsec),
		s.Size, nil
}

// openPages opens the file of a database as pages.
func openPages(f *os.File) (*pages.File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	p, err := pages.Open(f, info.Size())
	return p, pageFault(err)
}

// pageFault makes an ErrDamaged of what is wrong with pages.
func pageFault(err error) error {
	if fault := (*pages.Fault)(nil); errors.As(err, &fault) {
		return damaged("%v", fault)
	}
	return err
}

// newer is an ErrNewer where the file says that a newer version of snap wrote it: what is wrong with its pages in the
// eyes of this version may be as that one wants it. Else nil, also where the file does not say.
func newer(ctx context.Context, f *os.File) error {
	p, err := openPages(f)
	if err != nil {
		return nil
	}
	o := pages.Options{Name: keyText, Found: func(error) {}}
	nested := o
	nested.Buckets = true
	top := p.Walk(ctx, nil, nested)
	for k, v, ok := top.Next(); ok; k, v, ok = top.Next() {
		if string(k) != string(bucketMeta) {
			continue
		}
		meta := p.Walk(ctx, v, o)
		for k, v, ok := meta.Next(); ok; k, v, ok = meta.Next() {
			if err := checkVersion(v); string(k) == string(keyVersion) && errors.Is(err, record.ErrNewer) {
				return err
			}
		}
	}
	return nil
}

// keyText is the path of a key, for messages.
func keyText(key []byte) string { return string(appendPath(nil, key)) }
