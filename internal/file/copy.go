package file

import (
	"context"
	"hash"
)

// zeros stands for the bytes of a hole when they are hashed.
var zeros [64 << 10]byte

// Copy copies the first size bytes of src to the new file dst, keeping holes, and feeds every byte,
// those of holes too, to h. It returns the number of bytes that src really had: fewer when it shrank.
// It never reads past size, so that a growing file ends.
//
// buf is scratch space. An error is a *ReadError (the source), a *WriteError (the destination), or the
// context's.
func Copy(ctx context.Context, dst, src *File, size int64, h hash.Hash, buf []byte) (int64, error) {
	return each(ctx, src, size, h, buf, func(p []byte, off int64) error { return dst.writeAt(p, off) }, dst.Truncate)
}

// Hash feeds the first size bytes of src to h and returns how many there were. An error is a *ReadError
// or the context's.
func Hash(ctx context.Context, src *File, size int64, h hash.Hash, buf []byte) (int64, error) {
	return each(ctx, src, size, h, buf, nil, nil)
}

// each hands the data ranges of src to write, hashing these and the holes between them, and in the end
// hands the length to finish where the file ends in a hole.
func each(ctx context.Context, src *File, size int64, h hash.Hash, buf []byte, write func([]byte, int64) error, finish func(int64) error) (int64, error) {
	var off, end int64 // end: how far data has been written
	short := int64(-1)
	if size > 0 && size <= int64(len(buf)) && write == nil || size > 0 && size <= 4096 {
		// A small file is read at once; looking for its holes would cost more than it saves.
		n, err := src.readAt(buf[:size], 0)
		if err != nil {
			return 0, &ReadError{err}
		}
		h.Write(buf[:n])
		if write != nil && n > 0 {
			if err := write(buf[:n], 0); err != nil {
				return 0, &WriteError{err}
			}
		}
		return int64(n), nil
	}
	for off < size && short < 0 {
		start, stop := src.nextData(off, size)
		for off < start { // a hole
			if err := ctx.Err(); err != nil {
				return off, err
			}
			n := min(start-off, int64(len(zeros)))
			h.Write(zeros[:n])
			off += n
		}
		for off < stop {
			if err := ctx.Err(); err != nil {
				return off, err
			}
			p := buf[:min(int64(len(buf)), stop-off)]
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
			end = off
			if n < len(p) {
				short = off
				break
			}
		}
	}
	if finish != nil && end < off {
		if err := finish(off); err != nil {
			return off, &WriteError{err}
		}
	}
	return off, nil
}
