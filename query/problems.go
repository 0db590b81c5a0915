package query

import (
	"context"
	"errors"

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
	NotRead     ProblemKind = "unread"       // it could not be read, and is not in the snapshot
	NotHeld     ProblemKind = "unheld"       // the destination could not hold it: its name, or its size
	ReadChanged ProblemKind = "inconsistent" // it changed while it was read, again and again
	FewerXattrs ProblemKind = "capped"       // it has more extended attributes than are kept
)

// Problems are the entries of snapshot h that it does not hold as they were, in key order, behind the path after, n at
// most (0: 500). more reports whether there are others. Where the header says that nothing of the kind was met, no
// entry is read.
func (d *Reader) Problems(ctx context.Context, h *record.Header, after string, n int) (all []Problem, more bool,
	err error) {
	return nil, false, errors.ErrUnsupported
}
