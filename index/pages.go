package index

import (
	"encoding/binary"
	"hash/fnv"
	"io"
	"math/bits"
)

// The format of bbolt's file, as far as its pages are proved here (bbolt's internal/common says the rest).
// All numbers are in the machine's byte order.
//
//	page     id u64 · flags u16 · count u16 · overflow u32 · elements · keys and values
//	branch   element: where u32 · key's size u32 · child u64
//	leaf     element: flags u32 · where u32 · key's size u32 · value's size u32
//	bucket   a leaf's value: root u64 · sequence u64; root 0: then a leaf page, in the value itself
//	free     page whose elements are the ids of free pages; count 0xffff: the first is their number
//	meta     page 0 and 1: magic u32 · version u32 · page size u32 · flags u32 · root bucket 16 bytes ·
//	         free u64 · high u64 · txid u64 · FNV-1a of what is before
//
// A page takes 1+overflow times the page size. "where" counts from the element's own place.
const (
	pageHeader  = 16
	elementSize = 16
	bucketSize  = 16

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagMeta     = 0x04
	flagFree     = 0x10
	flagIsBucket = 0x01 // of a leaf's element

	boltMagic   = 0xED0CDAED
	boltVersion = 2

	maxKeySize = 32768
	// maxSheet is the largest page that bbolt makes of our records: it does not divide four elements.
	maxSheet = 5 * maxFrame
	// maxDepth is more than a tree of two children a page has with all the pages of a disk.
	maxDepth = 48
)

var order = binary.NativeEndian

// metaPage says where everything in the file begins.
type metaPage struct {
	pageSize uint64
	root     uint64 // page of the bucket that holds all buckets
	free     uint64 // page of the list of free pages
	high     uint64 // pages from here on do not exist
	txid     uint64
}

// parseMeta takes a meta page apart; ok says that its checksum is right and its numbers can be.
func parseMeta(b []byte) (m metaPage, ok bool) {
	if len(b) < pageHeader+64 {
		return m, false
	}
	b = b[pageHeader:]
	sum := fnv.New64a()
	sum.Write(b[:56])
	m = metaPage{pageSize: uint64(order.Uint32(b[8:])), root: order.Uint64(b[16:]), free: order.Uint64(b[32:]),
		high: order.Uint64(b[40:]), txid: order.Uint64(b[48:])}
	return m, order.Uint32(b) == boltMagic && order.Uint32(b[4:]) == boltVersion && order.Uint64(b[56:]) == sum.Sum64() &&
		bits.OnesCount64(m.pageSize) == 1 && m.pageSize >= 1<<10 && m.pageSize <= 1<<24 && m.high < 1<<62/m.pageSize
}

// pageFile is the file as pages.
type pageFile struct {
	metaPage
	r     io.ReaderAt
	whole bool // both meta pages are
}

// openPages reads the meta pages of a file of size bytes and takes the newer one that is whole, as bbolt does.
func openPages(r io.ReaderAt, size int64) (*pageFile, error) {
	read := func(at uint64) (metaPage, bool) {
		b := make([]byte, pageHeader+64)
		if n, err := r.ReadAt(b, int64(at)); n < len(b) || err != nil && err != io.EOF {
			return metaPage{}, false
		}
		return parseMeta(b)
	}
	first, ok := read(0)
	var second metaPage
	ok2 := false
	if ok {
		second, ok2 = read(first.pageSize)
	}
	for at := uint64(1 << 10); !ok && !ok2 && at <= 1<<24; at *= 2 { // the second page is where the first ends
		if second, ok2 = read(at); second.pageSize != at {
			ok2 = false
		}
	}
	f := &pageFile{r: r, whole: ok && ok2}
	switch {
	case !ok && !ok2:
		return nil, damaged("no meta page")
	case !ok || ok2 && second.txid > first.txid:
		f.metaPage = second
	default:
		f.metaPage = first
	}
	if uint64(size) < f.high*f.pageSize {
		return nil, damaged("%d of %d bytes are left", size, f.high*f.pageSize)
	}
	return f, nil
}

// sheet is a page of a tree together with those that it overflows into.
type sheet struct {
	id     uint64 // 0 for one that lies in a value
	branch bool
	count  int
	size   int    // bytes
	b      []byte // its bytes, at least as far as the elements reach
}

// parseHeader takes the front of page id apart; b may end before the page does.
func (f *pageFile) parseHeader(b []byte, id uint64) (s sheet, err error) {
	more := uint64(order.Uint32(b[12:]))
	s = sheet{id: id, count: int(order.Uint16(b[10:])), b: b}
	switch flags := order.Uint16(b[8:]); {
	case order.Uint64(b) != id:
		return s, damaged("page %d says that it is page %d", id, order.Uint64(b))
	case flags == flagBranch:
		s.branch = true
	case flags != flagLeaf:
		return s, damaged("page %d is of type %#x, not part of a tree", id, flags)
	}
	if s.branch && s.count == 0 {
		return s, damaged("page %d leads nowhere", id)
	}
	if id+1+more > f.high || (1+more)*f.pageSize > maxSheet {
		return s, damaged("page %d with %d more is too large", id, more)
	}
	if s.size = int((1 + more) * f.pageSize); s.table() > s.size {
		return s, damaged("page %d has no room for %d elements", id, s.count)
	}
	return s, nil
}

// inline is the page in the value of a bucket.
func inlineSheet(value []byte) (s sheet, err error) {
	b := value[bucketSize:]
	if len(b) < pageHeader || order.Uint64(b) != 0 || order.Uint16(b[8:]) != flagLeaf || order.Uint32(b[12:]) != 0 {
		return s, damaged("a bucket without a page")
	}
	s = sheet{count: int(order.Uint16(b[10:])), size: len(b), b: b}
	if s.table() > s.size {
		return s, damaged("a bucket in a value has no room for %d elements", s.count)
	}
	return s, s.check(false)
}

// pages is the number of pages that the sheet takes.
func (f *pageFile) pages(s *sheet) uint64 { return uint64(s.size) / f.pageSize }

// table is where the elements end.
func (s *sheet) table() int { return pageHeader + s.count*elementSize }

// element is one element of a sheet: its key and its value lie behind each other.
type element struct {
	flags uint32 // of a leaf
	child uint64 // of a branch
	at    uint64 // where the key begins
	key   uint64 // its size
	value uint64 // its size
}

func (s *sheet) element(i int) element {
	at := pageHeader + i*elementSize
	b := s.b[at : at+elementSize]
	if s.branch {
		return element{at: uint64(at) + uint64(order.Uint32(b)), key: uint64(order.Uint32(b[4:])), child: order.Uint64(b[8:])}
	}
	return element{flags: order.Uint32(b), at: uint64(at) + uint64(order.Uint32(b[4:])), key: uint64(order.Uint32(b[8:])),
		value: uint64(order.Uint32(b[12:]))}
}

// kv are key and value of an element whose sheet was checked and read to its end.
func (s *sheet) kv(e element) (k, v []byte) {
	end := e.at + e.key
	return s.b[e.at:end:end], s.b[end : end+e.value : end+e.value]
}

// check makes sure that all elements lie in the sheet, and that only the leaves that may hold buckets do.
func (s *sheet) check(buckets bool) error {
	for i := range s.count {
		e := s.element(i)
		if e.at < uint64(s.table()) || e.at+e.key+e.value > uint64(s.size) || e.key == 0 || e.key > maxKeySize {
			return damaged("element %d of page %d lies outside of it", i, s.id)
		}
		if want := uint32(0); !s.branch {
			if buckets {
				want = flagIsBucket
			}
			if e.flags != want || buckets && e.value < bucketSize {
				return damaged("element %d of page %d is of type %#x", i, s.id, e.flags)
			}
		}
	}
	return nil
}

// load reads a sheet whole, into buf where it has room, and checks it.
func (f *pageFile) load(id uint64, buf []byte, buckets bool) (sheet, error) {
	if uint64(cap(buf)) < f.pageSize {
		buf = make([]byte, f.pageSize)
	}
	b := buf[:f.pageSize]
	if err := f.read(b, id); err != nil {
		return sheet{}, err
	}
	s, err := f.parseHeader(b, id)
	if err != nil {
		return s, err
	}
	if s.size > len(b) {
		s.b = make([]byte, s.size)
		if err := f.read(s.b, id); err != nil {
			return s, err
		}
	}
	return s, s.check(buckets)
}

// read fills b from page id on.
func (f *pageFile) read(b []byte, id uint64) error { return f.readAt(b, id*f.pageSize) }

func (f *pageFile) readAt(b []byte, at uint64) error {
	n, err := f.r.ReadAt(b, int64(at))
	switch {
	case n == len(b):
		return nil
	case err == io.EOF:
		return damaged("the file ends at byte %d", at+uint64(n))
	}
	return err
}
