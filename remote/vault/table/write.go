package table

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is the CRC of the nth element of a section.
func sum(section byte, n int64, element []byte) uint32 {
	var where [9]byte
	where[0] = section
	binary.LittleEndian.PutUint64(where[1:], uint64(n))
	return crc32.Update(crc32.Checksum(where[:], castagnoli), castagnoli, element)
}

func seal(section byte, n int64, element []byte) []byte {
	return binary.LittleEndian.AppendUint32(element, sum(section, n, element))
}

// Write writes a table. rows and lists are sorted by key, each key once, and lists is ranged over twice. sizes are
// those of the packs' objects; the packs that rows name are written. It keeps the packs in memory, and one list.
func Write(w io.Writer, sizes map[[32]byte]int64, rows iter.Seq2[Row, error], lists iter.Seq2[List, error]) error {
	t := writer{w: bufio.NewWriterSize(w, 256<<10), sizes: sizes, numbers: map[[32]byte]uint32{}}
	if _, err := t.w.WriteString(magic); err != nil {
		return err
	}
	if err := t.rows(rows); err != nil {
		return err
	}
	pieces, err := t.lists(lists)
	if err != nil {
		return err
	}
	if err := t.pieces(lists, pieces); err != nil {
		return err
	}
	if err := t.packs(); err != nil {
		return err
	}
	end := t.buf[:0]
	for _, n := range []int64{t.rowN, t.listN, pieces, int64(len(t.order))} {
		end = binary.LittleEndian.AppendUint64(end, uint64(n))
	}
	if _, err := t.w.Write(seal(inEnd, 0, end)); err != nil {
		return err
	}
	return t.w.Flush()
}

type writer struct {
	w           *bufio.Writer
	sizes       map[[32]byte]int64
	numbers     map[[32]byte]uint32
	order       [][32]byte // packs by number
	rowN, listN int64
	buf         []byte
}

func (t *writer) rows(rows iter.Seq2[Row, error]) error {
	var last [32]byte
	for r, err := range rows {
		if err != nil {
			return err
		}
		if t.rowN > 0 && bytes.Compare(last[:], r.Key[:]) >= 0 {
			return fmt.Errorf("table out of order: %x after %x", r.Key, last)
		}
		number, known := t.numbers[r.Pack]
		if !known {
			number = uint32(len(t.order))
			t.numbers[r.Pack] = number
			t.order = append(t.order, r.Pack)
		}
		t.buf = append(t.buf[:0], r.Key[:]...)
		for _, n := range []uint32{number, r.Frame, r.FrameLen, r.Off, r.Size} {
			t.buf = binary.LittleEndian.AppendUint32(t.buf, n)
		}
		t.buf = seal(inRows, t.rowN, t.buf)
		if _, err := t.w.Write(t.buf); err != nil {
			return err
		}
		last = r.Key
		t.rowN++
	}
	return nil
}

func (t *writer) lists(lists iter.Seq2[List, error]) (pieces int64, err error) {
	var last [32]byte
	for l, err := range lists {
		if err != nil {
			return 0, err
		}
		if t.listN > 0 && bytes.Compare(last[:], l.Key[:]) >= 0 {
			return 0, fmt.Errorf("lists of a table out of order: %x after %x", l.Key, last)
		}
		t.buf = append(t.buf[:0], l.Key[:]...)
		t.buf = binary.LittleEndian.AppendUint64(t.buf, uint64(pieces))
		t.buf = binary.LittleEndian.AppendUint64(t.buf, uint64(len(l.Pieces)))
		t.buf = binary.LittleEndian.AppendUint32(t.buf, sumOfPieces(l.Pieces))
		t.buf = seal(inLists, t.listN, t.buf)
		if _, err := t.w.Write(t.buf); err != nil {
			return 0, err
		}
		pieces += int64(len(l.Pieces))
		last = l.Key
		t.listN++
	}
	return pieces, nil
}

func sumOfPieces(pieces [][32]byte) (crc uint32) {
	for i := range pieces {
		crc = crc32.Update(crc, castagnoli, pieces[i][:])
	}
	return crc
}

func (t *writer) pieces(lists iter.Seq2[List, error], want int64) error {
	n := int64(0)
	for l, err := range lists {
		if err != nil {
			return err
		}
		for i := range l.Pieces {
			if _, err := t.w.Write(l.Pieces[i][:]); err != nil {
				return err
			}
		}
		n += int64(len(l.Pieces))
	}
	if n != want {
		return fmt.Errorf("the lists of a table changed while it was written: %d pieces, then %d", want, n)
	}
	return nil
}

func (t *writer) packs() error {
	for i, p := range t.order {
		size, known := t.sizes[p]
		if !known {
			return fmt.Errorf("a table without the size of the pack %x", p)
		}
		t.buf = append(t.buf[:0], p[:]...)
		t.buf = binary.LittleEndian.AppendUint64(t.buf, uint64(size))
		if _, err := t.w.Write(seal(inPacks, int64(i), t.buf)); err != nil {
			return err
		}
	}
	return nil
}
