package index

import (
	"bytes"
	"context"
)

// treeWalk goes through the entries of one bucket in key order and proves the pages that it passes: each is what its
// parent takes it for and reached for the first time, and keys rise within it and lie between those of its parent. It
// reads the file and maps nothing, so that memory does not grow with what it reads. A page that cannot be is reported
// and skipped with everything below it.
type treeWalk struct {
	reach   *reach
	ctx     context.Context
	name    string // of the bucket, for messages
	buckets bool   // its values are buckets
	sealed  bool   // its values end in a checksum
	found   func(error)

	stack []pathStep
	spare [][]byte // buffers, by depth
	last  []byte   // the key before
	begun bool
	lost  bool  // pages could not be read: there were more entries
	err   error // what stopped it: the context
}

// pathStep is a sheet on the way from the root to where the walk stands.
type pathStep struct {
	sheet
	i         int    // the next element
	low, high []byte // its keys are not below low and below high; nil: no bound
	told      bool   // that keys in it are out of order
}

// openTree begins a walk of the bucket with this value.
func (w *treeWalk) open(value []byte) {
	root := order.Uint64(value)
	if root != 0 {
		w.enter(root, nil, nil)
		return
	}
	s, err := inlineSheet(bytes.Clone(value))
	if err != nil {
		w.lose(err)
		return
	}
	w.stack = append(w.stack, pathStep{sheet: s})
}

// lose reports a page that could not be read.
func (w *treeWalk) lose(err error) {
	w.lost = true
	w.tell(err)
}

func (w *treeWalk) tell(err error) { w.found(inBucket(w.name, err)) }

// enter goes down to a page.
func (w *treeWalk) enter(id uint64, low, high []byte) {
	if w.err = w.ctx.Err(); w.err != nil {
		w.stack = w.stack[:0]
		return
	}
	depth := len(w.stack)
	if depth == maxDepth {
		w.lose(damaged("a tree of pages without end"))
		return
	}
	if err := w.reach.claim(id, 1); err != nil {
		w.lose(err)
		return
	}
	if depth == len(w.spare) {
		w.spare = append(w.spare, make([]byte, w.reach.file.pageSize))
	}
	s, err := w.reach.file.load(id, w.spare[depth], w.buckets)
	if err == nil {
		err = w.reach.claim(id+1, w.reach.file.pages(&s)-1)
	}
	if err == nil && s.count == 0 && depth > 0 {
		err = damaged("page %d is empty", id)
	}
	if err != nil {
		w.lose(err)
		return
	}
	w.stack = append(w.stack, pathStep{sheet: s, low: low, high: high})
}

// next is the next entry, its value without the checksum, until it is called again; ok is false at the end. An entry
// with a wrong checksum, or one that is out of order, is reported and skipped.
func (w *treeWalk) next() (k, v []byte, ok bool) {
	for len(w.stack) > 0 {
		s := &w.stack[len(w.stack)-1]
		if s.i == s.count {
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		e := s.element(s.i)
		k, v := s.kv(e)
		s.i++
		if s.branch {
			high := s.high
			if s.i < s.count {
				high, _ = s.kv(s.element(s.i))
			}
			w.bound(s, k)
			w.enter(e.child, k, high)
			continue
		}
		if w.sealed {
			body, ok := unseal(v, k)
			if !ok {
				w.tell(damaged("the entry of %q", appendPath(nil, k)))
				continue
			}
			v = body
		}
		w.bound(s, k)
		if w.begun && bytes.Compare(k, w.last) <= 0 {
			w.disorder(s, k)
			if w.sealed {
				continue
			}
		}
		w.last, w.begun = append(w.last[:0], k...), true
		return k, v, true
	}
	return nil, nil, false
}

// bound makes sure that a key lies where its sheet says.
func (w *treeWalk) bound(s *pathStep, k []byte) {
	if s.low != nil && bytes.Compare(k, s.low) < 0 || s.high != nil && bytes.Compare(k, s.high) >= 0 {
		w.disorder(s, k)
	}
}

// disorder reports keys out of order, once for a sheet.
func (w *treeWalk) disorder(s *pathStep, k []byte) {
	if !s.told {
		s.told = true
		w.tell(damaged("%q out of order in page %d", appendPath(nil, k), s.id))
	}
}
