package replica

import (
	"context"
	"iter"

	"snap/backup"
	"snap/internal/file"
	"snap/record"
)

// Source is where the snapshots are that a replica follows: a destination in a folder, at the other end of a pipe, or a
// vault.
type Source interface {
	ID() string   // of the destination that the snapshots are of
	Name() string // its folder or URL, for people

	// Snapshots are the headers of the complete snapshots, oldest first, with their labels as they are now.
	Snapshots(ctx context.Context) ([]record.Header, error)
	// NextSeq is a number above that of each snapshot that ever was there.
	NextSeq(ctx context.Context) (uint64, error)
	// Holds reports whether the files of a snapshot are there.
	Holds(ctx context.Context, h *record.Header) (bool, error)
	// Changes are the records of its change set; ok is false where that is not there, or not relative to h.Parent.
	Changes(ctx context.Context, h *record.Header) (set iter.Seq2[*record.Entry, error], ok bool, err error)
	// Listing is all that it holds, in key order.
	Listing(ctx context.Context, h *record.Header) iter.Seq2[*record.Entry, error]
	// Contents has the bytes of its files. old opens a file of the newest snapshot of the replica, and is nil where that
	// has none; it may be called until Close.
	Contents(ctx context.Context, h *record.Header, old Old) (Contents, error)
	// Settings are the user's settings files by name.
	Settings(ctx context.Context) (map[string][]byte, error)
	// Is reports whether it is in the folder root itself, as far as that can be told.
	Is(root *file.Dir) (bool, error)
}

// Contents are the bytes of the files of a snapshot.
type Contents interface {
	backup.Contents
	Close() error
}

// Old opens the file at a path of the replica's newest snapshot.
type Old func(path string) (*file.File, error)
