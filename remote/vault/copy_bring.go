package vault

import (
	"context"
	"errors"
	"io"
	"strconv"

	"snap/record"
	"snap/remote/vault/head"
	"snap/remote/vault/pack"
	"snap/remote/vault/table"
)

// take puts what was fetched into the pack, unless another file has brought the same bytes meanwhile.
func (c *copying) take(ctx context.Context, h *record.Header, f *fetched) error {
	if f.damaged != nil {
		c.lack = append(c.lack, lacking{MissingContent: missingOf(&f.Record), at: Place{h.Seq, f.Path}, why: f.damaged})
		return nil
	}
	if f.content == nil {
		return nil
	}
	if known, err := c.known(f.content.key); known || err != nil {
		return err
	}
	err := c.bring(ctx, f.content, &f.Record, strconv.FormatUint(h.Seq, 10)+"/"+f.Path)
	c.report(h)
	return err
}

// bring puts a content.
func (c *copying) bring(ctx context.Context, got *content, r *record.Record, name string) error {
	c.res.Files++
	c.res.BytesRead += r.Size
	if c.o.DryRun {
		c.own.begin(got.key)
		return nil
	}
	if got.pieces == nil {
		return c.addBytes(ctx, got.key, name, r, got.body)
	}
	wanted := func(i int) bool {
		known, err := c.known(got.pieces[i])
		return err != nil || !known
	}
	err := got.eachPiece(ctx, c.from, r.Size, wanted, func(i int, body []byte) error {
		return c.addBytes(ctx, got.pieces[i], name+pack.Piece(i), r, body)
	})
	if errors.Is(err, errRotten) && ends(ctx, err) == nil {
		c.lack = append(c.lack, lacking{MissingContent: missingOf(r), at: got.place, why: err})
		return nil
	}
	if err != nil {
		return err
	}
	c.own.addList(got.key, got.pieces)
	c.lists = append(c.lists, table.List{Key: got.key, Pieces: got.pieces})
	return nil
}

// addBytes adds to the pack that is being filled.
func (c *copying) addBytes(ctx context.Context, key [32]byte, name string, r *record.Record, body []byte) error {
	if c.pack == nil {
		p, err := c.v.newPack()
		if err != nil {
			return err
		}
		c.pack = p
	}
	if err := c.pack.add(key, name, r, body); err != nil {
		return err
	}
	c.own.begin(key)
	if !c.pack.full() {
		return nil
	}
	if err := c.closePack(); err != nil {
		return err
	}
	if c.now().Sub(c.last) < c.checkpoint() {
		return nil
	}
	stands, err := c.publish(ctx, nil, true)
	if err == nil && !stands {
		return errLost
	}
	return err
}

// closePack hands the pack over to be put.
func (c *copying) closePack() error {
	if c.pack == nil {
		return nil
	}
	p, body, err := c.pack.close()
	if err != nil {
		return err
	}
	c.pack = nil
	p.Lists, c.lists = c.lists, nil
	return c.up.put(p, body)
}

// wasPut takes in a pack that was put: from here on the next run finds it, too.
func (c *copying) wasPut(p *packed) error {
	if err := c.v.m.note(p); err != nil {
		return err
	}
	return c.own.add(p)
}

// setParts is a change set on its way: cut into objects.
type setParts struct {
	c     *copying
	ctx   context.Context //nolint:containedctx // of the Write of an io.Writer
	buf   []byte
	names []head.Sum
}

// partSize is how large the parts of a change set are, before they are compressed.
const partSize = 8 << 20

func (s *setParts) Write(p []byte) (int, error) {
	s.buf = append(s.buf, p...)
	if len(s.buf) < partSize {
		return len(p), nil
	}
	return len(p), s.end()
}

func (s *setParts) end() error {
	if len(s.buf) == 0 || s.c.o.DryRun {
		s.buf = s.buf[:0]
		return nil
	}
	sum, err := s.c.v.putMeta(s.ctx, s.buf)
	s.names, s.buf = append(s.names, sum), s.buf[:0]
	return err
}

var _ io.Writer = (*setParts)(nil)
