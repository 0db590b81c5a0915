package vault

import (
	"context"
	"sync"
)

// What is fetched at a time, in bytes: of objects as they are stored, and of contents that wait to be opened.
const (
	fetchBytes  = 34 << 20 // two packs
	fetchJobs   = 8
	aheadBytes  = 20 << 20
	batchBytes  = aheadBytes / 2 // one batch is used while the next one is fetched
	batchFiles  = 2048
	piecesAhead = 4 // of a large file
)

// budget is how many bytes may still be in flight. The zero value is not one.
type budget struct {
	mu   sync.Mutex
	cond sync.Cond
	free int64
	all  int64
}

func newBudget(n int64) *budget {
	b := &budget{free: n, all: n}
	b.cond.L = &b.mu
	return b
}

// take waits until n bytes are free, and returns how they are given back. More than all there are is as all.
func (b *budget) take(n int64) (give func()) {
	n = min(n, b.all)
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.free < n {
		b.cond.Wait()
	}
	return b.less(n)
}

// takeUntil is take until a context ends.
func (b *budget) takeUntil(ctx context.Context, n int64) (give func(), err error) {
	n = min(n, b.all)
	if give, ok := b.try(n); ok {
		return give, nil
	}
	defer context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.cond.Broadcast()
	})()
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.free < n {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		b.cond.Wait()
	}
	return b.less(n), nil
}

// try is take for who can do without.
func (b *budget) try(n int64) (give func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.free < n {
		return nil, false
	}
	return b.less(n), true
}

func (b *budget) less(n int64) (give func()) {
	b.free -= n
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.free += n
		b.cond.Broadcast()
	}
}
