package pages

import (
	"bytes"
	"context"
)

// Options are what a walk must know of its bucket.
type Options struct {
	Buckets bool // its values are buckets
	// Unseal takes the checksum off a value; ok is false where it is wrong. nil: values have none.
	Unseal func(value, key []byte) (body []byte, ok bool)
	Name   func(key []byte) string // what messages call a key
	Found  func(error)             // is called with each fault; the walk goes on after it
}

// Walk goes through the entries of one bucket in key order and proves the pages that it passes: each is what its
// parent takes it for and reached for the first time, and keys rise within it and lie between those of its parent. A
// page that cannot be is reported and skipped with everything below it.
type Walk struct {
	Lost bool  // pages could not be read: there were more entries
	Err  error // what stopped it: the context

	Options
	file  *File
	ctx   context.Context // of Walk, which is one loop over Next
	stack []step
	spare [][]byte // buffers, by depth
	last  []byte   // the key before
	begun bool
}

// step is a page on the way from the root to where the walk stands.
type step struct {
	page
	i         int    // the next element
	low, high []byte // its keys are not below low and below high; nil: no bound
	reported  bool   // that keys in it are out of order
}

// Walk begins a walk of the bucket with this value; nil is the bucket that holds all others.
func (f *File) Walk(ctx context.Context, value []byte, o Options) *Walk {
	w := &Walk{Options: o, file: f, ctx: ctx}
	if value == nil {
		value = order.AppendUint64(order.AppendUint64(nil, f.root), 0)
	}
	if root := order.Uint64(value); root != 0 {
		w.enter(root, nil, nil)
	} else if p, err := inline(bytes.Clone(value)); err != nil {
		w.lose(err)
	} else {
		w.stack = append(w.stack, step{page: p})
	}
	return w
}

// lose reports a page that could not be read.
func (w *Walk) lose(err error) {
	w.Lost = true
	w.Found(err)
}

// enter goes down to a page.
func (w *Walk) enter(id uint64, low, high []byte) {
	if w.Err = w.ctx.Err(); w.Err != nil {
		w.stack = w.stack[:0]
		return
	}
	depth := len(w.stack)
	if depth == len(w.spare) {
		w.spare = append(w.spare, make([]byte, w.file.pageSize))
	}
	p, err := w.file.load(id, depth, w.spare[depth], w.Buckets)
	if err != nil {
		w.lose(err)
		return
	}
	w.stack = append(w.stack, step{page: p, low: low, high: high})
}

// Next is the next entry, its value without the checksum, until it is called again; ok is false at the end. An entry
// with a wrong checksum, or one that is out of order, is reported and skipped.
func (w *Walk) Next() (k, v []byte, ok bool) {
	for len(w.stack) > 0 {
		s := &w.stack[len(w.stack)-1]
		if s.i == s.count {
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		e := s.element(s.i)
		k, v := s.entry(e)
		s.i++
		if s.branch {
			high := s.high
			if s.i < s.count {
				high, _ = s.entry(s.element(s.i))
			}
			w.bound(s, k)
			w.enter(e.child, k, high)
			continue
		}
		if w.Unseal != nil {
			body, ok := w.Unseal(v, k)
			if !ok {
				w.Found(fault("the entry of %q", w.Name(k)))
				continue
			}
			v = body
		}
		w.bound(s, k)
		if w.begun && bytes.Compare(k, w.last) <= 0 {
			w.disorder(s, k)
			if w.Unseal != nil {
				continue
			}
		}
		w.last, w.begun = append(w.last[:0], k...), true
		return k, v, true
	}
	return nil, nil, false
}

// bound makes sure that a key lies where its page says.
func (w *Walk) bound(s *step, k []byte) {
	if s.low != nil && bytes.Compare(k, s.low) < 0 || s.high != nil && bytes.Compare(k, s.high) >= 0 {
		w.disorder(s, k)
	}
}

// disorder reports keys out of order, once for a page.
func (w *Walk) disorder(s *step, k []byte) {
	if !s.reported {
		s.reported = true
		w.Found(fault("%q out of order in page %d", w.Name(k), s.id))
	}
}
