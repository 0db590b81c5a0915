package stream

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"testing"
)

// numbers yields numbers as pointers, and then the error if there is one.
func numbers(err error, all ...int) iter.Seq2[*int, error] {
	return func(yield func(*int, error) bool) {
		for _, n := range all {
			if !yield(&n, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// TestJoin: each place comes once, in order, with what either stream has there, until the first error.
func TestJoin(t *testing.T) {
	bad := errors.New("bad")
	for _, c := range []struct {
		left, right iter.Seq2[*int, error]
		want        string
	}{
		{numbers(nil), numbers(nil), ""},
		{numbers(nil, 1, 2), numbers(nil), "1- 2- "},
		{numbers(nil), numbers(nil, 1, 2), "-1 -2 "},
		{numbers(nil, 1, 3, 5, 6), numbers(nil, 2, 3, 4, 6), "1- -2 33 -4 5- 66 "},
		{numbers(nil, 5), numbers(nil, 1, 2), "-1 -2 5- "},
		{numbers(nil, 1), numbers(nil, 5, 6), "1- -5 -6 "},
		{numbers(bad, 1), numbers(nil, 1, 2), "11 bad"},
		{numbers(nil, 1, 9), numbers(bad, 1, 2), "11 -2 bad"},
		{numbers(nil, 1), numbers(bad, 1, 2), "11 -2 bad"},
		{numbers(nil, 1), numbers(bad), "bad"},
	} {
		got := ""
		for j, err := range Join(c.left, c.right, func(a, b *int) int { return cmp.Compare(*a, *b) }) {
			if err != nil {
				got += err.Error()
				continue
			}
			for i, n := range []*int{j.Left, j.Right} {
				if n == nil {
					got += "-"
				} else {
					got += fmt.Sprint(*n)
				}
				if i == 1 {
					got += " "
				}
			}
		}
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	for range Join(numbers(nil, 2), numbers(nil, 1, 3), func(a, b *int) int { return cmp.Compare(*a, *b) }) {
		break // and all ends
	}
}
