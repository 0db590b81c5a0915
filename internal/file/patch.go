package file

import (
	"bytes"
	"context"
	"hash"
	"math"
	"sync"
)

// PatchBlock is the unit in which Patch compares and writes.
const PatchBlock = 64 << 10

// patchStep is how much of both files is in memory at a time.
const patchStep = 16 * PatchBlock

// patchBuffers are the buffers of patches under way, two to each.
var patchBuffers = sync.Pool{New: func() any { return new([patchStep]byte) }}

// Patch gives a clone of an older file the bytes of a newer one: only blocks that differ are written. It compares with
// what it reads from the clone itself, so that the result is right whatever the clone holds, and whoever writes to the
// older file meanwhile.
type Patch struct {
	dst    *File
	size   int64   // of dst
	older  *Digest // of what dst held, while that is read for the first time; nil: nobody asks
	blocks map[int64]struct{}

	wrote int64
}

// NewPatch patches dst. Unless older is nil, the first call of Copy feeds it all that dst holds.
func NewPatch(dst *File, older *Digest) (*Patch, error) {
	s, err := dst.Stat()
	return &Patch{dst: dst, size: s.Size, older: older, blocks: map[int64]struct{}{}}, err
}

// Wrote is how many bytes were written so far.
func (p *Patch) Wrote() int64 { return p.wrote }

// Blocks is how many blocks differed, those too that became holes.
func (p *Patch) Blocks() int64 { return int64(len(p.blocks)) }

// OlderError is a failure to read what the clone shares with the older file.
type OlderError struct{ Err error }

func (e *OlderError) Error() string { return e.Err.Error() }
func (e *OlderError) Unwrap() error { return e.Err }

// Copy gives the clone the first size bytes of src, with its holes, and feeds them to h, as the function Copy does. It
// may be called again when src has changed. An error is one of those of the function Copy, or an *OlderError.
func (p *Patch) Copy(ctx context.Context, src *File, size int64, h hash.Hash) (off int64, err error) {
	from, to := &ranges{f: src, size: size}, &ranges{f: p.dst, size: p.size}
	new, old := patchBuffers.Get().(*[patchStep]byte), patchBuffers.Get().(*[patchStep]byte)
	defer patchBuffers.Put(new)
	defer patchBuffers.Put(old)
	begun := int64(0)
	for off < from.size {
		if n := min(from.hole(off), to.hole(off), from.size-off) / PatchBlock * PatchBlock; n > 0 {
			if err := p.skip(ctx, n, to.size-off, h); err != nil {
				return off, err
			}
			off += n
			continue
		}
		want := min(patchStep, from.size-off)
		n, err := p.step(ctx, from, to, off, new[:want], old[:want], h)
		if err != nil {
			return off, err
		}
		if off += n; n < want { // it shrank
			break
		}
		if off-begun >= stretch && p.wrote > 0 {
			p.dst.beginWriting(begun, off-begun)
			begun = off
		}
	}
	if err := p.rest(ctx, to, off, old[:]); err != nil {
		return off, err
	}
	if p.older = nil; p.size != off {
		if err := p.dst.Truncate(off); err != nil {
			return off, &WriteError{err}
		}
		p.size = off
	}
	return off, nil
}

// skip feeds n bytes that are in holes of both files to the digests; the older one has so many left.
func (p *Patch) skip(ctx context.Context, n, left int64, h hash.Hash) error {
	if err := feedZeros(ctx, h, n); err != nil || p.older == nil {
		return err
	}
	return feedZeros(ctx, p.older, min(n, max(left, 0)))
}

// feedZeros feeds n zeros to h.
func feedZeros(ctx context.Context, h hash.Hash, n int64) error {
	if d, ok := h.(*Digest); ok && d.sparse {
		d.hole(n)
		return ctx.Err()
	}
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := min(n, int64(len(zeros)))
		h.Write(zeros[:part])
		n -= part
	}
	return nil
}

// step patches the bytes at off, as many as new and old have room for, and returns how many src had. Both files are
// read and hashed side by side.
func (p *Patch) step(ctx context.Context, from, to *ranges, off int64, new, old []byte, h hash.Hash) (int64, error) {
	var got int64
	var oldErr error
	var side sync.WaitGroup
	side.Go(func() {
		if got, oldErr = to.read(ctx, off, old); oldErr == nil && p.older != nil {
			p.older.Write(old[:got])
		}
	})
	n, err := from.read(ctx, off, new)
	if err == nil {
		h.Write(new[:n])
	}
	side.Wait()
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case err != nil:
		return 0, &ReadError{err}
	case oldErr != nil:
		return 0, &OlderError{oldErr}
	}
	clear(old[got:])
	for at := int64(0); at < n; at += PatchBlock {
		end := min(at+PatchBlock, n)
		if bytes.Equal(new[at:end], old[at:end]) {
			continue
		}
		p.blocks[(off+at)/PatchBlock] = struct{}{}
		if err := p.write(from, new[at:end], off+at); err != nil {
			return 0, &WriteError{err}
		}
	}
	return n, nil
}

// write writes a block at off, with the holes that the source has in it.
func (p *Patch) write(from *ranges, block []byte, off int64) error {
	for len(block) > 0 {
		n := min(from.hole(off), int64(len(block)))
		if n > 0 && bytes.Equal(block[:n], zeros[:n]) { // else it became one since it was read
			if err := p.dst.punch(off, n, block[:n]); err != nil {
				return err
			}
		} else {
			if n == 0 {
				n = min(from.data(off), int64(len(block)))
			}
			if err := p.dst.writeAt(block[:n], off); err != nil {
				return err
			}
			p.wrote += n
			p.size = max(p.size, off+n)
		}
		block, off = block[n:], off+n
	}
	return nil
}

// rest feeds what the older file has beyond off to its digest.
func (p *Patch) rest(ctx context.Context, to *ranges, off int64, buf []byte) error {
	for p.older != nil && off < to.size {
		if n := min(to.hole(off), to.size-off); n > 0 {
			if err := feedZeros(ctx, p.older, n); err != nil {
				return err
			}
			off += n
			continue
		}
		n, err := to.read(ctx, off, buf[:min(int64(len(buf)), to.size-off)])
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return &OlderError{err}
		case n == 0:
			return nil // its hash will tell
		}
		p.older.Write(buf[:n])
		off += n
	}
	return nil
}

// punch makes a hole of n bytes at off; where the file system cannot, it writes the zeros given.
func (f *File) punch(off, n int64, zeros []byte) error {
	if punched, err := f.makeHole(off, n); punched || err != nil {
		return pathError("fallocate", f.path, err)
	}
	return f.writeAt(zeros, off)
}

// ranges tells data and holes of the first size bytes of a file apart, or of fewer where it ends before. Beyond is a
// hole.
type ranges struct {
	f          *File
	size       int64
	asked      int64 // from here to end it is known:
	start, end int64 // the first data
}

func (r *ranges) find(off int64) {
	if r.asked <= off && off < r.end {
		return
	}
	r.asked, r.start, r.end = off, math.MaxInt64, math.MaxInt64
	if off >= r.size {
		return
	}
	if start, end := r.f.nextData(off, r.size); start < end {
		r.start, r.end = start, end
	} else {
		r.size = min(r.size, max(end, off))
	}
}

// hole is how many bytes from off on are in a hole, 0 if that one is data.
func (r *ranges) hole(off int64) int64 {
	r.find(off)
	return max(r.start-off, 0)
}

// data is how many bytes from off on are data.
func (r *ranges) data(off int64) int64 {
	r.find(off)
	return r.end - off
}

// read reads the bytes at off into buf, without a look at holes on the disk, and returns how many the file had.
func (r *ranges) read(ctx context.Context, off int64, buf []byte) (n int64, err error) {
	for n < int64(len(buf)) && off+n < r.size {
		hole := r.hole(off + n)
		left := min(int64(len(buf))-n, r.size-off-n)
		if hole = min(hole, left); hole > 0 {
			clear(buf[n : n+hole])
			n += hole
			continue
		}
		if left <= 0 {
			break
		}
		part, err := r.f.wait(ctx, min(r.data(off+n), left))
		if err != nil {
			return n, err
		}
		got, err := r.f.readAt(buf[n:n+part], off+n)
		if err != nil {
			return n, err
		}
		r.f.tell(got)
		if n += int64(got); int64(got) < part { // it shrank
			return n, nil
		}
	}
	return n, nil
}
