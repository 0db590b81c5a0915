package vault

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"

	"snap/internal/file"
)

// A table in the mirror:
//
//	rows       key (32 bytes), pack, frame, frame length, offset in the frame, size (uint32 each), sorted by key
//	packs      SHA-256, size (uint64)
//	pieces     SHA-256 each
//	lists      key, number of its first piece, how many (uint64 each), sorted by key
//	footer     the numbers of rows, packs, pieces and lists (uint64 each), "snaptab1"
const (
	rowSize    = 52
	packSize   = 40
	listSize   = 48
	footerSize = 40
	tableMagic = "snaptab1"

	tablePrefix = "table-"
)

// openTable is a table in the mirror. Nothing of it but its packs is in memory.
type openTable struct {
	name                             string
	f                                *file.File
	rowN, packN, pieceN, listN, size int64
	pack                             []packRow
}

type packRow struct {
	name [32]byte
	size int64
}

func (t *openTable) close() error { return t.f.Close() }

// writeTable writes a table of sorted rows and lists.
func (m *mirror) writeTable(name string, packs map[[32]byte]int64, rows iter.Seq2[row, error],
	lists iter.Seq2[list, error]) (*openTable, error) {
	err := m.make(name, func(f *file.File) error {
		w := bufio.NewWriterSize(f, 1<<20)
		if err := fillTable(w, packs, rows, lists); err != nil {
			return err
		}
		return w.Flush()
	})
	if err != nil {
		return nil, err
	}
	return m.openTable(name)
}

func fillTable(w io.Writer, packs map[[32]byte]int64, rows iter.Seq2[row, error], lists iter.Seq2[list, error]) error {
	le := binary.LittleEndian
	names := slices.SortedFunc(maps.Keys(packs), func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	number := make(map[[32]byte]uint32, len(names))
	for i, n := range names {
		number[n] = uint32(i)
	}
	var foot [4]uint64
	var b []byte
	put := func() error {
		_, err := w.Write(b)
		b = b[:0]
		return err
	}
	for r, err := range rows {
		n, ok := number[r.Pack]
		if err == nil && !ok {
			err = fmt.Errorf("%w: a row names pack %x, which the table has not", ErrDamaged, r.Pack[:4])
		}
		if err != nil {
			return err
		}
		b = append(b, r.Key[:]...)
		for _, v := range []uint32{n, r.Frame, r.FrameLen, r.Off, r.Size} {
			b = le.AppendUint32(b, v)
		}
		if err := put(); err != nil {
			return err
		}
		foot[0]++
	}
	for _, n := range names {
		b = le.AppendUint64(append(b, n[:]...), uint64(packs[n]))
		foot[1]++
	}
	var index []byte
	for l, err := range lists {
		if err != nil {
			return err
		}
		index = append(index, l.Key[:]...)
		index = le.AppendUint64(index, foot[2])
		index = le.AppendUint64(index, uint64(len(l.Pieces)))
		for _, p := range l.Pieces {
			b = append(b, p[:]...)
			foot[2]++
		}
		foot[3]++
		if err := put(); err != nil {
			return err
		}
	}
	b = append(b, index...)
	for _, n := range foot {
		b = le.AppendUint64(b, n)
	}
	b = append(b, tableMagic...)
	return put()
}

// openTable opens a table of the mirror; ErrDamaged when it is not one.
func (m *mirror) openTable(name string) (*openTable, error) {
	f, err := m.dir.Open(name)
	if err != nil {
		return nil, err
	}
	t := &openTable{name: name, f: f}
	if err := t.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", f.Path(), err), f.Close())
	}
	return t, nil
}

func (t *openTable) begin() error {
	s, err := t.f.Stat()
	if err != nil {
		return err
	}
	foot := make([]byte, footerSize)
	if s.Size < footerSize {
		return ErrDamaged
	}
	if _, err := t.f.ReadAt(foot, s.Size-footerSize); err != nil {
		return err
	}
	n := [4]int64{}
	for i := range n {
		n[i] = int64(binary.LittleEndian.Uint64(foot[8*i:]))
		if n[i] < 0 || n[i] > s.Size {
			return ErrDamaged
		}
	}
	t.rowN, t.packN, t.pieceN, t.listN, t.size = n[0], n[1], n[2], n[3], s.Size
	if t.rowN*rowSize+t.packN*packSize+t.pieceN*32+t.listN*listSize+footerSize != s.Size ||
		string(foot[32:]) != tableMagic {
		return ErrDamaged
	}
	b := make([]byte, t.packN*packSize)
	if _, err := t.f.ReadAt(b, t.rowN*rowSize); err != nil && len(b) > 0 {
		return err
	}
	for ; len(b) > 0; b = b[packSize:] {
		t.pack = append(t.pack, packRow{[32]byte(b), int64(binary.LittleEndian.Uint64(b[32:]))})
	}
	return nil
}

func (t *openTable) packs() map[[32]byte]int64 {
	all := make(map[[32]byte]int64, len(t.pack))
	for _, p := range t.pack {
		all[p.name] = p.size
	}
	return all
}

func (t *openTable) listsAt() int64 { return t.rowN*rowSize + t.packN*packSize + t.pieceN*32 }

// search finds a key among n sorted elements of a size that begin at off: it guesses where it is, as hashes lie evenly.
func (t *openTable) search(key [32]byte, off, n, size int64) ([]byte, error) {
	lo, hi := int64(0), n // it is in [lo, hi)
	b := make([]byte, size)
	low, high := uint64(0), ^uint64(0)
	want := binary.BigEndian.Uint64(key[:])
	for step := 0; lo < hi; step++ {
		mid := lo + (hi-lo)/2
		if step < 8 && high > low && want >= low && want <= high {
			mid = lo + int64(float64(hi-lo)*(float64(want-low)/float64(high-low)))
			mid = min(mid, hi-1)
		}
		if _, err := t.f.ReadAt(b, off+mid*size); err != nil {
			return nil, err
		}
		switch c := bytes.Compare(b[:32], key[:]); {
		case c == 0:
			return b, nil
		case c < 0:
			lo, low = mid+1, binary.BigEndian.Uint64(b)
		default:
			hi, high = mid, binary.BigEndian.Uint64(b)
		}
	}
	return nil, nil
}

func (t *openTable) row(b []byte) (row, error) {
	le := binary.LittleEndian
	n := int64(le.Uint32(b[32:]))
	if n >= int64(len(t.pack)) {
		return row{}, fmt.Errorf("%s: %w: a row names pack %d of %d", t.f.Path(), ErrDamaged, n, len(t.pack))
	}
	return row{Key: [32]byte(b), Pack: t.pack[n].name, Frame: le.Uint32(b[36:]), FrameLen: le.Uint32(b[40:]),
		Off: le.Uint32(b[44:]), Size: le.Uint32(b[48:])}, nil
}

// find is where the bytes of a content are.
func (t *openTable) find(key [32]byte) (r row, ok bool, err error) {
	b, err := t.search(key, 0, t.rowN, rowSize)
	if err != nil || b == nil {
		return r, false, err
	}
	r, err = t.row(b)
	return r, err == nil, err
}

// pieces is the list of a large file.
func (t *openTable) pieces(key [32]byte) ([][32]byte, bool, error) {
	b, err := t.search(key, t.listsAt(), t.listN, listSize)
	if err != nil || b == nil {
		return nil, false, err
	}
	l, err := t.list(b)
	return l.Pieces, err == nil, err
}

func (t *openTable) list(b []byte) (list, error) {
	first, n := int64(binary.LittleEndian.Uint64(b[32:])), int64(binary.LittleEndian.Uint64(b[40:]))
	if first < 0 || n < 0 || first > t.pieceN || n > t.pieceN-first {
		return list{}, fmt.Errorf("%s: %w: a list of %d pieces from %d", t.f.Path(), ErrDamaged, n, first)
	}
	raw := make([]byte, n*32)
	if _, err := t.f.ReadAt(raw, t.rowN*rowSize+t.packN*packSize+first*32); err != nil && n > 0 {
		return list{}, err
	}
	l := list{Key: [32]byte(b), Pieces: make([][32]byte, n)}
	for i := range l.Pieces {
		l.Pieces[i] = [32]byte(raw[i*32:])
	}
	return l, nil
}

func (t *openTable) has(key [32]byte) (bool, error) {
	if _, ok, err := t.find(key); ok || err != nil {
		return ok, err
	}
	_, ok, err := t.pieces(key)
	return ok, err
}

// each reads n elements from off on, some at a time.
func (t *openTable) each(off, n, size int64, use func(b []byte) bool) error {
	buf := make([]byte, min(n, 4096)*size)
	for at := int64(0); at < n; {
		part := buf[:min(n-at, 4096)*size]
		if _, err := t.f.ReadAt(part, off+at*size); err != nil {
			return err
		}
		for i := int64(0); i < int64(len(part)); i += size {
			if !use(part[i : i+size]) {
				return nil
			}
		}
		at += int64(len(part)) / size
	}
	return nil
}

func (t *openTable) rows() iter.Seq2[row, error] {
	return elements(t, 0, t.rowN, rowSize, t.row)
}

func (t *openTable) lists() iter.Seq2[list, error] {
	return elements(t, t.listsAt(), t.listN, listSize, t.list)
}

func elements[T any](t *openTable, off, n, size int64, parse func([]byte) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		on := true
		err := t.each(off, n, size, func(b []byte) bool {
			v, err := parse(b)
			on = yield(v, err) && err == nil
			return on
		})
		if err != nil && on {
			var none T
			yield(none, err)
		}
	}
}
