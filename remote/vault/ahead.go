package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"

	"snap/remote/vault/table"
)

// fetch begins to fetch contents ahead, pack by pack. Each is there as soon as it is read.
func (c *Contents) fetch(ctx context.Context, rows []table.Row) {
	byPack := map[[32]byte][]table.Row{}
	var order [][32]byte
	waits := map[[32]byte]*gotten{}
	for _, r := range rows {
		if byPack[r.Pack] == nil {
			order = append(order, r.Pack)
		}
		byPack[r.Pack] = append(byPack[r.Pack], r)
		waits[r.Key] = c.got[r.Key]
	}
	sizes := c.v.packSizes()
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.end, cancel)
	slots := make(chan struct{}, fetchJobs)
	var all sync.WaitGroup
	c.wg.Go(func() {
		for _, pack := range order {
			slots <- struct{}{}
			all.Go(func() {
				c.fetchPack(ctx, pack, sizes[pack], byPack[pack], waits)
				<-slots
			})
		}
		all.Wait()
		stop()
		cancel()
	})
}

// fetchPack fetches what is wanted of one pack. What it does not get has the error why.
func (c *Contents) fetchPack(ctx context.Context, pack [32]byte, size int64, rows []table.Row,
	waits map[[32]byte]*gotten) {
	had := make(map[[32]byte]bool, len(rows))
	err := c.v.fetchRows(ctx, pack, size, rows, func(r table.Row, body []byte) error {
		if g := waits[r.Key]; !had[r.Key] {
			had[r.Key] = true
			g.body = body
			close(g.done)
		}
		return nil
	})
	if err == nil {
		err = ErrNotHeld
	}
	for _, r := range rows {
		if g := waits[r.Key]; !had[r.Key] {
			had[r.Key] = true
			g.err = err
			close(g.done)
		}
	}
}

// bytesOf fetches one content or piece.
func (v *Vault) bytesOf(ctx context.Context, key [32]byte) (body []byte, err error) {
	at, pieces, ok, err := v.find(key)
	if err != nil {
		return nil, err
	}
	if !ok || pieces != nil {
		return nil, v.notHeld()
	}
	err = v.fetchRows(ctx, at.Pack, v.packSizes()[at.Pack], []table.Row{at}, func(_ table.Row, b []byte) error {
		body = b
		return nil
	})
	if body != nil { // whatever else is wrong with its pack
		return body, nil
	}
	return nil, err
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
	ahead []coming
	now   bytes.Reader
}

// coming is a piece that is being fetched.
type coming struct {
	got  chan piece
	give func() // its room
}

type piece struct {
	body []byte
	err  error
}

func (r *piecesReader) Read(p []byte) (int, error) {
	for r.now.Len() == 0 {
		r.fetch()
		if len(r.ahead) == 0 {
			return 0, io.EOF
		}
		first := r.ahead[0]
		got := <-first.got
		first.give()
		r.ahead = r.ahead[1:]
		if got.err != nil {
			return 0, got.err
		}
		r.now.Reset(got.body)
	}
	return r.now.Read(p)
}

// fetch begins to fetch the next pieces, the first one in any case, others as far as there is room.
func (r *piecesReader) fetch() {
	for len(r.ahead) < piecesAhead && len(r.left) > 0 {
		give, ok := r.v.waiting.try(pieceSize)
		if !ok && len(r.ahead) > 0 {
			return
		}
		if !ok {
			give = func() {}
		}
		sum, to := r.left[0], make(chan piece, 1)
		r.left, r.ahead = r.left[1:], append(r.ahead, coming{to, give})
		go func() { to <- r.piece(sum) }()
	}
}

func (r *piecesReader) piece(sum [32]byte) piece {
	body, err := r.v.bytesOf(r.ctx, sum)
	if err == nil && sha256.Sum256(body) != sum {
		err = fmt.Errorf("a piece: %w", ErrDamaged)
	}
	return piece{body, err}
}

// Close waits for what was asked for ahead.
func (r *piecesReader) Close() error {
	for _, c := range r.ahead {
		<-c.got
		c.give()
	}
	r.ahead, r.left = nil, nil
	return nil
}
