package source

import (
	"context"
	"errors"

	"snap/internal/file"
	"snap/record"
)

// A file is read up to the size in its stat record, so that reading a growing file ends. But some files have another
// length than their stat record says: files of proc, and of FUSE file systems that make up their content, say 0,
// those of sysfs 4,096. Where no stamp differs after a file was read, and its length is another one, it did not
// change: it is read to its end.

// endless is how much is read of a file that says it has less. More than that no such file is known to have.
const endless = 1 << 30

var errEndless = errors.New("it has more than it says, and no end")

// Reading is one reading of a file.
type Reading struct {
	Stat   file.Stat // before it
	N      int64     // how many bytes there were
	Wrote  int64     // how many of them were written: those not in holes
	After  int64     // its length when it was read
	Steady bool      // it did not change meanwhile
	Untrue bool      // and has another length than it says
}

// Read reads src into h, and into the empty file dst if there is one. olds are the records that it will be
// compared with.
func Read(ctx context.Context, dst, src *file.File, h *file.Digest, buf []byte,
	olds ...*record.Record) (r Reading, err error) {
	return read(ctx, dst, src, h, buf, func(size int64) (n, wrote int64, err error) {
		if dst != nil {
			return file.Copy(ctx, dst, src, size, h, buf)
		}
		n, err = file.Hash(ctx, src, size, h, buf)
		return n, 0, err
	}, olds...)
}

// Patch is Read into a clone of an older file, dst, which p patches.
func Patch(ctx context.Context, p *file.Patch, dst, src *file.File, h *file.Digest, buf []byte,
	old *record.Record) (Reading, error) {
	return read(ctx, dst, src, h, buf, func(size int64) (n, wrote int64, err error) {
		n, err = p.Copy(ctx, src, size, h)
		return n, p.Wrote(), err
	}, old)
}

// read is Read, where content reads the first size bytes into h and says how many there were and how many it wrote.
func read(ctx context.Context, dst, src *file.File, h *file.Digest, buf []byte,
	content func(size int64) (n, wrote int64, err error), olds ...*record.Record) (r Reading, err error) {
	if r.Stat, err = src.Stat(); err != nil {
		return r, err
	}
	h.Begin(record.SparseForm(src, &r.Stat, olds...))
	r.N, r.Wrote, err = content(r.Stat.Size)
	more := false
	if err == nil && r.N == r.Stat.Size {
		more, err = file.HasMore(src, r.N)
	}
	if err != nil {
		return r, err
	}
	after, err := src.Stat()
	if err != nil {
		return r, err
	}
	r.After, r.Steady = after.Size, SameState(&r.Stat, &after)
	r.Untrue = r.Steady && (more || r.N != r.Stat.Size)
	if !r.Untrue || !more {
		return r, nil
	}
	h.Reset()
	if r.N, err = file.CopyToEnd(ctx, dst, src, endless, h, buf); err == nil && r.N == endless {
		err = errEndless
	}
	if err != nil {
		return r, err
	}
	r.Wrote = r.N
	after, err = src.Stat()
	r.Steady = SameState(&r.Stat, &after)
	return r, err
}

// SameState reports whether nothing that a write would change differs. Inode numbers do not count: some
// file systems make up new ones each time.
func SameState(a, b *file.Stat) bool {
	return a.Size == b.Size && a.Mtime == b.Mtime && a.Ctime == b.Ctime
}
