package stream

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
)

// TestOrderedError: after an error nothing more is begun, and what was begun is still yielded, in order.
func TestOrderedError(t *testing.T) {
	const window, failing = 8, 20
	bad := errors.New("bad")
	in := func(yield func(int, error) bool) {
		for i := range 1000 {
			if !yield(i, nil) {
				return
			}
		}
	}
	var begun atomic.Int64
	f := func(ctx context.Context, i int) (int, error) {
		begun.Add(1)
		if i == failing {
			return i, bad
		}
		return i, ctx.Err()
	}
	next, failed := 0, []error(nil)
	for i, err := range Ordered(t.Context(), 4, window, in, f) {
		if err != nil {
			failed = append(failed, err)
		}
		if err == nil || errors.Is(err, bad) {
			if i < next || i > next && len(failed) == 0 {
				t.Fatalf("%d comes when %d should", i, next)
			}
			next = i + 1
		}
	}
	if len(failed) == 0 || !errors.Is(failed[0], bad) || next <= failing {
		t.Errorf("errors %v, the last result was %d", failed, next-1)
	}
	if n := begun.Load(); n > failing+window+8 {
		t.Errorf("%d were begun", n)
	}
	begun.Store(0)
	for _, err := range Ordered(t.Context(), 4, window, in, f) {
		if err != nil {
			break
		}
	}
	if n := begun.Load(); n <= failing || n > failing+window+8 {
		t.Errorf("%d were begun for a consumer that ends at the error", n)
	}
}

// TestOrderedStopped: a context that ends is an error, however much was done.
func TestOrderedStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in := func(yield func(int, error) bool) {
		for i := 0; yield(i, nil); i++ {
		}
	}
	n, failed := 0, error(nil)
	for _, err := range Ordered(ctx, 4, 8, in, func(ctx context.Context, i int) (int, error) { return i, ctx.Err() }) {
		if n++; n == 50 {
			cancel()
		}
		if err != nil && failed == nil {
			failed = err
		}
	}
	if !errors.Is(failed, context.Canceled) {
		t.Errorf("got %v", failed)
	}
}
