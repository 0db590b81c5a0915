package query

import (
	"context"
	"slices"

	"snap/index"
	"snap/internal/file"
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

// TouchedIn is Touched for what typed names: the path that was meant, and for each snapshot how many entries it changed
// there. Of what is no folder the path itself counts.
func (d *Reader) TouchedIn(ctx context.Context, typed string) (path string, counts []int, err error) {
	paths, err := d.Paths(typed)
	if err != nil {
		return "", nil, err
	}
	if path, err = d.known(ctx, paths); err != nil {
		return "", nil, err
	}
	if counts, err = d.Touched(ctx, path); err != nil || path == "" {
		return path, counts, err
	}
	h, err := d.DB.Versions(ctx, path)
	for i := range h.Versions {
		r := &h.Versions[i].Record
		if pos, ok := d.Snapshots.BySeq(h.Versions[i].Seq); ok && r.Kind != file.Folder && r.Change != record.Silent {
			counts[pos] = max(counts[pos], 1)
		}
	}
	return path, counts, err
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
