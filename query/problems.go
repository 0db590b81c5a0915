package query

import (
	"cmp"
	"context"

	"snap/record"
)

// Problem is an entry that a snapshot does not hold as it was in the source.
type Problem struct {
	record.Entry
	Kind ProblemKind
}

// ProblemKind is what is wrong with an entry. Its text is for programs.
type ProblemKind string

// The kinds of problems, the worst first.
const (
	NotRead     ProblemKind = "unreadable"   // it could not be read, and is not in the snapshot
	NotHeld     ProblemKind = "unheld"       // the destination could not hold it: its name, or its size
	ReadChanged ProblemKind = "inconsistent" // it changed while it was read, again and again
	FewerXattrs ProblemKind = "capped"       // it has more extended attributes than are kept
)

// ProblemOf is what is wrong with an entry of this record, "" for nothing.
func ProblemOf(r *record.Record) ProblemKind {
	switch {
	case r.Unheld():
		return NotHeld
	case r.Has(record.Unreadable) || r.Exists() && !r.Held():
		return NotRead
	case r.Has(record.Inconsistent):
		return ReadChanged
	case r.Has(record.Capped):
		return FewerXattrs
	}
	return ""
}

// Problems are the entries of snapshot h that it does not hold as they were, in key order, behind the path after, n at
// most (0: 500). more reports whether there are others.
func (d *Reader) Problems(ctx context.Context, h *record.Header, after string, n int) (all []Problem, more bool,
	err error) {
	entries, more, err := d.DB.Flagged(ctx, h.Seq, func(r *record.Record) bool { return ProblemOf(r) != "" }, after,
		cmp.Or(n, childrenLimit))
	for i := range entries {
		all = append(all, Problem{entries[i], ProblemOf(&entries[i].Record)})
	}
	return all, more, err
}
