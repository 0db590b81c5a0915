package reindex

import (
	"context"
	"slices"
	"strings"

	"snap/destination"
)

// takeOutRenamed takes out of trees the folders of snapshots that have change sets and other names now: as snapshots of
// their own they would be there twice. That is found out as long as the old index can be read.
func (r *reindex) takeOutRenamed(ctx context.Context, sets []foundSet, trees []foundTree) ([]foundTree, error) {
	if r.old == nil || len(trees) == 0 {
		return trees, nil
	}
	var missing []string
	for i := range sets {
		if s := &sets[i]; s.whole && !s.tree && !destination.InTrash(r.d.Root, s.seq) {
			missing = append(missing, s.head.Name)
		}
	}
	renamed, err := destination.FindRenamed(ctx, r.d.Root, r.old, missing)
	if err != nil {
		return nil, err
	}
	for _, as := range renamed {
		outer, _, _ := strings.Cut(as.Folder, "/")
		if i := slices.IndexFunc(trees, func(t foundTree) bool { return t.name == outer }); i >= 0 {
			trees = slices.Delete(trees, i, i+1)
			r.res.Renamed = append(r.res.Renamed, as)
		}
	}
	return trees, nil
}
