package index

import (
	"context"
	"errors"
	"iter"

	"snap/internal/file"
	"snap/record"
)

// Set yields the change set that the snapshot at place k has after the purge, and afterwards has changed h, a copy of
// its header, to what is true of it.
func (p *Purging) Set(ctx context.Context, k int, h *record.Header) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		s := &p.Snapshots[k]
		h.Files, h.Dirs, h.Bytes, h.Linked = h.Files-s.Files, h.Dirs-s.Dirs, h.Bytes-s.Bytes, h.Linked-s.names
		if s.Header.Bytes == record.Beyond {
			h.Bytes = s.stay
		}
		for pair, err := range p.pairs(ctx, k) {
			if err != nil {
				yield(nil, err)
				return
			}
			var now *record.Entry
			if now, err = p.purged(ctx, k, pair.own, pair.other); err != nil {
				yield(nil, err)
				return
			}
			if pair.own != nil {
				recount(h, &pair.own.Record, -1)
			}
			if now == nil {
				continue
			}
			recount(h, &now.Record, 1)
			if !yield(now, nil) {
				return
			}
		}
	}
}

// recount adds a record to the counts of a header, or takes it out of them.
func recount(h *record.Header, r *record.Record, sign int64) {
	var c record.Header
	c.Count(r)
	h.Added, h.Modified, h.Metadata = h.Added+sign*c.Added, h.Modified+sign*c.Modified, h.Metadata+sign*c.Metadata
	h.Moved, h.Removed, h.CopiedBytes = h.Moved+sign*c.Moved, h.Removed+sign*c.Removed, h.CopiedBytes+sign*c.CopiedBytes
	h.Returned += sign * c.Returned
	h.Linked -= sign * ownInode(r)
}

// purgedPair is what there is for one path: the snapshot's own record, and, where the purge begins or ends with it, the
// entry that goes or comes.
type purgedPair struct {
	own   *purgedRecord
	other *record.Entry
}

// pairs merges the records of a snapshot with the entries that go or come with it, in key order.
func (p *Purging) pairs(ctx context.Context, k int) iter.Seq2[purgedPair, error] {
	return func(yield func(purgedPair, error) bool) {
		others := pull(ctx, p.turns(ctx, k))
		defer others.stop()
		others.next()
		// before yields the entries that come before path, all that are left for nil.
		before := func(r *purgedRecord) bool {
			for others.e != nil && (r == nil || record.Compare(others.e.Path, r.Path) < 0) {
				e := *others.e
				if !yield(purgedPair{other: &e}, nil) {
					return false
				}
				others.next()
			}
			return true
		}
		for start, more := []byte(nil), true; more; more = start != nil {
			var page []purgedRecord
			var err error
			if page, start, err = p.records(ctx, p.Snapshots[k].Header.BucketSeq(), start); err != nil {
				yield(purgedPair{}, err)
				return
			}
			for i := range page {
				r := &page[i]
				if !before(r) {
					return
				}
				pair := purgedPair{own: r}
				if others.e != nil && others.e.Path == r.Path {
					e := *others.e
					pair.other = &e
					others.next()
				}
				if !yield(pair, nil) {
					return
				}
			}
		}
		if before(nil) && others.err != nil {
			yield(purgedPair{}, others.err)
		}
	}
}

// turns are the purged entries that the snapshot before has and this one has not any more, or the other way round.
func (p *Purging) turns(ctx context.Context, k int) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		if k == 0 || p.Snapshots[k].within == p.Snapshots[k-1].within {
			return
		}
		from := p.Snapshots[k].Header.Seq
		if p.Snapshots[k].within {
			from = p.Snapshots[k-1].Header.Seq
		}
		for _, path := range p.what.Paths {
			for e, err := range p.db.Entries(ctx, from, path) {
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

// purged is the record that snapshot k has for a path afterwards, nil for none.
func (p *Purging) purged(ctx context.Context, k int, own *purgedRecord, other *record.Entry) (*record.Entry, error) {
	if own == nil {
		if p.gone(other.Path, k) {
			return &record.Entry{Path: other.Path, Record: record.Record{Change: record.Removed, Reason: record.Gone}}, nil
		}
		born, err := p.bornAt(ctx, p.Snapshots[k].Header.Seq, other)
		if err != nil {
			return nil, err
		}
		e := *other
		e.Change, e.Reason, e.From, e.To, e.Link, e.Since = record.Added, record.NewPath, "", "", "", 0
		p.root(k, &e, born, true)
		return &e, nil
	}
	e := own.Entry
	was := p.gone(e.Path, k-1) // and so has never been there
	if p.gone(e.Path, k) {
		if other == nil {
			return nil, nil
		}
		return &record.Entry{Path: e.Path, Record: record.Record{Change: record.Removed, Reason: record.Gone}}, nil
	}
	if e.To != "" && (was || p.gone(e.To, k)) {
		e.To = ""
	}
	if !e.Exists() {
		pure := e.OnlyTrail()
		if e.Stored.Shares() && p.what.Has(e.OlderName(e.Path)) {
			e.Stored, e.Link, e.Since = record.Absent, "", 0
		}
		if was || pure && !e.OnlyTrail() {
			return nil, nil
		}
		return &e, nil
	}
	leads := p.leads(e.Path, k, &e.Record)
	left := e.From != "" && p.gone(e.From, k-1)
	switch {
	case was || left && e.Change == record.Moved:
		e.Change, e.Reason = record.Added, record.NewPath
		if !was {
			if err := p.replaced(ctx, k, &e); err != nil {
				return nil, err
			}
		}
		if left {
			e.From = ""
		}
	case left:
		e.From = ""
	}
	p.root(k, &e, own.born, leads)
	return &e, nil
}

// replaced says of a file that took a path, and of which it is not known any more where it came from, what it did to
// what was there.
func (p *Purging) replaced(ctx context.Context, k int, e *record.Entry) error {
	if k == 0 {
		return nil
	}
	before, _, err := p.db.Lookup(ctx, p.Snapshots[k-1].Header.Seq, e.Path)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	if e.Change = Classify(&before, &e.Record); e.Change == 0 {
		e.Change = record.Silent
	}
	e.Reason = record.Replaced
	return nil
}

// root says how an entry comes into the tree of snapshot k: as it was, unless its inode was led to by a name that goes.
func (p *Purging) root(k int, e *record.Entry, born uint64, leads bool) {
	if !e.HasInode() {
		return
	}
	r := p.roots[born]
	if r == nil {
		return
	}
	if name, ok := p.staying(born, k-1); ok {
		if !leads {
			return
		}
		e.Stored, e.Link, e.Since = record.Linked, name, 0
		if e.From == "" && p.stays(born, e.Path, k-1) {
			e.Link = ""
		}
		return
	}
	e.Since = 0
	if name, _ := p.staying(born, k); name != e.Path {
		e.Stored, e.Link = record.Joined, name
		return
	}
	older, since := p.older(born, k)
	e.Link = ""
	switch {
	case older != "":
		e.Stored, e.Since = record.Linked, since
		if e.OlderName(e.Path) != older {
			e.Link = older
		}
	case !e.Stored.Shares():
	case e.Kind == file.Regular:
		e.Stored, e.Holes = record.Copied, r.holes
	default:
		e.Stored = record.Made
	}
}
