package peer

import (
	"bytes"
	"context"
	"errors"
	"io"

	"snap/backup"
	"snap/internal/file"
	"snap/record"
	"snap/remote/replica"
)

// Of a large file that was modified, both ends have the old bytes. The giver compares its own old and new file, block
// by block at the same places, and sends where the old bytes are, or the new ones.

const (
	deltaSize  = 8 << 20  // of a file that is compared
	blockSize  = 64 << 10 // that is compared
	copiedMost = 64 << 20 // that one frame copies
)

// oldOf opens the giver's file with the bytes that the taker has at the path; nil where it has none any more.
func oldOf(ctx context.Context, t *replica.Tree, a *ask) *replica.File {
	w := &backup.Wanted{Entry: record.Entry{Path: string(a.Path)}, Tries: 1} // any with this hash
	w.Kind, w.Size, w.Flags = file.Regular, a.Old.Size, a.Old.Flags&(record.Hashed|record.SparseHash)
	copy(w.Hash[:], a.Old.Hash)
	f, err := t.OpenFile(ctx, w)
	if err != nil {
		return nil
	}
	return f
}

// delta is a new file in pieces of the old one, and of its own.
type delta struct {
	*fileStream
	old  *replica.File
	at   int64
	held *piece // its own bytes, which come after what is copied
	end  bool
	was  []byte
}

func (d *delta) close() error { return errors.Join(d.old.Close(), d.fileStream.close()) }

// next is as much of the old file as follows, or the next bytes of the new one.
func (d *delta) next(ctx context.Context) (*piece, error) {
	if p := d.held; p != nil {
		d.held = nil
		return p, nil
	}
	if d.was == nil {
		d.was = make([]byte, blockSize)
	}
	from := d.at
	for !d.end && d.at-from < copiedMost {
		b := make([]byte, blockSize)
		n, err := io.ReadFull(d.r, b)
		if d.end = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF); err != nil && !d.end {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		at := d.at
		d.at += int64(n)
		if !d.same(b[:n], at) {
			own := &piece{data: b[:n]}
			if at == from {
				return own, nil
			}
			d.held = own
			return &piece{offset: from, len: at - from}, nil
		}
	}
	if d.at > from {
		return &piece{offset: from, len: d.at - from}, nil
	}
	return nil, io.EOF
}

// same reports whether the old file has the bytes b at this place. One that cannot be read has not.
func (d *delta) same(b []byte, at int64) bool {
	n, err := d.old.ReadAt(d.was[:len(b)], at)
	return n == len(b) && (err == nil || errors.Is(err, io.EOF)) && bytes.Equal(d.was[:n], b)
}
