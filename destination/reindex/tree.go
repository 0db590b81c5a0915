package reindex

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"

	"snap/destination"
	"snap/internal/file"
	"snap/scan"
)

// treeView is the tree of a snapshot as reindex looks at it. It costs eight bytes of memory for each file that
// has another name, in this tree or in another.
type treeView struct {
	root   *file.Dir
	tree   *file.Tree
	inodes []uint64 // of the files with several names, sorted, each as often as it has names in this tree
}

// openTree opens the tree called name and counts the names of its inodes.
func openTree(ctx context.Context, d *destination.Destination, name string, jobs int) (*treeView, error) {
	root, err := d.Root.OpenDir(name)
	if err != nil {
		return nil, err
	}
	v := &treeView{root: root, tree: file.NewTree(root, 256, (*file.Dir).OpenDir)}
	for it, err := range v.walk(ctx, jobs) {
		if err != nil {
			v.close()
			return nil, err
		}
		if it.Stat.Kind != file.Folder && it.Stat.Nlink > 1 && it.Stat.Ino != 0 {
			v.inodes = append(v.inodes, it.Stat.Ino)
		}
	}
	slices.Sort(v.inodes)
	return v, nil
}

// walk yields the tree in key order. Folders that this user may not read come with their error; any other
// error is the disk's and ends the walk.
func (v *treeView) walk(ctx context.Context, jobs int) iter.Seq2[*scan.Item, error] {
	return func(yield func(*scan.Item, error) bool) {
		for it, err := range scan.Walk(ctx, v.root, scan.Options{Jobs: jobs}) {
			if err == nil && it.Err != nil && (it.Stat.Kind != file.Folder || !errors.Is(it.Err, fs.ErrPermission)) {
				err = it.Err
			}
			if !yield(it, err) || err != nil {
				return
			}
		}
	}
}

func (v *treeView) close() {
	v.tree.Close()
	v.root.Close()
}

// names is the number of names that an inode has in this tree; 0 if it is none of this tree's, or has but
// one name on the whole disk.
func (v *treeView) names(ino uint64) uint32 {
	i, _ := slices.BinarySearch(v.inodes, ino)
	n := i
	for n < len(v.inodes) && v.inodes[n] == ino {
		n++
	}
	return uint32(n - i)
}
