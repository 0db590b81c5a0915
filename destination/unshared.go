package destination

import (
	"context"
	"errors"
	"sort"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// Apart counts the snapshots, from the oldest on, that share nothing with the one after them although the records say
// that they do: those that existed when the destination was copied without hard links. snaps are the complete
// snapshots whose folders lie in root, oldest first.
//
// It looks at some files of a few of them: a copy without links has none at all, and the next backup links again.
func Apart(ctx context.Context, root *file.Dir, db *index.DB, snaps []*record.Header) (n int, err error) {
	if len(snaps) < 2 {
		return 0, nil
	}
	if err := db.Hold(ctx); err != nil {
		return 0, err
	}
	defer db.Release()
	n = sort.Search(len(snaps)-1, func(i int) bool {
		apart := false
		if err == nil {
			apart, err = neighboursApart(ctx, root, db, snaps[i], snaps[i+1])
		}
		return !apart
	})
	return n, err
}

// neighboursApart reports whether most of the files that two neighbouring snapshots share by the records are files of
// their own in the trees. Where there are none to look at they are not.
func neighboursApart(ctx context.Context, root *file.Dir, db *index.DB, older, newer *record.Header) (bool, error) {
	var trees [2]*file.Tree
	for i, h := range []*record.Header{older, newer} {
		top, err := root.EnterDir(h.Name)
		if err != nil {
			return false, nil // it is being deleted, or not to be read
		}
		defer top.Close()
		if is, err := top.IsSubvolume(); err != nil || is { // it shares blocks and no inodes
			return false, err
		}
		trees[i] = file.NewTree(top, 16, (*file.Dir).EnterDir)
		defer trees[i].Close()
	}
	looked, apart, n := 0, 0, 0
	for e, err := range db.Entries(ctx, newer.Seq, "") {
		if err != nil {
			return false, err
		}
		if n++; n > linkSearch || looked == linkSamples {
			break
		}
		if e.Kind != file.Regular || e.Stored == record.Absent {
			continue
		}
		_, before, err := db.Lookup(ctx, older.Seq, e.Path)
		if errors.Is(err, index.ErrNotFound) {
			continue
		}
		if err != nil {
			return false, err
		}
		if _, now, err := db.Lookup(ctx, newer.Seq, e.Path); err != nil {
			return false, err
		} else if now != before { // another file, or one with a record of its own
			continue
		}
		a, ok1 := lstatIn(trees[0], e.Path)
		b, ok2 := lstatIn(trees[1], e.Path)
		if !ok1 || !ok2 {
			continue
		}
		if looked++; !file.MayBeSame(&a, &b) {
			apart++
		}
	}
	return apart > looked/2, nil
}

// neighboursApart looks at linkSamples files, which it looks for among linkSearch entries.
const (
	linkSamples = 32
	linkSearch  = 4096
)

func lstatIn(tree *file.Tree, path string) (s file.Stat, ok bool) {
	dir, name := record.Split(path)
	d, err := tree.Dir(dir)
	if err != nil {
		return s, false
	}
	defer d.Close()
	s, err = d.Lstat(name)
	return s, err == nil
}
