package index

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
)

// edits are changes of a bucket whose keys have no values, identity or content. They come in any order and are made in
// the order of the keys: a million keys that are put into a bucket here and there take twenty times as long, and half
// as much space again. As many as editsMemory allows are sorted in memory; more are written to a file in sorted runs,
// which are then merged.
type edits struct {
	bucket []byte
	dir    string // where the file is made
	again  bool   // some of the edits may have been made before

	keys []byte // of those in memory
	list []keyEdit
	file *os.File // of the runs, nil while there are none
	size int64
	runs []run
	heap []*run // while they are merged: the least first
	at   int    // the next in list, once it is sorted
}

// hints are the edits of identity and content, which lead to records and prove nothing.
type hints struct{ identity, content edits }

// newHints collects edits, as many as there may be; beyond those that memory holds they are in a file in dir.
func newHints(dir string) *hints {
	return &hints{edits{bucket: bucketIdentity, dir: dir}, edits{bucket: bucketContent, dir: dir}}
}

// begin is the stage between collecting the edits and making them.
func (h *hints) begin(*txn) (done bool, err error) {
	return true, errors.Join(h.identity.begin(), h.content.begin())
}

// make makes all edits in one transaction, because they are few, and then holds none.
func (h *hints) make(t *txn) error {
	for _, e := range []*edits{&h.identity, &h.content} {
		if err := e.begin(); err != nil {
			return err
		}
		if _, err := e.make(t, func() bool { return true }); err != nil {
			return err
		}
	}
	return nil
}

func (h *hints) close() {
	h.identity.close()
	h.content.close()
}

// keyEdit is a key to be put or deleted. Those of the same key are made in the order in which they came.
type keyEdit struct {
	head uint64 // of the key: most comparisons need no more
	at   uint32 // of the key in keys
	size uint16
	put  bool
}

// editsMemory is how many bytes of keys are sorted at once. With what belongs to them that is three times as much.
const editsMemory = 2 << 20

// add collects an edit.
func (e *edits) add(key []byte, put bool) error {
	if len(e.keys)+len(key) > editsMemory {
		if err := e.spill(); err != nil {
			return err
		}
	}
	var head [8]byte
	copy(head[:], key)
	e.list = append(e.list, keyEdit{binary.BigEndian.Uint64(head[:]), uint32(len(e.keys)), uint16(len(key)), put})
	e.keys = append(e.keys, key...)
	return nil
}

func (e *edits) key(i int) []byte {
	x := &e.list[i]
	return e.keys[x.at : x.at+uint32(x.size)]
}

func (e *edits) sort() {
	slices.SortFunc(e.list, func(a, b keyEdit) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		if c := bytes.Compare(e.keys[a.at:a.at+uint32(a.size)], e.keys[b.at:b.at+uint32(b.size)]); c != 0 {
			return c
		}
		return cmp.Compare(a.at, b.at)
	})
}

// reset forgets what is in memory.
func (e *edits) reset() { e.keys, e.list, e.at = e.keys[:0], e.list[:0], 0 }

// run is a sorted part of the edits in the file: twice the length of a key as uvarint, 1 more for a put, and
// the key.
type run struct {
	number int
	from   int64
	r      *bufio.Reader
	key    []byte
	put    bool
}

// runBuffer is how much of a run is read at once. A hundred runs are 25,000,000 files.
const runBuffer = 32 << 10

// spill writes what is in memory to the file.
func (e *edits) spill() (err error) {
	if e.file == nil {
		if e.file, err = scratch(e.dir); err != nil {
			return err
		}
	}
	e.sort()
	e.runs = append(e.runs, run{number: len(e.runs), from: e.size})
	w := bufio.NewWriterSize(e.file, 256<<10)
	var head [binary.MaxVarintLen64]byte
	for i, x := range e.list {
		n := uint64(x.size) << 1
		if x.put {
			n |= 1
		}
		b := binary.AppendUvarint(head[:0], n)
		w.Write(b)
		w.Write(e.key(i))
		e.size += int64(len(b)) + int64(x.size)
	}
	e.reset()
	return w.Flush()
}

// next reads the next edit of the run.
func (r *run) next() error {
	n, err := binary.ReadUvarint(r.r)
	if err != nil {
		return err
	}
	r.put = n&1 != 0
	r.key = slices.Grow(r.key[:0], int(n>>1))[:n>>1]
	_, err = io.ReadFull(r.r, r.key)
	return err
}

// begin makes ready to take the edits in order.
func (e *edits) begin() error {
	if e.file == nil {
		e.sort()
		return nil
	}
	if err := e.spill(); err != nil {
		return err
	}
	e.keys, e.list = nil, nil
	for i := range e.runs {
		r := &e.runs[i]
		end := e.size
		if i+1 < len(e.runs) {
			end = e.runs[i+1].from
		}
		r.r = bufio.NewReaderSize(io.NewSectionReader(e.file, r.from, end-r.from), runBuffer)
		if err := r.next(); err != nil {
			return err
		}
		e.heap = append(e.heap, r)
	}
	for i := len(e.heap)/2 - 1; i >= 0; i-- {
		e.sink(i)
	}
	return nil
}

// sink moves the run at i of the heap down to its place.
func (e *edits) sink(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(e.heap); c++ {
			if e.heap[c].before(e.heap[least]) {
				least = c
			}
		}
		if least == i {
			return
		}
		e.heap[i], e.heap[least] = e.heap[least], e.heap[i]
		i = least
	}
}

func (r *run) before(o *run) bool {
	if c := bytes.Compare(r.key, o.key); c != 0 {
		return c < 0
	}
	return r.number < o.number
}

// head is the next edit in order, nil at the end.
func (e *edits) head() (key []byte, put bool) {
	switch {
	case len(e.heap) > 0:
		return e.heap[0].key, e.heap[0].put
	case e.at < len(e.list):
		return e.key(e.at), e.list[e.at].put
	}
	return nil, false
}

// pop goes on to the edit after head.
func (e *edits) pop() error {
	if e.file == nil {
		e.at++
		return nil
	}
	if err := e.heap[0].next(); err != nil {
		if !errors.Is(err, io.EOF) {
			return err
		}
		e.heap[0] = e.heap[len(e.heap)-1]
		e.heap = e.heap[:len(e.heap)-1]
	}
	if len(e.heap) > 0 {
		e.sink(0)
	}
	return nil
}

// stage makes the edits, as many as t has room for.
func (e *edits) stage(t *txn) (done bool, err error) { return e.make(t, t.room) }

// make makes edits while there is room for another.
func (e *edits) make(t *txn, room func() bool) (done bool, err error) {
	b := t.Bucket(e.bucket)
	added, pages := 0, t.pages
	for {
		key, put := e.head()
		if done = key == nil; done || !room() {
			break
		}
		switch {
		case !put:
			err = t.delete(b, key)
		case !e.again || b.Get(key) == nil:
			err = t.put(b, key, nil)
			added++
		}
		if err == nil {
			err = e.pop()
		}
		if err != nil {
			return false, err
		}
	}
	fill(b, added, t.pages-pages)
	return done, nil
}

// close removes the file.
func (e *edits) close() {
	if e.file != nil {
		e.file.Close()
		os.Remove(e.file.Name())
	}
}

// scratchName are the names of files that need not outlive the process.
const scratchName = "index-*.tmp"

// scratch is a new file that has no name where the system allows that. Where not, or where the process is stopped
// here, Clean removes it.
func scratch(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, scratchName)
	if err == nil {
		os.Remove(f.Name())
	}
	return f, err
}
