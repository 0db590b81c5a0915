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
	f      io.ReadCloser
	of     io.Closer  // what f is from
	tree   *file.File // f, if it is in a tree here
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
	of, err := d.Contents(h)
	if err != nil {
		return nil, err
	}
	f, err := of.Open(ctx, &record.Entry{Path: path, Record: r})
	if err != nil {
		of.Close()
		return nil, err
	}
	v := &File{ctx: ctx, f: f, of: of, record: &r, hash: file.NewDigest()}
	v.tree, _ = f.(*file.File)
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

// ReadAt reads from off, and compares nothing with the hash. What is far away is read from its beginning only.
func (v *File) ReadAt(p []byte, off int64) (int, error) {
	switch err := v.ctx.Err(); {
	case err != nil:
		return 0, err
	case v.tree == nil:
		return 0, errors.ErrUnsupported
	}
	return v.tree.ReadAt(p, off)
}

// Stat is what the file is now: in a tree that is here, or as it was backed up.
func (v *File) Stat() (file.Stat, error) {
	if v.tree == nil {
		return v.record.Stat, nil
	}
	return v.tree.Stat()
}

// Close closes the file.
func (v *File) Close() error { return errors.Join(v.f.Close(), v.of.Close()) }
