package vault

import (
	"context"
	"errors"
	"io"
	"iter"

	"snap/record"
)

// Source is a destination whose snapshots are copied. What it yields is not kept.
type Source interface {
	// ID is the destination's id.
	ID() string

	// Snapshots are the headers of the complete snapshots, oldest first, with the tags and note they have now.
	Snapshots(ctx context.Context) ([]record.Header, error)

	// NextSeq is a number above that of each snapshot that ever was there, as far as that is known.
	NextSeq(ctx context.Context) (uint64, error)

	// ChangeSet is the change set of a snapshot, as docs/formats.md has it.
	ChangeSet(ctx context.Context, seq uint64) (io.ReadCloser, error)

	// Listing yields all that a snapshot holds, in key order.
	Listing(ctx context.Context, seq uint64) iter.Seq2[*record.Entry, error]

	// Open opens a regular file in a snapshot's tree. Any error of it or of a Read but the context's and ErrSource means
	// that this copy of the bytes cannot be had; fs.ErrNotExist: it is not there.
	Open(ctx context.Context, seq uint64, path string) (io.ReadCloser, error)

	// Copies yields other places that should have the bytes of a record: hash, form and size are its own. The first
	// few do. Of contents that the newest snapshot does not have it may know none.
	Copies(ctx context.Context, r *record.Record) iter.Seq2[Place, error]

	// Settings are the settings files by name.
	Settings(ctx context.Context) (map[string][]byte, error)
}

// ErrSource is in an error of a Source that is not about one file: its disk is gone, or reads nothing any more. A copy
// ends with it, as nothing is known of the files then.
var ErrSource = errors.New("the snapshots cannot be read")

// ends is why a copy ends where a file could not be read: it was stopped, or the source has failed as a whole. nil:
// only this copy of the bytes cannot be had.
func ends(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, ErrSource) {
		return err
	}
	return nil
}

// Place is a path in the tree of a snapshot.
type Place struct {
	Seq  uint64
	Path string
}
