package query

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"

	"snap/filter"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// Entry is the snapshot and the path that a PATHREF names. The path is in the snapshot.
func (d *Reader) Entry(ctx context.Context, pathRef string) (*record.Header, string, error) {
	pos, typed, err := d.Resolver().resolvePath(pathRef)
	if err != nil {
		return nil, "", err
	}
	h := &d.Snapshots[pos]
	var path string
	if other, in, ok := d.onDisk(typed); !ok || !filepath.IsAbs(typed) {
		path, err = SourcePath(h, typed)
	} else if path = in; other != pos {
		name := d.Snapshots[other].Name
		err = hint.With(hint.Usagef("%s: that path is in snapshot %s, and %s is another", quote.Name(pathRef),
			quote.Name(name), quote.Name(h.Name)), "did you mean %s?", quote.Word(name+":"+in))
	}
	if err != nil {
		return nil, "", err
	}
	return h, path, d.lacks(ctx, h, path)
}

// lacks says that the snapshot has no such path; nil: it has one.
func (d *Reader) lacks(ctx context.Context, h *record.Header, path string) error {
	_, _, err := d.DB.Lookup(ctx, h.Seq, path)
	if !errors.Is(err, index.ErrNotFound) {
		return err
	}
	_, name := record.Split(path)
	err = hint.With(fmt.Errorf("%s: not in snapshot %s", quote.Path(path), quote.Name(h.Name)),
		"to search all snapshots: snap find %s", quote.Arg(filter.Literal(name)))
	near, nerr := d.nearPath(ctx, h, path)
	if nerr != nil {
		return nerr
	}
	if near != "" {
		err = hint.With(err, "did you mean %s?", quote.Word(h.Name+":"+near))
	}
	return err
}

// List yields the entries of the folder path in the snapshot, one level or all that is below, or the file path
// itself. An entry is valid until the next one.
func (d *Reader) List(ctx context.Context, h *record.Header, path string,
	recursive bool) iter.Seq2[*record.Entry, error] {
	if !recursive {
		return d.listOne(ctx, h, path)
	}
	return func(yield func(*record.Entry, error) bool) {
		for e, err := range d.DB.Entries(ctx, h.Seq, path) {
			if err == nil && e.Path == path && e.Kind == file.Folder {
				continue
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// listed is how many entries are read at once.
const listed = 4096

// listOne is List of one level.
func (d *Reader) listOne(ctx context.Context, h *record.Header, path string) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		r, _, err := d.DB.Lookup(ctx, h.Seq, path)
		if err == nil && r.Kind != file.Folder {
			yield(&record.Entry{Path: path, Record: r}, nil)
			return
		}
		after := ""
		for more := err == nil; more; {
			var all []index.Child
			if all, more, err = d.DB.Children(ctx, h.Seq, path, after, listed); err != nil {
				break
			}
			for i := range all {
				if !yield(&all[i].Entry, nil) {
					return
				}
				_, after = record.Split(all[i].Path)
			}
		}
		if err != nil && !errors.Is(err, index.ErrNotFound) {
			yield(nil, err)
		}
	}
}
