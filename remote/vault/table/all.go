package table

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
)

// Rows yields all rows in the order of their keys.
func (t *Table) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		packs := map[uint32][32]byte{}
		var last [32]byte
		begun := false
		for b, err := range t.rows.all() {
			var r Row
			if err == nil {
				r, err = t.row(b, packs)
			}
			if err == nil && begun && bytes.Compare(last[:], r.Key[:]) >= 0 {
				err = fmt.Errorf("%w: its keys are out of order", ErrDamaged)
			}
			if !yield(r, err) || err != nil {
				return
			}
			last, begun = r.Key, true
		}
	}
}

// Lists yields all lists in the order of their keys.
func (t *Table) Lists() iter.Seq2[List, error] {
	return func(yield func(List, error) bool) {
		var last [32]byte
		begun := false
		for b, err := range t.lists.all() {
			var l List
			if err == nil {
				l, err = t.list(b)
			}
			if err == nil && begun && bytes.Compare(last[:], l.Key[:]) >= 0 {
				err = fmt.Errorf("%w: its lists are out of order", ErrDamaged)
			}
			if !yield(l, err) || err != nil {
				return
			}
			last, begun = l.Key, true
		}
	}
}

// Packs are the packs that rows name, with the sizes of their objects.
func (t *Table) Packs() (map[[32]byte]int64, error) {
	all := map[[32]byte]int64{}
	for b, err := range t.packs.all() {
		if err != nil {
			return nil, err
		}
		size := binary.LittleEndian.Uint64(b[32:])
		if size > 1<<62 {
			return nil, fmt.Errorf("%w: a pack of %d bytes", ErrDamaged, size)
		}
		all[[32]byte(b)] = int64(size)
	}
	return all, nil
}

// MergeRows yields the rows of sorted streams that keep says (nil: all) in order, each key once: of several rows of a
// key the first stream's counts. What is not kept is left out before that, so that a row of a condemned pack does not
// hide another one.
func MergeRows(keep func(*Row) bool, streams ...iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	return merge(streams, keep, func(a, b *Row) int { return bytes.Compare(a.Key[:], b.Key[:]) })
}

// MergeLists does that with lists.
func MergeLists(keep func(*List) bool, streams ...iter.Seq2[List, error]) iter.Seq2[List, error] {
	return merge(streams, keep, func(a, b *List) int { return bytes.Compare(a.Key[:], b.Key[:]) })
}

type mergeHead[T any] struct {
	at   T
	next func() (T, error, bool)
	nth  int
}

func merge[T any](streams []iter.Seq2[T, error], keep func(*T) bool, compare func(a, b *T) int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var heads []*mergeHead[T]
		for i, s := range streams {
			next, stop := iter.Pull2(s)
			defer stop()
			h := &mergeHead[T]{next: next, nth: i}
			ok, err := h.advance(keep)
			if err != nil {
				yield(h.at, err)
				return
			}
			if ok {
				heads = append(heads, h)
			}
		}
		var last T
		begun := false
		for len(heads) > 0 {
			first := slices.MinFunc(heads, func(a, b *mergeHead[T]) int {
				return cmp.Or(compare(&a.at, &b.at), cmp.Compare(a.nth, b.nth))
			})
			if !begun || compare(&first.at, &last) != 0 {
				if !yield(first.at, nil) {
					return
				}
				last, begun = first.at, true
			}
			ok, err := first.advance(keep)
			if err != nil {
				yield(first.at, err)
				return
			}
			if !ok {
				heads = slices.DeleteFunc(heads, func(h *mergeHead[T]) bool { return h == first })
			}
		}
	}
}

// advance goes on to the next element that is kept.
func (h *mergeHead[T]) advance(keep func(*T) bool) (ok bool, err error) {
	for {
		h.at, err, ok = h.next()
		if err != nil || !ok || keep == nil || keep(&h.at) {
			return ok && err == nil, err
		}
	}
}
