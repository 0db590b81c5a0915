package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"

	"snap/record"
	"snap/remote/vault/table"
)

// What is fetched at once.
const (
	batchBytes = 16 << 20
	batchFiles = 4096
	fetchJobs  = 8
	aheadOf    = 4 // pieces of a large file
)

// ErrNotHeld says that the vault has not the bytes of a file: they were damaged when it was copied, or an object is
// gone.
var ErrNotHeld = errors.New("the vault does not hold its bytes")

// Contents gives the bytes of regular files that snapshots of a vault hold. What will be opened is best said before, in
// this order: then many are fetched with one request.
type Contents struct {
	v    *Vault
	mu   sync.Mutex
	next []want // in the order in which they will be opened
	got  map[[32]byte]*gotten
	turn int
}

type want struct {
	key  [32]byte
	size int64
}

// gotten are bytes that were fetched ahead.
type gotten struct {
	body []byte
	turn int // of the batch that it came with
}

// Contents are those of the head that the mirror has.
func (v *Vault) Contents() *Contents { return &Contents{v: v, got: map[[32]byte]*gotten{}} }

// Want says that a file will be opened soon.
func (c *Contents) Want(e *record.Entry) {
	if !hasContent(&e.Record) || e.Size > pieceSize || !e.Has(record.Hashed) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = append(c.next, want{keyOf(&e.Record), e.Size})
}

// Open opens a file. ErrNotHeld, ErrKey and ErrDamaged are of this file; the caller compares its bytes with the record's
// SHA-256.
func (c *Contents) Open(ctx context.Context, e *record.Entry) (io.ReadCloser, error) {
	if e.Size == 0 || !hasContent(&e.Record) {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	if !e.Has(record.Hashed) {
		return nil, fmt.Errorf("%w: its record has no SHA-256 to find them by", ErrNotHeld)
	}
	key := keyOf(&e.Record)
	at, pieces, ok, err := c.v.find(key)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrNotHeld
	}
	if pieces != nil {
		return &piecesReader{ctx: ctx, v: c.v, left: pieces}, nil
	}
	body, err := c.small(ctx, key, at)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

// small is the bytes of a file of one piece; what will be opened next is fetched with it.
func (c *Contents) small(ctx context.Context, key [32]byte, at table.Row) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g := c.got[key]; g != nil {
		return g.body, nil
	}
	rows := append(c.batch(key), at)
	var mu sync.Mutex
	c.turn++
	for k, g := range c.got { // of the batch before last: nobody came for it
		if g.turn < c.turn-1 {
			delete(c.got, k)
		}
	}
	failed := c.v.fetchAll(ctx, rows, func(r table.Row, body []byte) error {
		mu.Lock()
		defer mu.Unlock()
		c.got[r.Key] = &gotten{body, c.turn}
		return nil
	})
	if g := c.got[key]; g != nil {
		return g.body, nil
	}
	if err := failed[at.Pack]; err != nil {
		return nil, err
	}
	return nil, ErrNotHeld
}

// batch takes the wants up to what may be fetched at once. Those before the one that is opened were not opened, or were
// fetched already.
func (c *Contents) batch(key [32]byte) (rows []table.Row) {
	for i, w := range c.next {
		if w.key == key {
			c.next = c.next[i:]
			break
		}
	}
	total, n := int64(0), 0
	for ; n < len(c.next) && n < batchFiles && total < batchBytes; n++ {
		w := c.next[n]
		if w.key == key || c.got[w.key] != nil {
			continue
		}
		if r, pieces, ok, err := c.v.find(w.key); err == nil && ok && pieces == nil {
			rows, total = append(rows, r), total+w.size
		}
	}
	c.next = c.next[n:]
	return rows
}

// fetchAll fetches contents, several packs at a time; the answer has the error of each pack that failed.
func (v *Vault) fetchAll(ctx context.Context, rows []table.Row, use func(r table.Row, body []byte) error) map[[32]byte]error {
	byPack := map[[32]byte][]table.Row{}
	for _, r := range rows {
		byPack[r.Pack] = append(byPack[r.Pack], r)
	}
	sizes := v.packSizes()
	failed := map[[32]byte]error{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, fetchJobs)
	for pack, rows := range byPack {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := v.fetchRows(ctx, pack, sizes[pack], rows, use); err != nil {
				mu.Lock()
				failed[pack] = err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return failed
}

// bytesOf fetches one content or piece, and compares it with its SHA-256 where that is its key.
func (v *Vault) bytesOf(ctx context.Context, key [32]byte) (body []byte, err error) {
	at, pieces, ok, err := v.find(key)
	if err != nil {
		return nil, err
	}
	if !ok || pieces != nil {
		return nil, ErrNotHeld
	}
	err = v.fetchRows(ctx, at.Pack, v.packSizes()[at.Pack], []table.Row{at}, func(_ table.Row, b []byte) error {
		body = b
		return nil
	})
	return body, err
}

// packSizes are the sizes of all packs.
func (v *Vault) packSizes() map[[32]byte]int64 {
	v.sizes.Do(func() { v.sizesOf = v.packs() })
	return v.sizesOf
}

// piecesReader reads a large file, some pieces ahead.
type piecesReader struct {
	ctx   context.Context //nolint:containedctx // of the Read of an io.Reader
	v     *Vault
	left  [][32]byte
	ahead []chan piece
	now   bytes.Reader
}

type piece struct {
	body []byte
	err  error
}

func (r *piecesReader) Read(p []byte) (int, error) {
	for r.now.Len() == 0 {
		for len(r.ahead) < aheadOf && len(r.left) > 0 {
			sum, to := r.left[0], make(chan piece, 1)
			r.left, r.ahead = r.left[1:], append(r.ahead, to)
			go func() { to <- r.fetch(sum) }()
		}
		if len(r.ahead) == 0 {
			return 0, io.EOF
		}
		got := <-r.ahead[0]
		r.ahead = r.ahead[1:]
		if got.err != nil {
			return 0, got.err
		}
		r.now.Reset(got.body)
	}
	return r.now.Read(p)
}

func (r *piecesReader) fetch(sum [32]byte) piece {
	body, err := r.v.bytesOf(r.ctx, sum)
	if err == nil && sha256.Sum256(body) != sum {
		err = fmt.Errorf("a piece: %w", ErrDamaged)
	}
	return piece{body, err}
}

// Close waits for what was asked for ahead.
func (r *piecesReader) Close() error {
	for _, to := range r.ahead {
		<-to
	}
	r.ahead, r.left = nil, nil
	return nil
}
