package vault

import (
	"context"
	"fmt"
	"iter"

	"snap/internal/stream"
	"snap/record"
)

// fetched is an entry of a change set, with the bytes that the vault lacks of it.
type fetched struct {
	record.Entry
	content *content // nil: nothing is to be put
	damaged error    // why it cannot be had
	give    func()   // gives back the room of its bytes
}

// Files are read ahead while others are compressed, a frame of hundreds of small ones at a time: so many at most, and
// so many bytes.
const (
	readAheadFiles = 512
	readAheadBytes = 4 * pieceSize
)

// admitted is an entry with room for what is read of it.
type admitted struct {
	record.Entry
	give func()
}

// admit lets entries in, in their order, as there is room for their bytes: those before them have theirs, and give it
// back.
func admit(ctx context.Context, in iter.Seq2[record.Entry, error]) iter.Seq2[admitted, error] {
	room := newBudget(readAheadBytes)
	return func(yield func(admitted, error) bool) {
		for e, err := range in {
			a := admitted{Entry: e, give: func() {}}
			if err == nil && hasContent(&e.Record) {
				a.give, err = room.takeUntil(ctx, min(e.Size, pieceSize))
			}
			if !yield(a, err) {
				return
			}
		}
	}
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
	fetch := func(ctx context.Context, a admitted) (fetched, error) {
		f, err := c.fetch(ctx, h.Seq, a.Entry)
		f.give = a.give
		return f, err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	for f, err := range stream.Ordered(reading, c.v.jobs(), readAheadFiles, admit(reading, entries), fetch) {
		if err == nil {
			err = c.take(ctx, h, &f)
		}
		if err == nil {
			f.give()
			err = w.Add(f.Path, &f.Record)
		}
		if err != nil {
			stop() // who waits for room
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
	if f.damaged == nil {
		return f, nil
	}
	if err := ends(ctx, f.damaged); err != nil {
		return f, err
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
		got, err := read(ctx, c.from, p, r)
		if err == nil {
			return got, nil
		}
		if err := ends(ctx, err); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// known reports whether a content need not be put. Workers ask it while a checkpoint changes the head.
func (c *copying) known(key [32]byte) (bool, error) {
	if own, err := c.own.has(key); own || err != nil {
		return own, err
	}
	c.v.turn.RLock()
	defer c.v.turn.RUnlock()
	return c.v.has(key)
}
