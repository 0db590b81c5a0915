package query

import (
	"context"
	"errors"

	"snap/record"
)

// Gone is what was in a folder once, and is not there in a snapshot.
type Gone struct {
	record.Entry        // its path there, and its last version
	Name         string // the last element of Path
	Last         int    // position of the last snapshot that holds it there
	To           string // where it moved then; "": it was deleted, or its folder could not be read
	Now          string // of what moved: where the snapshot that was asked has it; "" for nowhere
	Versions     int    // how many versions of it there were at the path
}

// Gone are the entries that were directly in the folder path before snapshot h, and are not there in h, by name: those
// behind the name after, n at most (0: 500). more reports whether there are others behind the last one. The folder
// itself need not be in h. What no snapshot could read is not among them.
func (d *Reader) Gone(ctx context.Context, h *record.Header, path, after string, n int) (all []Gone, more bool,
	err error) {
	return nil, false, errors.ErrUnsupported
}
