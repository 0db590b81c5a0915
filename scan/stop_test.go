package scan

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"

	"snap/internal/file"
	"snap/internal/long"
)

// held are the goroutines and the open files of this process.
func held(t tb) [2]int {
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		files = nil // not on every system
	}
	return [2]int{runtime.NumGoroutine(), len(files)}
}

// settled is held, once it is what it was: a goroutine that has told that it is done may still be ending.
func settled(t tb, before [2]int) [2]int {
	after := held(t)
	for range 100000 {
		if after == before {
			break
		}
		runtime.Gosched()
		after = held(t)
	}
	return after
}

// A walk that ends early, by its consumer or by its context, leaves nothing behind.
func TestAWalkThatEndsEarlyLeavesNothing(t *testing.T) {
	var lines []string
	for i := range 200 {
		lines = append(lines, fmt.Sprintf("d%d/e%d/f%d/g%d", i%3, i%7, i%20, i))
	}
	root := plant(t, lines...)
	d, err := file.OpenRoot(root)
	check(t, err)
	defer d.Close()
	total := len(walked(t, root, Options{}))
	for _, jobs := range []int{1, 2, 8} {
		before := held(t)
		for stop := 1; stop <= total; stop += total / long.Of(11, 35) {
			n := 0
			for _, err := range Walk(context.Background(), d, Options{Jobs: jobs}) {
				check(t, err)
				if n++; n == stop {
					break
				}
			}
			if after := settled(t, before); after != before {
				t.Fatalf("%d jobs, stopped at item %d: goroutines and files %v, before %v", jobs, stop, after, before)
			}
			ctx, cancel := context.WithCancel(context.Background())
			n, last := 0, error(nil)
			for _, err := range Walk(ctx, d, Options{Jobs: jobs}) {
				if n++; n == stop {
					cancel()
				}
				last = err
			}
			cancel()
			if after := settled(t, before); after != before {
				t.Fatalf("%d jobs, cancelled at item %d: goroutines and files %v, before %v", jobs, stop, after, before)
			}
			if n < total && !errors.Is(last, context.Canceled) || n > total {
				t.Fatalf("%d jobs, cancelled at item %d: %d of %d items, then %v", jobs, stop, n, total, last)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		for it, err := range Walk(ctx, d, Options{Jobs: jobs}) {
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("cancelled before it began: %v, %v", it, err)
			}
		}
	}
}
