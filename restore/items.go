package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// item is an Item with the snapshot's records of the folders that lead to it, target first; those that
// are not known are of kind None.
type item struct {
	Item
	records []record.Record
}

// to is where the path, which is within the item, goes.
func (it *item) to(path string) string {
	if path == it.Path {
		return it.To
	}
	return record.Join(it.To, below(path, it.Path))
}

// way are the folders that lead to the item: "", then its first element, and so on.
func (it *Item) way() []string {
	if it.To == "" {
		return nil
	}
	all := []string{""}
	for i, c := range []byte(it.To) {
		if c == '/' {
			all = append(all, it.To[:i])
		}
	}
	return all
}

// prepare checks the items and puts them in the key order of where they go, so that a walk over them all
// is one walk in key order.
func prepare(ctx context.Context, db *index.DB, seq uint64, items []Item) ([]item, error) {
	if len(items) == 0 {
		return nil, errors.New("nothing to restore")
	}
	sorted := slices.Clone(items)
	slices.SortStableFunc(sorted, func(a, b Item) int { return record.Compare(a.To, b.To) })
	var all []item
	for _, it := range sorted {
		if !record.ValidPath(it.Path) || !record.ValidPath(it.To) {
			return nil, fmt.Errorf("not a path in a snapshot: %q", it.Path)
		}
		if len(all) > 0 {
			if before := all[len(all)-1].Item; contains(before, it) {
				continue
			} else if record.Within(it.To, before.To) {
				return nil, fmt.Errorf("%q and %q would go to the same place", before.Path, it.Path)
			}
		}
		r, _, err := db.Lookup(ctx, seq, it.Path)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", it.Path, err)
		}
		if it.To == "" && r.Kind != file.Folder {
			return nil, fmt.Errorf("%q is not a folder and cannot be the target itself", it.Path)
		}
		records, err := known(ctx, db, seq, it)
		if err != nil {
			return nil, err
		}
		all = append(all, item{it, records})
	}
	return all, nil
}

// contains reports whether restoring a restores b too.
func contains(a, b Item) bool {
	return record.Within(b.Path, a.Path) && record.Within(b.To, a.To) && below(b.Path, a.Path) == below(b.To, a.To)
}

// below is path as seen from dir, which it is within.
func below(path, dir string) string {
	if dir == "" || path == dir {
		return path[len(dir):]
	}
	return path[len(dir)+1:]
}

// known finds the records of the folders that lead to an item. They are the snapshot's only if it goes to
// where it was.
func known(ctx context.Context, db *index.DB, seq uint64, it Item) ([]record.Record, error) {
	way := it.way()
	records := make([]record.Record, len(way))
	if it.Path != it.To {
		return records, nil
	}
	for i, path := range way {
		var err error
		if records[i], _, err = db.Lookup(ctx, seq, path); err != nil && !errors.Is(err, index.ErrNotFound) {
			return nil, err
		}
	}
	return records, nil
}
