package pages

import (
	"encoding/binary"
)

// The format of bbolt's file, as far as it is read here (bbolt's internal/common says the rest).
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
	flagFree     = 0x10
	flagIsBucket = 0x01 // of a leaf's element

	boltMagic   = 0xED0CDAED
	boltVersion = 2

	maxKeySize = 32768
	// maxSize is the largest page that bbolt makes of an index, in bytes: it does not divide four elements, and none is
	// larger than 16 MiB.
	maxSize = 5 * 16 << 20
	// maxDepth is more than a tree of two children a page has with all the pages of a disk.
	maxDepth = 48
)

var order = binary.NativeEndian

// page is a page of a tree together with those that it overflows into.
type page struct {
	id     uint64 // 0 for one that lies in a value
	branch bool
	count  int
	size   int    // bytes
	b      []byte // its bytes
}

// load reads and proves a page of a tree, at this depth of it, into buf where that has room. It counts as reached then,
// and so do the pages that it overflows into. buckets: the values in its leaves are buckets, else none is.
func (f *File) load(id uint64, depth int, buf []byte, buckets bool) (p page, err error) {
	if depth == maxDepth {
		return p, fault("a tree of pages without end")
	}
	if err := f.reach(id, 1); err != nil {
		return p, err
	}
	b := buf[:f.pageSize]
	if err := f.read(b, id*f.pageSize); err != nil {
		return p, err
	}
	if p, err = f.parse(b, id); err != nil {
		return p, err
	}
	if p.count == 0 && depth > 0 { // bbolt's Last goes round for ever over such leaves
		return p, fault("page %d is empty", id)
	}
	if err := f.reach(id+1, uint64(p.size)/f.pageSize-1); err != nil {
		return p, err
	}
	if p.size > len(b) {
		p.b = make([]byte, p.size)
		if err := f.read(p.b, id*f.pageSize); err != nil {
			return p, err
		}
	}
	return p, p.check(buckets)
}

// parse takes the front of page id apart, of which b is the first part.
func (f *File) parse(b []byte, id uint64) (p page, err error) {
	more := uint64(order.Uint32(b[12:]))
	p = page{id: id, count: int(order.Uint16(b[10:])), b: b}
	switch flags := order.Uint16(b[8:]); {
	case order.Uint64(b) != id:
		return p, fault("page %d says that it is page %d", id, order.Uint64(b))
	case flags == flagBranch:
		p.branch = true
	case flags != flagLeaf:
		return p, fault("page %d is of type %#x, not part of a tree", id, flags)
	}
	if p.branch && p.count == 0 {
		return p, fault("page %d leads nowhere", id)
	}
	if id+1+more > f.high || (1+more)*f.pageSize > maxSize {
		return p, fault("page %d with %d more is too large", id, more)
	}
	if p.size = int((1 + more) * f.pageSize); p.table() > p.size {
		return p, fault("page %d has no room for %d elements", id, p.count)
	}
	return p, nil
}

// inline is the page in the value of a bucket.
func inline(value []byte) (p page, err error) {
	b := value[bucketSize:]
	if len(b) < pageHeader || order.Uint64(b) != 0 || order.Uint16(b[8:]) != flagLeaf || order.Uint32(b[12:]) != 0 {
		return p, fault("a bucket without a page")
	}
	p = page{count: int(order.Uint16(b[10:])), size: len(b), b: b}
	if p.table() > p.size {
		return p, fault("a bucket in a value has no room for %d elements", p.count)
	}
	return p, p.check(false)
}

// table is where the elements end.
func (p *page) table() int { return pageHeader + p.count*elementSize }

// element is one element of a page: its key and its value lie behind each other.
type element struct {
	flags uint32 // of a leaf
	child uint64 // of a branch
	at    uint64 // where the key begins
	key   uint64 // its size
	value uint64 // its size
}

func (p *page) element(i int) element {
	at := pageHeader + i*elementSize
	b := p.b[at : at+elementSize]
	if p.branch {
		return element{at: uint64(at) + uint64(order.Uint32(b)), key: uint64(order.Uint32(b[4:])), child: order.Uint64(b[8:])}
	}
	return element{flags: order.Uint32(b), at: uint64(at) + uint64(order.Uint32(b[4:])), key: uint64(order.Uint32(b[8:])),
		value: uint64(order.Uint32(b[12:]))}
}

// entry are key and value of an element.
func (p *page) entry(e element) (k, v []byte) {
	end := e.at + e.key
	return p.b[e.at:end:end], p.b[end : end+e.value : end+e.value]
}

// check makes sure that all elements lie in the page, and that only the leaves that may hold buckets do.
func (p *page) check(buckets bool) error {
	for i := range p.count {
		e := p.element(i)
		if e.at < uint64(p.table()) || e.at+e.key+e.value > uint64(p.size) || e.key == 0 || e.key > maxKeySize {
			return fault("element %d of page %d lies outside of it", i, p.id)
		}
		if want := uint32(0); !p.branch {
			if buckets {
				want = flagIsBucket
			}
			if e.flags != want || buckets && e.value < bucketSize {
				return fault("element %d of page %d is of type %#x", i, p.id, e.flags)
			}
		}
	}
	return nil
}
