package stream

import "iter"

// Joined is what two streams have at one place. What one of them does not have there is its zero value.
type Joined[A, B any] struct {
	Left  A
	Right B
}

// Join merges two streams that are in the same order: compare is below zero where the left one's element comes first,
// and zero where both are at one place. An element is used until the next is yielded. The first error ends it.
func Join[A, B any](left iter.Seq2[A, error], right iter.Seq2[B, error],
	compare func(A, B) int) iter.Seq2[Joined[A, B], error] {
	return func(yield func(Joined[A, B], error) bool) {
		next, stop := iter.Pull2(right)
		defer stop()
		b, err, more := next()
		for a, leftErr := range left {
			if leftErr != nil {
				yield(Joined[A, B]{}, leftErr)
				return
			}
			order := -1
			for more && err == nil {
				if order = compare(a, b); order <= 0 {
					break
				}
				if !yield(Joined[A, B]{Right: b}, nil) {
					return
				}
				b, err, more = next()
			}
			if err != nil {
				yield(Joined[A, B]{}, err)
				return
			}
			if !more || order < 0 {
				if !yield(Joined[A, B]{Left: a}, nil) {
					return
				}
				continue
			}
			if !yield(Joined[A, B]{a, b}, nil) {
				return
			}
			b, err, more = next()
		}
		for ; more && err == nil; b, err, more = next() {
			if !yield(Joined[A, B]{Right: b}, nil) {
				return
			}
		}
		if err != nil {
			yield(Joined[A, B]{}, err)
		}
	}
}
