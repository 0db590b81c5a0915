package query

import (
	"cmp"
	"iter"
	"slices"

	"snap/record"
)

// Sorted are the entries with the largest first, or the newest first. A folder that weigh knows is as large as all that
// is in it. All are kept in memory.
func Sorted(entries iter.Seq2[*record.Entry, error], bySize bool,
	weigh Weigher) (iter.Seq2[*record.Entry, error], error) {
	size := func(e *record.Entry) int64 {
		if w, ok := weigh(e.Path); ok {
			return w.Bytes
		}
		return e.Size
	}
	var all []record.Entry
	for e, err := range entries {
		if err != nil {
			return nil, err
		}
		all = append(all, *e)
	}
	slices.SortStableFunc(all, func(a, b record.Entry) int {
		switch {
		case bySize:
			return cmp.Compare(size(&b), size(&a))
		case b.Mtime.Before(a.Mtime):
			return -1
		case a.Mtime.Before(b.Mtime):
			return 1
		}
		return 0
	})
	return func(yield func(*record.Entry, error) bool) {
		for i := range all {
			if !yield(&all[i], nil) {
				return
			}
		}
	}, nil
}
