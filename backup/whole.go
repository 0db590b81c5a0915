package backup

import (
	"context"
	"errors"
	"fmt"

	"snap/index"
	"snap/internal/file"
)

// A file is read up to the size in its stat record, so that reading a growing file ends. But some files have another
// length than their stat record says: files of proc, and of FUSE file systems that make up their content, say 0,
// those of sysfs 4,096. Where no stamp differs after a file was read, and its length is another one, it did not
// change: it is read to its end.

// endless is how much is read of a file that says it has less. More than that no such file is known to have.
const endless = 1 << 30

var errEndless = errors.New("it has more than it says, and no end")

// wholeRead is one reading of a file.
type wholeRead struct {
	stat   file.Stat // before it
	n      int64     // how many bytes there were
	wrote  int64     // how many of them were written: those not in holes
	after  int64     // its length when it was read
	steady bool      // it did not change meanwhile
	untrue bool      // and has another length than it says
}

// readWhole reads src into h, and into the empty file dst if there is one. olds are the records that it will be
// compared with.
func readWhole(ctx context.Context, dst, src *file.File, h *file.Digest, buf []byte,
	olds ...*index.Record) (r wholeRead, err error) {
	if r.stat, err = src.Stat(); err != nil {
		return r, err
	}
	h.Begin(index.SparseForm(src, &r.stat, olds...))
	if dst != nil {
		r.n, r.wrote, err = file.Copy(ctx, dst, src, r.stat.Size, h, buf)
	} else {
		r.n, err = file.Hash(ctx, src, r.stat.Size, h, buf)
	}
	more := false
	if err == nil && r.n == r.stat.Size {
		more, err = file.HasMore(src, r.n)
	}
	if err != nil {
		return r, err
	}
	after, err := src.Stat()
	if err != nil {
		return r, err
	}
	r.after, r.steady = after.Size, sameState(&r.stat, &after)
	r.untrue = r.steady && (more || r.n != r.stat.Size)
	if !r.untrue || !more {
		return r, nil
	}
	h.Reset()
	if r.n, err = file.CopyToEnd(ctx, dst, src, endless, h, buf); err == nil && r.n == endless {
		err = errEndless
	}
	if err != nil {
		return r, err
	}
	r.wrote = r.n
	after, err = src.Stat()
	r.steady = sameState(&r.stat, &after)
	return r, err
}

// lengthError: a file has another length than its stat record says.
type lengthError struct{ says, has int64 }

func (e *lengthError) Error() string {
	return fmt.Sprintf("it says that it has %d bytes, and has %d: read to its end", e.says, e.has)
}
