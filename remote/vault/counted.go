package vault

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"snap/remote/store"
)

// counted is a store whose requests are counted, each once however often it is tried. A listing counts as one for each
// thousand names, as stores give them out.
type counted struct {
	store.Store
	requests atomic.Int64
	bytes    atomic.Int64 // that were put
	objects  atomic.Int64 // that were put
}

func (c *counted) reset() {
	c.requests.Store(0)
	c.bytes.Store(0)
	c.objects.Store(0)
}

func (c *counted) counts() (requests, objects, bytes int64) {
	return c.requests.Load(), c.objects.Load(), c.bytes.Load()
}

func (c *counted) Put(ctx context.Context, name string, body []byte, o store.PutOptions) error {
	c.requests.Add(1)
	err := c.Store.Put(ctx, name, body, o)
	if err == nil {
		c.objects.Add(1)
		c.bytes.Add(int64(len(body)))
	}
	return err
}

func (c *counted) Get(ctx context.Context, name string, off, n int64) ([]byte, error) {
	c.requests.Add(1)
	return c.Store.Get(ctx, name, off, n)
}

func (c *counted) Stat(ctx context.Context, name string) (store.Object, error) {
	c.requests.Add(1)
	return c.Store.Stat(ctx, name)
}

func (c *counted) List(ctx context.Context, prefix, after string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		n := 0
		c.requests.Add(1)
		for o, err := range c.Store.List(ctx, prefix, after) {
			if n++; n%1000 == 0 {
				c.requests.Add(1)
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

func (c *counted) Delete(ctx context.Context, name string) error {
	c.requests.Add(1)
	return c.Store.Delete(ctx, name)
}

func (c *counted) Now(ctx context.Context) (time.Time, error) {
	c.requests.Add(1)
	return c.Store.Now(ctx)
}
