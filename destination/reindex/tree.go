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
// has another name, in this tree or in another; in a subvolume for each file.
type treeView struct {
	root      *file.Dir
	tree      *file.Tree
	subvolume bool
	inodes    []uint64 // of the files with several names, sorted, each as often as it has names in this tree
}

// openTree opens the tree called name and counts the names of its inodes.
func openTree(ctx context.Context, d *destination.Destination, name string, jobs int) (*treeView, error) {
	root, err := d.Root.OpenDir(name)
	if err != nil {
		return nil, err
	}
	v := &treeView{root: root, tree: file.NewTree(root, 256, (*file.Dir).OpenDir)}
	if v.subvolume, err = root.IsSubvolume(); err != nil {
		v.close()
		return nil, err
	}
	for it, err := range v.walk(ctx, jobs) {
		if err != nil {
			v.close()
			return nil, err
		}
		if it.Stat.Kind != file.Folder && (it.Stat.Nlink > 1 || v.subvolume) && it.Stat.Ino != 0 {
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
			if err == nil && v.subvolume {
				it.Stat.Dev, it.Stat.Ino = 0, inSubvolumes(&it.Stat)
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

// names is the number of names that an inode has in this tree; 0 if it is none of this tree's, or, but for a subvolume,
// has but one name on the whole disk.
func (v *treeView) names(ino uint64) uint32 {
	i, _ := slices.BinarySearch(v.inodes, ino)
	n := i
	for n < len(v.inodes) && v.inodes[n] == ino {
		n++
	}
	return uint32(n - i)
}

// inSubvolumes is a number for the inode that its copies in other subvolumes share: they have its number and its birth
// time, and no two inodes have both.
func inSubvolumes(s *file.Stat) uint64 {
	return max(scatter(s.Ino^scatter(uint64(s.Btime.Sec)*1e9+uint64(s.Btime.Nsec))), 1)
}

// scatter scatters numbers (splitmix64, by Vigna).
func scatter(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
