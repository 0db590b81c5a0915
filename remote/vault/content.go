package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"snap/internal/file"
	"snap/record"
)

// pieceSize is how large files are cut: what changed within them is put piece by piece.
const pieceSize = 4 << 20

// errRotten says that the bytes of a file in a tree are not those of its record.
var errRotten = errors.New("its bytes are not those that were backed up")

// hasContent reports whether a record stands for bytes that a vault keeps.
func hasContent(r *record.Record) bool {
	return r.Exists() && r.Kind == file.Regular && r.Held() && r.Size > 0
}

// keyOf is what the bytes of a file are found by: the SHA-256 of its record. That of the sparse form is hashed once
// more, as the sparse form of one file is the plain form of another that anybody can make.
func keyOf(r *record.Record) [32]byte {
	if !r.Has(record.SparseHash) {
		return r.Hash
	}
	return sparseKey(r.Hash)
}

func sparseKey(hash [32]byte) [32]byte {
	return sha256.Sum256(append([]byte("snap sparse form\n"), hash[:]...))
}

// content is a file that was read, and is what its record says.
type content struct {
	place  Place
	key    [32]byte
	body   []byte     // of a file of one piece
	pieces [][32]byte // of a larger one: the SHA-256 of each, in order
}

// read reads a file and compares it with its record, which gets a hash where it has none. Of a large file only the
// hashes of its pieces are kept.
func read(ctx context.Context, from Source, at Place, r *record.Record) (*content, error) {
	f, err := from.Open(ctx, at.Seq, at.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := &content{place: at}
	d := file.NewDigest()
	d.Begin(r.Has(record.SparseHash))
	left := r.Size
	buf := make([]byte, min(left, pieceSize))
	for left > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		part := buf[:min(left, pieceSize)]
		if _, err := io.ReadFull(f, part); err != nil {
			return nil, fmt.Errorf("%w: %w", errRotten, err)
		}
		_, _ = d.Write(part)
		left -= int64(len(part))
		if r.Size > pieceSize {
			c.pieces = append(c.pieces, sha256.Sum256(part))
		} else {
			c.body = part
		}
	}
	if n, _ := f.Read(make([]byte, 1)); n > 0 {
		return nil, fmt.Errorf("%w: it is longer", errRotten)
	}
	sum := d.Sum(nil)
	if r.Has(record.Hashed) && !bytes.Equal(sum, r.Hash[:]) {
		return nil, errRotten
	}
	record.SetHash(r, d)
	c.key = keyOf(r)
	return c, nil
}

// eachPiece reads a large file once more and hands over the pieces that wanted says, each compared with what the first
// reading found.
func (c *content) eachPiece(ctx context.Context, from Source, size int64, wanted func(i int) bool,
	use func(i int, body []byte) error) error {
	f, err := from.Open(ctx, c.place.Seq, c.place.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	skip, _ := f.(io.Seeker)
	buf := make([]byte, pieceSize)
	for i, sum := range c.pieces {
		part := buf[:min(size-int64(i)*pieceSize, pieceSize)]
		if err := ctx.Err(); err != nil {
			return err
		}
		if !wanted(i) && skip != nil {
			if _, err := skip.Seek(int64(len(part)), io.SeekCurrent); err != nil {
				return err
			}
			continue
		}
		if _, err := io.ReadFull(f, part); err != nil {
			return fmt.Errorf("%w: %w", errRotten, err)
		}
		if !wanted(i) {
			continue
		}
		if sha256.Sum256(part) != sum {
			return fmt.Errorf("%w: it changed while it was copied", errRotten)
		}
		if err := use(i, part); err != nil {
			return err
		}
	}
	return nil
}
