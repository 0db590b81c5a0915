package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"snap/record"
	"snap/remote/vault/table"
)

// ErrNotHeld says that the vault has not the bytes of a file: they were damaged when it was copied, or an object is
// gone.
var ErrNotHeld = errors.New("the vault does not hold its bytes")

// Contents gives the bytes of regular files that snapshots of a vault hold. What will be opened is best said before, in
// this order: then many are fetched with one request, while what was fetched before is used. Its memory is bounded,
// whatever is wanted.
type Contents struct {
	v    *Vault
	wg   sync.WaitGroup
	stop context.CancelFunc
	end  context.Context //nolint:containedctx // ends what is fetched ahead when it is closed

	mu    sync.Mutex
	n     uint64 // how many were wanted
	at    uint64 // of these the last one that was opened
	next  []want // in the order in which they will be opened
	bytes int64  // of next
	got   map[[32]byte]*gotten
	give  map[*gotten]func() // of the bytes that wait
}

type want struct {
	key  [32]byte
	size int64
	n    uint64
}

// gotten are bytes that are fetched ahead.
type gotten struct {
	done chan struct{}
	body []byte
	err  error
	uses int    // how often it was wanted and not opened yet
	last uint64 // the last want of it
}

// Contents are those of the head that the mirror has.
func (v *Vault) Contents() *Contents {
	end, stop := context.WithCancel(context.Background())
	return &Contents{v: v, end: end, stop: stop, got: map[[32]byte]*gotten{}, give: map[*gotten]func(){}}
}

// Close ends what is fetched ahead.
func (c *Contents) Close() {
	c.stop()
	c.wg.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.got {
		c.drop(key)
	}
}

// Want says that a file will be opened soon.
func (c *Contents) Want(e *record.Entry) {
	if !hasContent(&e.Record) || e.Size > pieceSize || !e.Has(record.Hashed) {
		return
	}
	key := keyOf(&e.Record)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if g := c.got[key]; g != nil {
		g.uses, g.last = g.uses+1, c.n
		return
	}
	c.next = append(c.next, want{key, e.Size, c.n})
	c.bytes += e.Size
}

// Open opens a file. ErrNotHeld, ErrKey and ErrDamaged are of this file; the caller compares its bytes with the
// record's SHA-256.
func (c *Contents) Open(ctx context.Context, e *record.Entry) (io.ReadCloser, error) {
	if e.Size == 0 || !hasContent(&e.Record) {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	if !e.Has(record.Hashed) {
		return nil, fmt.Errorf("%w: its record has no SHA-256 to find them by", ErrNotHeld)
	}
	key := keyOf(&e.Record)
	_, pieces, ok, err := c.v.find(key)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, c.v.notHeld()
	}
	if pieces != nil {
		return &piecesReader{ctx: ctx, v: c.v, left: pieces}, nil
	}
	body, err := c.small(ctx, key)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

// small is the bytes of a file of one piece. What was fetched ahead and failed by the end of another's time is asked
// for again.
func (c *Contents) small(ctx context.Context, key [32]byte) ([]byte, error) {
	g := c.begun(ctx, key)
	if g == nil {
		return c.v.bytesOf(ctx, key)
	}
	select {
	case <-g.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if errors.Is(g.err, context.Canceled) || errors.Is(g.err, context.DeadlineExceeded) {
		return c.v.bytesOf(ctx, key)
	}
	return g.body, g.err
}

// begun is a content that is fetched ahead, nil if it was not wanted. What will be opened next is begun, too.
func (c *Contents) begun(ctx context.Context, key [32]byte) *gotten {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.got[key] == nil {
		c.skipTo(key)
		c.batch(ctx)
	}
	if c.bytes >= batchBytes || len(c.next) >= batchFiles {
		c.batch(ctx)
	}
	g := c.got[key]
	if g == nil {
		return nil
	}
	if g.uses > 1 {
		g.uses--
		return g
	}
	c.at = max(c.at, g.last)
	c.drop(key)
	return g
}

// passed is how many later ones are opened before what was wanted counts as passed over. Several may be opened at once.
const passed = 32

// skipTo forgets what was wanted long before the one that is opened.
func (c *Contents) skipTo(key [32]byte) {
	for i, w := range c.next {
		if w.key == key {
			c.at = max(c.at, w.n)
			for _, w := range c.next[:max(0, i-passed)] {
				c.bytes -= w.size
			}
			c.next = c.next[max(0, i-passed):]
			break
		}
	}
}

// drop forgets bytes that were fetched ahead.
func (c *Contents) drop(key [32]byte) {
	g := c.got[key]
	delete(c.got, key)
	if give := c.give[g]; give != nil {
		delete(c.give, g)
		give()
	}
}

// batch begins to fetch what is wanted next, as far as there is room. What nobody came for goes.
func (c *Contents) batch(ctx context.Context) {
	var rows []table.Row
	for key, g := range c.got {
		if g.last+passed < c.at {
			c.drop(key)
		}
	}
	total, n := int64(0), 0
	for ; n < len(c.next) && len(rows) < batchFiles && total < batchBytes; n++ {
		w := c.next[n]
		if g := c.got[w.key]; g != nil {
			g.uses, g.last = g.uses+1, w.n
			c.bytes -= w.size
			continue
		}
		r, pieces, ok, err := c.v.find(w.key)
		if err != nil || !ok || pieces != nil { // Open meets it again
			c.bytes -= w.size
			continue
		}
		give, ok := c.v.waiting.try(w.size)
		if !ok {
			break
		}
		g := &gotten{done: make(chan struct{}), uses: 1, last: w.n}
		c.got[w.key], c.give[g] = g, give
		rows, total = append(rows, r), total+w.size
		c.bytes -= w.size
	}
	c.next = c.next[n:]
	if len(rows) > 0 {
		c.fetch(ctx, rows)
	}
}
