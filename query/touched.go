package query

import (
	"context"
	"slices"

	"snap/index"
	"snap/record"
)

// Touched says for each snapshot, by its position, how many entries below the folder path it changed: 0 where nothing
// but times of folders did. The folder itself does not count; the oldest snapshot has added all that it holds.
//
// It is read off the lists of paths. Up to index.TouchedExactly the numbers of a snapshot are those of its changes; of
// more, entries that people would not call changed may be among them. For the source itself the headers have the
// numbers. index.ErrNotFound for what cannot be a path; of one that was never there all are 0.
func (d *Reader) Touched(ctx context.Context, path string) ([]int, error) {
	if path == "" {
		counts := make([]int, len(d.Snapshots))
		for i := range d.Snapshots {
			h := &d.Snapshots[i]
			counts[i] = int(h.Added + h.Modified + h.Metadata + h.Moved + h.Removed)
		}
		return counts, nil
	}
	if !record.ValidPath(path) {
		return nil, index.ErrNotFound
	}
	k := d.options.Kept
	counts, err := kept(ctx, d, false,
		func() ([]int, bool) { return k.touched[path], k.touched[path] != nil },
		func() ([]int, error) { return d.touched(ctx, path) },
		func(counts []int) { k.keepTouched(path, counts) })
	return slices.Clone(counts), err
}

func (d *Reader) touched(ctx context.Context, path string) ([]int, error) {
	bySeq, err := d.DB.Touched(ctx, path)
	if err != nil {
		return nil, err
	}
	counts := make([]int, len(d.Snapshots))
	for seq, n := range bySeq {
		if pos, ok := d.Snapshots.BySeq(seq); ok {
			counts[pos] += n
		}
	}
	return counts, nil
}
