package file

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// Digest is the hash of a file's content, in one of two forms: the SHA-256 of its bytes, or the sparse form, in which
// holes cost nothing. That is the SHA-256 of the blocks of 64 KiB, counted from the file's beginning, that are not
// all zeros, each with its offset (8 bytes, little-endian) before it, and of the file's size (8 bytes) after the
// last. It depends on the content alone, not on where the holes are: a block of zeros that is stored is left out,
// too.
type Digest struct {
	sum    hash.Hash
	sparse bool
	off    int64 // of the block that is being filled
	block  []byte
}

// NewDigest is a Digest in the plain form.
func NewDigest() *Digest { return &Digest{sum: sha256.New()} }

// Begin begins anew, in the sparse form or in the plain one.
func (d *Digest) Begin(sparse bool) {
	d.sum.Reset()
	d.sparse, d.off, d.block = sparse, 0, d.block[:0]
}

// Reset begins anew in the same form.
func (d *Digest) Reset() { d.Begin(d.sparse) }

// Sparse reports whether this is the sparse form.
func (d *Digest) Sparse() bool { return d.sparse }

// Size is that of a sum in bytes.
func (d *Digest) Size() int { return d.sum.Size() }

// BlockSize is that of SHA-256.
func (d *Digest) BlockSize() int { return d.sum.BlockSize() }

const sparseBlock = len(zeros)

// Write takes in the next bytes. It returns no error.
func (d *Digest) Write(p []byte) (int, error) {
	if !d.sparse {
		return d.sum.Write(p)
	}
	all := len(p)
	for len(p) > 0 {
		n := min(len(p), sparseBlock-len(d.block))
		if n == sparseBlock {
			d.take(d.sum, p[:n])
			d.off += int64(n)
		} else if d.block = append(d.block, p[:n]...); len(d.block) == sparseBlock {
			d.end()
		}
		p = p[n:]
	}
	return all, nil
}

// hole takes in n bytes of zeros, in the sparse form.
func (d *Digest) hole(n int64) {
	if rest := min(n, int64(sparseBlock-len(d.block))); len(d.block) > 0 {
		d.block = append(d.block, zeros[:rest]...)
		if n -= rest; len(d.block) == sparseBlock {
			d.end()
		}
	}
	d.off += n / int64(sparseBlock) * int64(sparseBlock)
	d.block = append(d.block, zeros[:n%int64(sparseBlock)]...)
}

// end closes the block.
func (d *Digest) end() {
	d.take(d.sum, d.block)
	d.off, d.block = d.off+int64(len(d.block)), d.block[:0]
}

// take feeds the block at d.off to h, if it is not all zeros.
func (d *Digest) take(h hash.Hash, block []byte) {
	if bytes.Equal(block, zeros[:len(block)]) {
		return
	}
	var off [8]byte
	binary.LittleEndian.PutUint64(off[:], uint64(d.off))
	h.Write(off[:])
	h.Write(block)
}

// Sum appends the hash of what was taken in so far.
func (d *Digest) Sum(b []byte) []byte {
	if !d.sparse {
		return d.sum.Sum(b)
	}
	h, err := d.sum.(hash.Cloner).Clone()
	if err != nil {
		panic(err) // SHA-256 can be cloned
	}
	d.take(h, d.block)
	var size [8]byte
	binary.LittleEndian.PutUint64(size[:], uint64(d.off+int64(len(d.block))))
	h.Write(size[:])
	return h.Sum(b)
}
