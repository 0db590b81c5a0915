package file

import (
	"bytes"
	"context"
	"hash"
	"io"
	"iter"
)

// zeros stands for the bytes of a hole when they are hashed.
var zeros [64 << 10]byte

// Copy copies the first size bytes of src to the new file dst, keeping holes, and feeds every byte,
// those of holes too, to h. It returns the number of bytes that src really had, fewer when it shrank, and how many of
// them were written: those not in holes.
// It never reads past size, so that a growing file ends.
//
// buf is scratch space, at least a byte. An error is a *ReadError (the source), a *WriteError (the destination), or the
// context's.
func Copy(ctx context.Context, dst, src *File, size int64, h hash.Hash, buf []byte) (n, wrote int64, err error) {
	begun := int64(0) // up to where the disk has been asked to begin
	write := func(p []byte, off int64) error {
		err := dst.writeAt(p, off)
		wrote += int64(len(p))
		if end := off + int64(len(p)); err == nil && end-begun >= stretch {
			dst.beginWriting(begun, end-begun)
			begun = end
		}
		return err
	}
	n, err = each(ctx, src, size, h, buf, write, dst.Truncate)
	return n, wrote, err
}

// stretch is how much of a large file is written before the disk is asked to begin with it, so that little is left for
// the end, when all must be on the disk.
const stretch = 16 << 20

// Hash feeds the first size bytes of src to h and returns how many there were. An error is a *ReadError
// or the context's.
func Hash(ctx context.Context, src *File, size int64, h hash.Hash, buf []byte) (int64, error) {
	return each(ctx, src, size, h, buf, nil, nil)
}

// smallest is the size up to which Copy does not look for holes: the look costs more than a block.
const smallest = 4096

// each hands the data ranges of src to write, hashing these and the holes between them, and in the end
// hands the length to finish where the file ends in a hole.
func each(ctx context.Context, src *File, size int64, h hash.Hash, buf []byte, write func([]byte, int64) error,
	finish func(int64) error) (int64, error) {
	whole := int64(len(buf))
	if write != nil {
		whole = min(whole, smallest)
	}
	var off, written int64 // written: the end of the data that was written
	for off < size {
		start, stop := int64(0), size
		if size > whole {
			start, stop = src.nextData(off, size)
		}
		if d, ok := h.(*Digest); ok && d.sparse && off < start { // a hole, of any size
			d.hole(start - off)
			off = start
		}
		for off < start {
			if err := ctx.Err(); err != nil {
				return off, err
			}
			n := min(start-off, int64(len(zeros)))
			h.Write(zeros[:n])
			off += n
		}
		if start == stop { // no more data: the file ends here, be it at size or before
			break
		}
		for off < stop {
			may, err := src.wait(ctx, min(int64(len(buf)), stop-off))
			if err != nil {
				return off, err
			}
			p := buf[:may]
			n, err := src.readAt(p, off)
			if err != nil {
				return off, &ReadError{err}
			}
			h.Write(p[:n])
			if write != nil && n > 0 {
				if err := write(p[:n], off); err != nil {
					return off, &WriteError{err}
				}
			}
			off += int64(n)
			written = off
			src.tell(n)
			if n < len(p) { // it shrank
				size, stop = off, off
			}
		}
	}
	if finish != nil && written < off {
		if err := finish(off); err != nil {
			return off, &WriteError{err}
		}
	}
	return off, nil
}

// HasMore reports whether src has a byte at off, which may be behind the size that it says it has: the files of proc
// and of some FUSE file systems say 0 and have more.
func HasMore(src *File, off int64) (bool, error) {
	var one [1]byte
	n, err := src.readAt(one[:], off)
	return n > 0, err
}

// CopyToEnd copies src to the new file dst and feeds it to h, up to its end whatever size it says it has, but no more
// than limit bytes. Without dst it only feeds h. It returns how many bytes there were. Errors are those of Copy.
func CopyToEnd(ctx context.Context, dst, src *File, limit int64, h hash.Hash, buf []byte) (off int64, err error) {
	for off < limit {
		may, err := src.wait(ctx, min(int64(len(buf)), limit-off))
		if err != nil {
			return off, err
		}
		n, err := src.readAt(buf[:may], off)
		if err != nil {
			return off, &ReadError{err}
		}
		if n == 0 {
			break
		}
		h.Write(buf[:n])
		if dst != nil {
			if err := dst.writeAt(buf[:n], off); err != nil {
				return off, &WriteError{err}
			}
		}
		off += int64(n)
		src.tell(n)
	}
	return off, nil
}

// CopyStream copies src to the new file dst up to its end, but no more than limit bytes, and feeds it to h. Blocks of
// zeros become holes. moved hears how many bytes came. It returns how many there were. Errors are those of Copy.
func CopyStream(ctx context.Context, dst *File, src io.Reader, limit int64, h hash.Hash, buf []byte,
	moved func(int64)) (off int64, err error) {
	written := int64(0) // the end of the data that was written
	for off < limit {
		if err := ctx.Err(); err != nil {
			return off, err
		}
		p := buf[:min(int64(len(buf)), limit-off)]
		n, err := io.ReadFull(src, p)
		ended := err == io.EOF || err == io.ErrUnexpectedEOF // themselves: what wraps them is a failure
		if err != nil && !ended {
			return off, &ReadError{err}
		}
		h.Write(p[:n])
		moved(int64(n))
		for at, end := range dataIn(p[:n]) {
			if err := dst.writeAt(p[at:end], off+int64(at)); err != nil {
				return off, &WriteError{err}
			}
			written = off + int64(end)
		}
		if off += int64(n); ended {
			break
		}
	}
	if written < off {
		if err := dst.Truncate(off); err != nil {
			return off, &WriteError{err}
		}
	}
	return off, nil
}

// dataIn yields the ranges of p that are not blocks of zeros.
func dataIn(p []byte) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		from := 0
		for at := 0; at < len(p); {
			end := min(at+smallest, len(p))
			if bytes.Equal(p[at:end], zeros[:end-at]) {
				if from < at && !yield(from, at) {
					return
				}
				from = end
			}
			at = end
		}
		if from < len(p) {
			yield(from, len(p))
		}
	}
}
