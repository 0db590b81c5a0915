package query

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"snap/filter"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// Explained is what is known of a path of a source: what the lists say of it, and what the last backup did with it.
type Explained struct {
	Path    string // in the tree
	Source  string // the folder that the tree is of
	Exists  bool   // the source holds it now
	Unseen  error  // why that is not known
	Place   record.Place
	Verdict filter.Verdict

	Newest string         // the newest snapshot
	Record *record.Record // what that holds of it; nil for nothing, and in the fields below
	Since  string         // the first snapshot of those up to the newest that have it as that has it
	Seen   *record.Header // the last snapshot that holds it; nil: none does
	Names  []Name         // those of its inode

	Snapshots Snapshots
	since     uint64 // the same as Since
}

// Explain explains the first of paths that is in the source or in the newest snapshot, else the first. There must be a
// snapshot. lists are the rules for what is left out.
func (d *Reader) Explain(ctx context.Context, lists *filter.Set, paths []string) (*Explained, error) {
	newest := d.Newest()
	e, err := explain(newest, lists, paths, func(path string) (record.Record, uint64, error) {
		return d.DB.Lookup(ctx, newest.Seq, path)
	})
	if err != nil {
		return nil, err
	}
	e.Newest, e.Snapshots = newest.Name, d.Snapshots
	if e.Seen, err = d.LastSeen(ctx, e.Path); err != nil || e.Record == nil {
		return e, err
	}
	if pos, ok := d.Snapshots.BySeq(e.since); ok {
		e.Since = d.Snapshots[pos].Name
	}
	e.Names, err = d.Names(ctx, newest, e.Path)
	return e, err
}

// ExplainFirst is Explain where there is no snapshot yet; h has the sources that the first one would be of.
func ExplainFirst(h *record.Header, lists *filter.Set, paths []string) (*Explained, error) {
	return explain(h, lists, paths, func(string) (record.Record, uint64, error) {
		return record.Record{}, 0, index.ErrNotFound
	})
}

// explain chooses among paths of the sources of h, and asks the lists. held is what the newest snapshot holds of a
// path, and since which one.
func explain(h *record.Header, lists *filter.Set, paths []string,
	held func(path string) (record.Record, uint64, error)) (*Explained, error) {
	roots := h.Roots()
	best := &Explained{}
	for i := len(paths) - 1; i >= 0; i-- {
		path := paths[i]
		info, gone := os.Lstat(filepath.Join(h.Source, filepath.FromSlash(path)))
		r, since, unheld := held(path)
		if unheld != nil && !errors.Is(unheld, index.ErrNotFound) {
			return nil, unheld
		}
		nowhere := gone != nil && unheld != nil
		if nowhere && (i > 0 || best.Record != nil) || gone != nil && best.Exists {
			continue // one behind it is, or there are likelier ones
		}
		isDir := gone == nil && info.IsDir() || gone != nil && unheld == nil && r.Kind == file.Folder
		v, err := lists.Explain(path, isDir)
		if err != nil {
			return nil, err
		}
		best = &Explained{Path: path, Source: h.Source, Exists: gone == nil, Unseen: unseen(gone), Place: roots.Place(path),
			Verdict: v, since: since}
		if unheld == nil {
			best.Record = &r
		}
	}
	return best, nil
}

// unseen is why it is not known whether something is there, nil if err says that it is not.
func unseen(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		return at.Err
	}
	return err
}
