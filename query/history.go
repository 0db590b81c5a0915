package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"snap/filter"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// History are the steps in the life of the file or folder that typed names, in time order: its versions, and for each
// removal one with change Removed, which stands for the snapshots without it. follow follows renames. The path that
// was meant is returned too: the first meaning of typed that any snapshot knows.
func (d *Reader) History(ctx context.Context, typed string, follow bool) (string, []Version, error) {
	paths, err := d.Paths(typed)
	if err != nil {
		return "", nil, err
	}
	for _, path := range paths {
		steps, err := d.steps(ctx, path, follow)
		if err != nil || len(steps) > 0 {
			return path, steps, err
		}
	}
	return "", nil, d.unknownPath(ctx, paths)
}

// unknownPath says that no snapshot knows any of the paths that may have been meant, and which one is near.
func (d *Reader) unknownPath(ctx context.Context, paths []string) error {
	_, name := record.Split(paths[0])
	path := paths[len(paths)-1]
	err := hint.With(fmt.Errorf("%s: in no snapshot", quote.Path(path)), "to search for the name: snap find %s",
		quote.Arg(filter.Literal(name)))
	if newest := d.Newest(); newest != nil {
		near, nerr := d.nearPath(ctx, newest, path)
		if nerr != nil {
			return nerr
		}
		if near != "" {
			err = hint.With(err, "did you mean %s?", quote.Word(near))
		}
	}
	return err
}

// steps are the steps in the life of whatever was at path, in time order: its versions, and for each
// removal one with change Removed, that stands for the snapshots without it.
func (d *Reader) steps(ctx context.Context, path string, follow bool) (steps []Version, err error) {
	var records []index.Step
	if follow {
		records, err = d.DB.Follow(ctx, path)
	} else {
		var h index.History
		h, err = d.DB.Versions(ctx, path)
		for _, v := range h.Versions {
			records = append(records, index.Step{Path: path, Version: v})
		}
	}
	if err != nil {
		return nil, err
	}
	versions := map[string][]Version{} // of every path in it
	for i := range records {
		r := &records[i]
		if _, known := versions[r.Path]; !known {
			h, err := d.DB.Versions(ctx, r.Path)
			if err != nil {
				return nil, err
			}
			if versions[r.Path], err = d.versions(ctx, &h); err != nil {
				return nil, err
			}
		}
		if pos, ok := d.Snapshots.BySeq(r.Seq); ok {
			if v := stepAt(pos, versions[r.Path], d.Snapshots); v != nil {
				steps = append(steps, *v)
			}
		}
	}
	return steps, nil
}

// stepAt is what happened in the snapshot at pos to a path with these versions, nil if nothing did.
func stepAt(pos int, versions []Version, snaps Snapshots) *Version {
	i, begins := slices.BinarySearchFunc(versions, pos, func(v Version, pos int) int { return cmp.Compare(v.First, pos) })
	switch {
	case begins:
		v := versions[i]
		v.Deleted, v.Unread, v.FolderUnread = false, false, false // the removal is a step of its own
		return &v
	case i > 0 && versions[i-1].Last == pos-1:
		gone := versions[i-1]
		gone.First, gone.Last, gone.Change = pos, snaps.Newest(), record.Removed
		if i < len(versions) {
			gone.Last = versions[i].First - 1
		}
		return &gone
	}
	return nil
}
