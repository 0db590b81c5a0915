package backup

import (
	"context"
	"iter"

	"snap/internal/file"
	"snap/internal/stream"
	"snap/record"
)

// merged is a path of the previous snapshot, of the plan, or of both.
type merged struct{ old, new *record.Entry }

// entry is what the new snapshot holds, a tombstone too.
func (m merged) entry() *record.Entry {
	if m.new != nil {
		return m.new
	}
	return m.old
}

// overlay merges the previous snapshot's entries with the plan's, both in key order.
func overlay(old, plan iter.Seq2[*record.Entry, error]) iter.Seq2[merged, error] {
	return func(yield func(merged, error) bool) {
		order := func(old, plan *record.Entry) int { return record.Compare(old.Path, plan.Path) }
		for j, err := range stream.Join(old, plan, order) {
			if !yield(merged{j.Left, j.Right}, err) {
				return
			}
		}
	}
}

// current is what the previous snapshot holds, with what p has learned of the source since: the records say which are
// names of one file there.
func (r *run) current(ctx context.Context, p *plan) iter.Seq2[*record.Entry, error] {
	if p.learns == 0 {
		return r.previous(ctx)
	}
	return func(yield func(*record.Entry, error) bool) {
		for m, err := range overlay(r.previous(ctx), p.learned.All()) {
			if err == nil && m.old == nil {
				continue // in the plan too, and new
			}
			if err == nil && m.new != nil {
				m.old.Learn(&m.new.Record)
			}
			if !yield(m.old, err) || err != nil {
				return
			}
		}
	}
}

// entries are what the new snapshot holds, and its tombstones: the previous snapshot's overlaid with the plan. What was
// found in a folder that vanished in between is taken for vanished too.
func (r *run) entries(ctx context.Context, p *plan) iter.Seq2[merged, error] {
	return func(yield func(merged, error) bool) {
		for m, err := range overlay(r.current(ctx, p), p.All()) {
			if err == nil && m.entry().Exists() {
				e := m.entry()
				if dir, _ := record.Split(e.Path); e.Path != "" && p.lost.Has(dir) {
					if e.Kind == file.Folder {
						p.lost.Add(e.Path)
					}
					if m.old == nil {
						continue
					}
					gone := record.Record{Change: record.Removed, Reason: record.VanishedMeanwhile}
					m.new = &record.Entry{Path: e.Path, Record: gone}
				}
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}
