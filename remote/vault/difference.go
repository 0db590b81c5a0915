package vault

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"snap/internal/stream"
	"snap/record"
)

// stateOf yields what a snapshot of the vault holds: from here, if it is here, else from the vault's own change sets.
func (c *copying) stateOf(ctx context.Context, seq uint64) (iter.Seq2[*record.Entry, error], error) {
	all, err := c.from.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Seq == seq {
			return c.from.Listing(ctx, seq), nil
		}
	}
	return c.v.state(ctx, seq), nil
}

// state lays the change sets of the vault over each other, up to a snapshot's.
func (v *Vault) state(ctx context.Context, seq uint64) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		var sets []iter.Seq2[*record.Entry, error]
		for i := len(v.h.Snapshots) - 1; i >= 0; i-- { // of a path that several have the newest counts
			if n := v.h.Snapshots[i].Header.Seq; n <= seq {
				sets = append(sets, v.records(ctx, n))
			}
		}
		byPath := func(a, b *record.Entry) int { return record.Compare(a.Path, b.Path) }
		for e, err := range merge(sets, byPath) {
			if err == nil && !e.Exists() {
				continue
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// records yields a change set of the vault.
func (v *Vault) records(ctx context.Context, seq uint64) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		f, err := v.ChangeSet(ctx, seq)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		r, err := record.NewChangeReader(f)
		if err != nil {
			yield(nil, err)
			return
		}
		for e, err := range r.All() {
			if err != nil {
				yield(nil, err)
				return
			}
			own := *e
			if !yield(&own, nil) {
				return
			}
		}
	}
}

// difference yields the records that bring one state to another, both in key order.
func difference(before, now iter.Seq2[*record.Entry, error]) iter.Seq2[record.Entry, error] {
	return func(yield func(record.Entry, error) bool) {
		compare := func(a, b *record.Entry) int { return record.Compare(a.Path, b.Path) }
		for j, err := range stream.Join(before, now, compare) {
			if err != nil {
				yield(record.Entry{}, err)
				return
			}
			e, ok := differs(j.Left, j.Right)
			if ok && !yield(e, nil) {
				return
			}
		}
	}
}

// differs is the record of a path that two states have in different ways. Where its bytes come from in the trees here
// is of no meaning in a vault, which finds them by their hash.
func differs(old, now *record.Entry) (e record.Entry, ok bool) {
	switch {
	case now == nil:
		return record.Entry{Path: old.Path, Record: record.Record{Change: record.Removed, Reason: record.Gone}}, true
	case old == nil:
		e = alone(now)
		e.Change, e.Reason = record.Added, record.NewPath
		return e, true
	}
	a, b := old.Record, now.Record
	if string(record.Append(nil, plain(&a))) == string(record.Append(nil, plain(&b))) {
		return e, false
	}
	e = alone(now)
	switch {
	case a.Kind != b.Kind:
		e.Change, e.Reason = record.TypeChanged, record.OtherKind
	case !a.SameContent(&b):
		e.Change, e.Reason = record.Modified, record.ContentDiffers
	default:
		e.Change, e.Reason = record.Metadata, record.OwnerOrMode
	}
	return e, true
}

// alone is an entry that leads to no other.
func alone(now *record.Entry) record.Entry {
	e := *now
	e.From, e.To, e.Since = "", "", 0
	if e.Stored == record.Linked || e.Stored == record.Cloned {
		e.Stored, e.Link = record.Copied, ""
	}
	return e
}

// plain is a record without what says how it came about.
func plain(r *record.Record) *record.Record {
	p := *r
	p.Change, p.Stored, p.Reason, p.From, p.To, p.Link, p.Since = record.Added, record.Copied, 0, "", "", "", 0
	return &p
}

// tallied counts what passes into a header, which has the counts of another set.
func tallied(in iter.Seq2[record.Entry, error], h *record.Header) iter.Seq2[record.Entry, error] {
	h.Added, h.Modified, h.Metadata, h.Moved, h.Removed, h.CopiedBytes, h.Returned = 0, 0, 0, 0, 0, 0, 0
	return func(yield func(record.Entry, error) bool) {
		for e, err := range in {
			if err == nil {
				h.Count(&e.Record)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// merge yields sorted streams as one. Of elements that are equal the first stream's is taken.
func merge[T any](streams []iter.Seq2[T, error], compare func(a, b T) int) iter.Seq2[T, error] {
	type head struct {
		at   T
		next func() (T, error, bool)
		nth  int
	}
	return func(yield func(T, error) bool) {
		var heads []*head
		for i, s := range streams {
			next, stop := iter.Pull2(s)
			defer stop()
			at, err, ok := next()
			if err != nil {
				yield(at, err)
				return
			}
			if ok {
				heads = append(heads, &head{at, next, i})
			}
		}
		var last T
		begun := false
		for len(heads) > 0 {
			first := slices.MinFunc(heads, func(a, b *head) int {
				return cmp.Or(compare(a.at, b.at), cmp.Compare(a.nth, b.nth))
			})
			if !begun || compare(first.at, last) != 0 {
				if !yield(first.at, nil) {
					return
				}
				last, begun = first.at, true
			}
			at, err, ok := first.next()
			if err != nil {
				yield(at, err)
				return
			}
			if first.at = at; !ok {
				heads = slices.DeleteFunc(heads, func(h *head) bool { return h == first })
			}
		}
	}
}
