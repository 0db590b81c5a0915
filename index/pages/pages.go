// Package pages reads a bbolt file page by page, without bbolt.
//
// bbolt follows the page numbers that it reads. Where damage makes a branch lead back to itself its search overflows
// the stack, which ends the process whatever it recovers from, and its cursors go round for ever; a list of free pages
// that holds others makes it write over them. So before bbolt may follow anything, [File.Prove] makes sure that it can:
// from the root down, every page is what its parent takes it for, all its elements lie within it, and no page is
// reached twice. [File.Walk] reads the entries of one bucket under the same rules, for whoever looks at a file that may
// be damaged. The file is read, not mapped, so that memory does not grow with it.
//
// What is wrong with a file is a [Fault]. Any other error is one of reading or of the context.
package pages

import (
	"fmt"
	"hash/fnv"
	"io"
	"math/bits"
)

// Fault is what is wrong with a file.
type Fault struct{ text string }

func (f *Fault) Error() string { return f.text }

func fault(format string, args ...any) error { return &Fault{fmt.Sprintf(format, args...)} }

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

// File is a bbolt file as pages. It knows which of them were reached: no page may be in two places.
type File struct {
	metaPage
	r       io.ReaderAt
	whole   bool     // both meta pages are
	reached []uint64 // a bit for each page
}

// Open reads the meta pages of a file of size bytes and takes the newer one that is whole, as bbolt does.
func Open(r io.ReaderAt, size int64) (*File, error) {
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
	f := &File{r: r, whole: ok && ok2}
	switch {
	case !ok && !ok2:
		return nil, fault("no meta page")
	case !ok || ok2 && second.txid > first.txid:
		f.metaPage = second
	default:
		f.metaPage = first
	}
	if uint64(size) < f.high*f.pageSize {
		return nil, fault("%d of %d bytes are left", size, f.high*f.pageSize)
	}
	f.restart()
	return f, nil
}

// Whole reports whether both meta pages are whole. If one is not, the file may be that of the commit before.
func (f *File) Whole() bool { return f.whole }

// restart forgets which pages were reached.
func (f *File) restart() { f.reached = make([]uint64, (f.high+63)/64) }

func (f *File) isReached(id uint64) bool { return f.reached[id/64]&(1<<(id%64)) != 0 }

// reach notes that the n pages from id on are reached, each for the first time.
func (f *File) reach(id, n uint64) error {
	if n == 0 {
		return nil
	}
	if id < 2 || id >= f.high || n > f.high-id {
		return fault("there is no page %d", id)
	}
	for ; n > 0; id, n = id+1, n-1 {
		if f.isReached(id) {
			return fault("page %d is in two places", id)
		}
		f.reached[id/64] |= 1 << (id % 64)
	}
	return nil
}

// read fills b with what is at byte at of the file.
func (f *File) read(b []byte, at uint64) error {
	n, err := f.r.ReadAt(b, int64(at))
	switch {
	case n == len(b):
		return nil
	case err == io.EOF:
		return fault("the file ends at byte %d", at+uint64(n))
	}
	return err
}
