// Package query answers what people ask of a destination, as values: which snapshots there are and which one a
// reference names, what a snapshot holds, every version of a file, its history through renames, and its bytes,
// verified.
//
// [Open] gives a [Reader]; every question is one of its methods. They need a context and plain values, print nothing
// and change nothing: a front end needs no other package to ask. Two help it to show answers. Names, paths and errors
// may hold what a terminal would obey: package quote makes them harmless. An error may carry hints that say what to do,
// which are not in its text: hint.Lines has them. TestASecondFrontEnd is an example.
//
// The index has the answers: package query
// gives meaning to what people type (references, paths, patterns) and turns records into versions. Begin to read at
// reader.go.
package query

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
	"snap/restore"
)

// Options are what questions are answered by, besides what the destination holds.
type Options struct {
	// Ages, as in the reference @7d, count from Now; its location is the zone of dates without one. Zero will do where
	// nobody asks for either.
	Now     time.Time
	WorkDir string   // the working directory, which paths may be relative to; "" for none
	Trust   []string // fingerprints of indexes that were verified before: see index.DB.Trust
	// Again are the flags of the command line that a command has, too, for a line to be typed in its place:
	// " --target DIR"; nil for none.
	Again func(command string) string
	Kept  *Kept  // what Readers of this destination before have found out; nil for nothing
	Name  string // what the destination is called where it is no folder of the user's; "": by its folder
	Far   Far    // has the bytes of files where the snapshots have no trees here; nil for the trees. Close closes it
}

// Far has the bytes of the files of snapshots whose trees are far away.
type Far interface {
	// Contents are those of one snapshot. They may be closed, and last as long as the Far.
	Contents(h *record.Header) restore.Contents
	Close() error
}

// Reader is a destination opened for questions. What it answers is what the destination held when it was opened.
type Reader struct {
	Dir       string    // absolute
	Name      string    // what it is called: Dir, or a remote
	Root      *file.Dir // a handle on it
	DB        *index.DB
	Snapshots Snapshots // the complete ones, oldest first
	options   Options
	mark      string // of the index when it was opened, with Options.Kept
}

// Open opens the destination in the folder dir, an absolute path. The caller closes it. A folder that is no
// destination is told by the same error as a lost index, index.ErrMissing: whether it holds a folder .snap is for the
// caller to see before.
func Open(ctx context.Context, dir string, o Options) (*Reader, error) {
	d := &Reader{Dir: dir, Name: cmp.Or(o.Name, dir), options: o}
	var err error
	if d.DB, err = index.Open(index.Path(dir)); err != nil {
		return nil, IndexHint(err, dir)
	}
	if o.Kept != nil {
		d.DB = o.Kept.used(d.DB)
	}
	d.DB.Trust(o.Trust...)
	if d.Snapshots, d.mark, err = o.Kept.readSnapshots(ctx, d.DB); err != nil {
		return nil, IndexHint(err, dir)
	}
	if d.Root, err = file.OpenRoot(dir); err != nil {
		return nil, err
	}
	return d, nil
}

// Contents has the bytes of the files of a snapshot; the caller closes it.
func (d *Reader) Contents(h *record.Header) (restore.Contents, error) {
	if d.options.Far != nil {
		return d.options.Far.Contents(h), nil
	}
	return restore.OpenTree(d.Root, h.Name)
}

// Treeless reports whether the snapshots have no trees here: their bytes come from elsewhere.
func (d *Reader) Treeless() bool { return d.options.Far != nil }

// Close gives back the handle on the folder.
func (d *Reader) Close() error {
	err := d.Root.Close()
	if far := d.options.Far; far != nil {
		err = errors.Join(err, far.Close())
	}
	if k := d.options.Kept; k != nil { // once: another Reader may have the database by then
		d.options.Kept = nil
		err = errors.Join(err, k.give(d.DB))
	}
	return err
}

// Resolver finds snapshots by reference.
func (d *Reader) Resolver() Resolver {
	return Resolver{Snapshots: d.Snapshots, Now: d.options.Now, Folder: d.folderOf, Holds: func(name string) bool {
		paths, err := d.Paths(name)
		return err == nil && slices.ContainsFunc(paths, func(path string) bool {
			_, _, err := d.DB.Lookup(context.Background(), d.Newest().Seq, path) // one key
			return err == nil
		})
	}}
}

// IndexHint adds the way out to an error of the index of dest.
func IndexHint(err error, dest string) error {
	switch {
	case errors.Is(err, index.ErrMissing), errors.Is(err, record.ErrDamaged), errors.Is(err, record.ErrTruncated):
		return hint.With(err, "the snapshots themselves are plain folders; rebuild the index: snap reindex -d %s",
			quote.Word(dest))
	case errors.Is(err, record.ErrNewer):
		return hint.With(err, "use a newer version of snap")
	}
	return err
}
