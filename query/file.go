package query

import (
	"context"
	"errors"
	"fmt"
	"io"

	"snap/internal/file"
	"snap/internal/quote"
	"snap/record"
)

// ErrDamaged says that a file in a snapshot is not what was backed up.
var ErrDamaged = errors.New("the snapshot's copy is damaged: its bytes are not those that were backed up")

// File is a file of a snapshot. Read returns ErrDamaged instead of io.EOF when the bytes are not those that were
// backed up.
type File struct {
	ctx    context.Context // of OpenFile, because Read is given none
	f      *file.File
	record *record.Record
	hash   *file.Digest
}

// OpenFile opens the regular file path of the snapshot.
func (d *Reader) OpenFile(ctx context.Context, h *record.Header, path string) (*File, error) {
	r, _, err := d.DB.Lookup(ctx, h.Seq, path)
	if err != nil {
		return nil, err
	}
	if r.Kind != file.Regular || !r.Held() {
		return nil, fmt.Errorf("%s in snapshot %s: is no regular file that the snapshot holds", quote.Path(path),
			quote.Name(h.Name))
	}
	f, err := file.OpenBelow(d.Root, record.Join(h.Name, path))
	if err != nil {
		return nil, err
	}
	v := &File{ctx, f, &r, file.NewDigest()}
	v.hash.Begin(r.Has(record.SparseHash))
	return v, nil
}

// Read reads and hashes the next bytes.
func (v *File) Read(p []byte) (int, error) {
	if err := v.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := v.f.Read(p)
	v.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && v.record.Has(record.Hashed) && [32]byte(v.hash.Sum(nil)) != v.record.Hash {
		err = ErrDamaged
	}
	return n, err
}

// ReadAt reads from off, and compares nothing with the hash.
func (v *File) ReadAt(p []byte, off int64) (int, error) {
	if err := v.ctx.Err(); err != nil {
		return 0, err
	}
	return v.f.ReadAt(p, off)
}

// Stat is what the file is now.
func (v *File) Stat() (file.Stat, error) { return v.f.Stat() }

// Close closes the file.
func (v *File) Close() error { return v.f.Close() }
