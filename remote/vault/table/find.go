package table

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// Find is the row of a key.
func (t *Table) Find(key [32]byte) (r Row, found bool, err error) {
	b, err := t.rows.find(key)
	if b == nil || err != nil {
		return Row{}, false, err
	}
	r, err = t.row(b, nil)
	return r, err == nil, err
}

// Pieces are the keys of the pieces that a large file consists of.
func (t *Table) Pieces(key [32]byte) (pieces [][32]byte, found bool, err error) {
	b, err := t.lists.find(key)
	if b == nil || err != nil {
		return nil, false, err
	}
	l, err := t.list(b)
	return l.Pieces, err == nil, err
}

// window is how many elements are read at once: with keys as even as SHA-256 makes them the second read mostly has the
// key, of a million rows.
const window = 64

// find is the element of a key, nil if there is none.
func (s *section) find(key [32]byte) ([]byte, error) {
	lo, hi := int64(0), s.n                 // the key is in there, if anywhere
	low, high := uint64(0), ^uint64(0)      // the first bytes of keys that are there at least, and at most
	want := binary.BigEndian.Uint64(key[:]) // what is told from there
	for step := 0; lo < hi; step++ {
		from := guess(lo, hi, low, high, want)
		if step%4 == 3 { // keys that are not even: then halves
			from = lo + (hi-lo)/2
		}
		from = max(lo, from-window/2)
		to := min(from+window, hi)
		b, err := s.read(from, to)
		if err != nil {
			return nil, err
		}
		first, last := b[:s.width], b[int64(len(b))-s.width:]
		if err := s.verifyEnds(from, to, first, last); err != nil {
			return nil, err
		}
		switch {
		case bytes.Compare(key[:], first[:32]) < 0:
			hi, high = from, binary.BigEndian.Uint64(first)
		case bytes.Compare(key[:], last[:32]) > 0:
			lo, low = to, binary.BigEndian.Uint64(last)
		default:
			return s.within(b, from, key)
		}
		if low > high {
			return nil, fmt.Errorf("%w: its keys are out of order", ErrDamaged)
		}
	}
	return nil, nil
}

// guess is about where a key is, if keys are even.
func guess(lo, hi int64, low, high, want uint64) int64 {
	if want <= low || high <= low {
		return lo
	}
	over, under := bits.Mul64(min(want, high)-low, uint64(hi-lo))
	if over >= high-low {
		return hi - 1
	}
	part, _ := bits.Div64(over, under, high-low)
	return min(lo+int64(part), hi-1)
}

func (s *section) verifyEnds(from, to int64, first, last []byte) error {
	if err := s.verify(from, first); err != nil {
		return err
	}
	if err := s.verify(to-1, last); err != nil {
		return err
	}
	if bytes.Compare(first[:32], last[:32]) > 0 {
		return fmt.Errorf("%w: its keys are out of order", ErrDamaged)
	}
	return nil
}

// within finds a key among elements that it is not before nor behind.
func (s *section) within(b []byte, from int64, key [32]byte) ([]byte, error) {
	n := int64(len(b)) / s.width
	at := func(i int64) []byte { return b[i*s.width : (i+1)*s.width] }
	lo, hi := int64(0), n
	for lo < hi {
		mid := (lo + hi) / 2
		e := at(mid)
		if err := s.verify(from+mid, e); err != nil {
			return nil, err
		}
		switch c := bytes.Compare(e[:32], key[:]); {
		case c == 0:
			return slices.Clone(e), nil
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return nil, nil
}
