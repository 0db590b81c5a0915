package cli

import (
	"context"
	"errors"
	"time"

	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
)

// readerOptions are what questions are answered by, besides what the destination holds.
type readerOptions struct {
	now     time.Time // ages count from it; its location is the zone of dates without one
	workDir string    // the working directory, which paths may be relative to; "" for none
	trust   []string  // fingerprints of indexes that were verified before: see index.DB.Trust
}

// reader is a destination opened for questions. What it answers is what the destination held when it was opened.
type reader struct {
	dir     string    // absolute
	root    *file.Dir // a handle on it
	db      *index.DB
	snaps   snapshots // the complete ones, oldest first
	options readerOptions
}

// openReader opens the destination in the folder dir, an absolute path. The caller closes it.
func openReader(ctx context.Context, dir string, o readerOptions) (*reader, error) {
	d := &reader{dir: dir, options: o}
	var err error
	if d.db, err = index.Open(index.Path(dir)); err != nil {
		return nil, indexHint(err, dir)
	}
	d.db.Trust(o.trust...)
	if d.snaps, err = readSnapshots(ctx, d.db); err != nil {
		return nil, indexHint(err, dir)
	}
	if d.root, err = file.OpenRoot(dir); err != nil {
		return nil, err
	}
	return d, nil
}

// Close gives back the handle on the folder.
func (d *reader) Close() error { return d.root.Close() }

// resolver finds snapshots by reference.
func (d *reader) resolver() resolver { return resolver{d.snaps, d.options.now} }

// indexHint adds the way out to an error of the index of dest.
func indexHint(err error, dest string) error {
	switch {
	case errors.Is(err, index.ErrMissing), errors.Is(err, index.ErrDamaged), errors.Is(err, index.ErrTruncated):
		return hint.With(err, "the snapshots themselves are plain folders; rebuild the index: snap reindex -d %s", quote.Word(dest))
	case errors.Is(err, index.ErrNewer):
		return hint.With(err, "use a newer version of snap")
	}
	return err
}
