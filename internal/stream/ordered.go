// Package stream is for sequences that are in order: [Ordered] maps one on several goroutines and yields the results in
// the order of its input, with bounded memory, and has ended all that it started when it returns. [Join] merges two.
// [Pause] waits for a while, or for the end of a context.
package stream

import (
	"context"
	"iter"
	"sync"
)

// Ordered maps in to f's results on several goroutines and yields them in the order of in. At most
// window results wait for their turn. After the first error nothing more is begun, but what was begun is
// still yielded, each result with its error, to a consumer that goes on. in is ranged over on a goroutine
// of its own. Everything it started has ended when the iterator returns.
func Ordered[In, Out any](ctx context.Context, jobs, window int, in iter.Seq2[In, error],
	f func(context.Context, In) (Out, error)) iter.Seq2[Out, error] {
	type job struct {
		in   In
		out  Out
		err  error
		done chan struct{}
	}
	return func(yield func(Out, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		work := make(chan *job)
		queue := make(chan *job, window)
		var group sync.WaitGroup
		defer func() {
			cancel()
			for range queue { // let the producer go
			}
			group.Wait()
		}()
		group.Go(func() {
			defer close(queue)
			defer close(work)
			for v, err := range in {
				j := &job{in: v, err: err, done: make(chan struct{})}
				if err != nil {
					close(j.done)
				}
				select {
				case queue <- j:
				case <-ctx.Done():
					return
				}
				if err != nil {
					return
				}
				select {
				case work <- j:
				case <-ctx.Done():
					j.err = ctx.Err()
					close(j.done)
					return
				}
			}
		})
		for range jobs {
			group.Go(func() {
				for j := range work {
					j.out, j.err = f(ctx, j.in)
					close(j.done)
				}
			})
		}
		failed := false
		for j := range queue {
			<-j.done
			if j.err != nil {
				failed = true
				cancel()
			}
			if !yield(j.out, j.err) {
				return
			}
		}
		if err := ctx.Err(); err != nil && !failed {
			var zero Out
			yield(zero, err)
		}
	}
}
