package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"

	"snap/remote/vault/pack"
)

// Table is an open one. Several goroutines may use it, as far as they may use the io.ReaderAt.
type Table struct {
	src   io.ReaderAt
	rows  section
	lists section
	packs section

	piecesAt, pieces int64
}

// section is a part of the file with elements of one width, each with its CRC.
type section struct {
	src   io.ReaderAt
	name  string
	crc   byte
	at    int64
	n     int64
	width int64
}

// Open opens a table of size bytes.
func Open(src io.ReaderAt, size int64) (*Table, error) {
	if size < int64(len(magic))+endWidth {
		return nil, fmt.Errorf("%w: it is cut off", ErrDamaged)
	}
	var head [len(magic)]byte
	var end [endWidth]byte
	if err := readFull(src, head[:], 0); err != nil {
		return nil, err
	}
	if err := checkMagic(head[:]); err != nil {
		return nil, err
	}
	if err := readFull(src, end[:], size-endWidth); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(end[endWidth-4:]) != sum(inEnd, 0, end[:endWidth-4]) {
		return nil, fmt.Errorf("%w: its end", ErrDamaged)
	}
	return layOut(src, size, end[:])
}

func checkMagic(head []byte) error {
	switch {
	case string(head) == magic:
		return nil
	case string(head[:len(magicStem)]) == magicStem && head[len(magicStem)] > magic[len(magicStem)]:
		return ErrNewer
	}
	return fmt.Errorf("%w: it is none", ErrDamaged)
}

// layOut finds the sections by the numbers at the end, which must give the size.
func layOut(src io.ReaderAt, size int64, end []byte) (*Table, error) {
	t := &Table{src: src}
	at, left := int64(len(magic)), size-int64(len(magic))-endWidth
	take := func(i int, width int64) (from, n int64) {
		u := binary.LittleEndian.Uint64(end[8*i:])
		if left < 0 || u > uint64(left/width) {
			left = -1
			return 0, 0
		}
		from, n = at, int64(u)
		at, left = at+n*width, left-n*width
		return from, n
	}
	t.rows = section{src: src, name: "row", crc: inRows, width: rowWidth}
	t.rows.at, t.rows.n = take(0, rowWidth)
	t.lists = section{src: src, name: "list", crc: inLists, width: listWidth}
	t.lists.at, t.lists.n = take(1, listWidth)
	t.piecesAt, t.pieces = take(2, pieceWidth)
	t.packs = section{src: src, name: "pack", crc: inPacks, width: packWidth}
	t.packs.at, t.packs.n = take(3, packWidth)
	if left != 0 {
		return nil, fmt.Errorf("%w: its size is not that of what is in it", ErrDamaged)
	}
	return t, nil
}

func readFull(src io.ReaderAt, b []byte, at int64) error {
	n, err := src.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return fmt.Errorf("%w: it is cut off", ErrDamaged)
	}
	return err
}

// read reads elements from, to, to not included, without comparing their CRC.
func (s *section) read(from, to int64) ([]byte, error) {
	b := make([]byte, (to-from)*s.width)
	return b, readFull(s.src, b, s.at+from*s.width)
}

// verify compares the nth element with its CRC.
func (s *section) verify(n int64, element []byte) error {
	end := len(element) - 4
	if binary.LittleEndian.Uint32(element[end:]) != sum(s.crc, n, element[:end]) {
		return fmt.Errorf("%w: %s %d", ErrDamaged, s.name, n)
	}
	return nil
}

// all yields the elements, verified; they are valid until the next one.
func (s *section) all() iter.Seq2[[]byte, error] {
	const batch = 4096
	return func(yield func([]byte, error) bool) {
		for from := int64(0); from < s.n; from += batch {
			b, err := s.read(from, min(from+batch, s.n))
			for i := int64(0); err == nil && i*s.width < int64(len(b)); i++ {
				e := b[i*s.width : (i+1)*s.width]
				if err = s.verify(from+i, e); err == nil && !yield(e, nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// Len is how many rows there are.
func (t *Table) Len() int64 { return t.rows.n }

// row takes a row apart.
func (t *Table) row(b []byte, packs map[uint32][32]byte) (Row, error) {
	r := Row{Key: [32]byte(b)}
	number := binary.LittleEndian.Uint32(b[32:])
	r.Place = pack.Place{Frame: binary.LittleEndian.Uint32(b[36:]), FrameLen: binary.LittleEndian.Uint32(b[40:]),
		Off: binary.LittleEndian.Uint32(b[44:]), Size: binary.LittleEndian.Uint32(b[48:])}
	if sum, known := packs[number]; known {
		r.Pack = sum
		return r, nil
	}
	if int64(number) >= t.packs.n {
		return Row{}, fmt.Errorf("%w: it has no pack %d", ErrDamaged, number)
	}
	b, err := t.packs.read(int64(number), int64(number)+1)
	if err == nil {
		err = t.packs.verify(int64(number), b)
	}
	if err != nil {
		return Row{}, err
	}
	r.Pack = [32]byte(b)
	if packs != nil {
		packs[number] = r.Pack
	}
	return r, nil
}

// list takes a list apart, and reads its pieces.
func (t *Table) list(b []byte) (List, error) {
	l := List{Key: [32]byte(b)}
	first, n := binary.LittleEndian.Uint64(b[32:]), binary.LittleEndian.Uint64(b[40:])
	if first > uint64(t.pieces) || n > uint64(t.pieces)-first {
		return List{}, fmt.Errorf("%w: a list with pieces that it has not", ErrDamaged)
	}
	raw := make([]byte, n*pieceWidth)
	if err := readFull(t.src, raw, t.piecesAt+int64(first)*pieceWidth); err != nil {
		return List{}, err
	}
	l.Pieces = make([][32]byte, n)
	for i := range l.Pieces {
		l.Pieces[i] = [32]byte(raw[i*pieceWidth:])
	}
	if sumOfPieces(l.Pieces) != binary.LittleEndian.Uint32(b[48:]) {
		return List{}, fmt.Errorf("%w: the pieces of a list", ErrDamaged)
	}
	return l, nil
}
