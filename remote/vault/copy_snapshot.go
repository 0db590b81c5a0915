package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"snap/internal/stream"
	"snap/record"
	"snap/remote/vault/head"
	"snap/remote/vault/pack"
	"snap/remote/vault/table"
)

// fetched is an entry of a change set, with the bytes that the vault lacks of it.
type fetched struct {
	record.Entry
	content *content // nil: nothing is to be put
	damaged error    // why it cannot be had
}

// snapshot copies one: the bytes that the vault lacks, and its change set in parts.
func (c *copying) snapshot(ctx context.Context, h *record.Header) (*Snapshot, error) {
	c.report(h)
	entries, final, err := c.changes(ctx, h)
	if err != nil {
		return nil, err
	}
	set := &setParts{c: c, ctx: ctx}
	w, err := record.NewChangeWriter(set, final)
	if err != nil {
		return nil, err
	}
	fetch := func(ctx context.Context, e record.Entry) (fetched, error) { return c.fetch(ctx, h.Seq, e) }
	for f, err := range stream.Ordered(ctx, c.v.jobs(), 2*c.v.jobs(), entries, fetch) {
		if err == nil {
			err = c.take(ctx, h, &f)
		}
		if err == nil {
			err = w.Add(f.Path, &f.Record)
		}
		if err != nil {
			return nil, fmt.Errorf("snapshot %s: %w", h.Name, err)
		}
	}
	final.Records = w.Count()
	if err := w.End(final); err != nil {
		return nil, err
	}
	if err := set.end(); err != nil {
		return nil, err
	}
	c.res.Snapshots = append(c.res.Snapshots, h.Seq)
	return &Snapshot{Header: *final, Parts: set.names}, nil
}

// changes are the records that the set of a snapshot is to have, and the header that it ends with: those of its own set
// where this follows the newest one there, else what it differs by.
func (c *copying) changes(ctx context.Context, h *record.Header) (iter.Seq2[record.Entry, error], *record.Header,
	error) {
	base := c.base()
	head := *h
	head.State, head.Work, head.Bucket = "", "", 0
	if h.Parent == base && !(base == 0 && c.o.Since > 0) {
		return c.setOf(ctx, h.Seq), &head, nil
	}
	head.Parent, head.Merged = base, nil
	head.KeepRun()
	if base == 0 {
		empty := func(func(*record.Entry, error) bool) {}
		return tallied(difference(empty, c.from.Listing(ctx, h.Seq)), &head), &head, nil
	}
	before, err := c.stateOf(ctx, base)
	if err != nil {
		return nil, nil, err
	}
	return tallied(difference(before, c.from.Listing(ctx, h.Seq)), &head), &head, nil
}

// base is the number of the snapshot that the next one follows in the vault, 0 for none.
func (c *copying) base() (seq uint64) {
	for _, s := range [][]Snapshot{c.v.h.Snapshots, c.done} {
		for i := range s {
			seq = max(seq, s[i].Header.Seq)
		}
	}
	return seq
}

// setOf yields the records of a change set.
func (c *copying) setOf(ctx context.Context, seq uint64) iter.Seq2[record.Entry, error] {
	return func(yield func(record.Entry, error) bool) {
		f, err := c.from.ChangeSet(ctx, seq)
		if err != nil {
			yield(record.Entry{}, err)
			return
		}
		defer f.Close()
		r, err := record.NewChangeReader(f)
		if err != nil {
			yield(record.Entry{}, err)
			return
		}
		values(r.All())(yield)
	}
}

// values yields copies, as what comes out of a stream is used by other goroutines.
func values(in iter.Seq2[*record.Entry, error]) iter.Seq2[record.Entry, error] {
	return func(yield func(record.Entry, error) bool) {
		for e, err := range in {
			if err != nil {
				yield(record.Entry{}, err)
				return
			}
			if !yield(*e, nil) {
				return
			}
		}
	}
}

// fetch reads the bytes of an entry that the vault lacks.
func (c *copying) fetch(ctx context.Context, seq uint64, e record.Entry) (f fetched, err error) {
	f.Entry = e
	if !hasContent(&f.Record) {
		return f, nil
	}
	if f.Has(record.Hashed) {
		if known, err := c.known(keyOf(&f.Record)); known || err != nil {
			return f, err
		}
		if c.o.DryRun {
			f.content = &content{key: keyOf(&f.Record)}
			return f, nil
		}
	}
	f.content, f.damaged = read(ctx, c.from, Place{seq, e.Path}, &f.Record)
	if f.damaged == nil || ctx.Err() != nil {
		return f, ctx.Err()
	}
	if f.Has(record.Hashed) {
		other, err := c.elsewhere(ctx, &f.Record)
		if err != nil {
			return f, err
		}
		if other != nil {
			f.content, f.damaged = other, nil
		}
	}
	return f, nil
}

// elsewhere looks for bytes that are damaged at one place at the others that should have them.
func (c *copying) elsewhere(ctx context.Context, r *record.Record) (*content, error) {
	for p, err := range c.from.Copies(ctx, r) {
		if err != nil {
			return nil, err
		}
		if got, err := read(ctx, c.from, p, r); err == nil {
			return got, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return nil, nil
}

// known reports whether a content need not be put.
func (c *copying) known(key [32]byte) (bool, error) {
	if own, err := c.own.has(key); own || err != nil {
		return own, err
	}
	return c.v.has(key)
}

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
	if errors.Is(err, errRotten) {
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
