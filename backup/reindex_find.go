package backup

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"snap/index"
	"snap/internal/file"
)

// findSets reads all change sets whole. One that the disk cannot read is an error, not a damaged one: it may
// be read the next time.
func (d *Destination) findSets() ([]foundSet, error) {
	seqs, err := d.sets()
	if err != nil {
		return nil, err
	}
	sets := make([]foundSet, len(seqs))
	for i, seq := range seqs {
		s := &sets[i]
		s.seq = seq
		s.head, err = d.readSet(seq)
		if s.whole = err == nil; errors.Is(err, index.ErrDamaged) || errors.Is(err, index.ErrTruncated) {
			s.why = err
			s.head, err = d.beginOf(seq)
		}
		if err != nil {
			return nil, err
		}
		if s.head != nil {
			if s.tree, err = folderAt(d.root, s.head.Name); err != nil {
				return nil, err
			}
		}
	}
	return dropMerged(sets), nil
}

// dropMerged leaves out the sets of snapshots that were being deleted and are part of a later set already.
func dropMerged(sets []foundSet) []foundSet {
	merged := map[uint64]bool{}
	for i := range sets {
		if sets[i].whole {
			for _, seq := range sets[i].head.Merged {
				merged[seq] = true
			}
		}
	}
	return slices.DeleteFunc(sets, func(s foundSet) bool { return merged[s.seq] })
}

// beginOf is the header at the front of a damaged change set, nil if that is damaged too.
func (d *Destination) beginOf(seq uint64) (*index.Header, error) {
	f, err := openFile(d.changes, setFile(seq))
	if errors.Is(err, index.ErrDamaged) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := index.NewChangeReader(f)
	if errors.Is(err, index.ErrDamaged) || errors.Is(err, index.ErrTruncated) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h := c.Begin()
	if h == nil || h.Seq != seq || index.CheckName(h.Name) != nil {
		return nil, nil
	}
	return h, nil
}

// folderAt reports whether name is a folder in dir.
func folderAt(dir *file.Dir, name string) (bool, error) {
	s, err := dir.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && s.Kind == file.Folder, err
}

// systemFolders are folders that file systems and desktops keep in the top folder of a disk.
var systemFolders = []string{"lost+found", "System Volume Information", "$RECYCLE.BIN"}

// SystemFolder reports whether name is that of a folder that file systems and desktops keep in the top folder of a
// disk. A reindex never takes it for a snapshot.
func SystemFolder(name string) bool { return slices.Contains(systemFolders, name) }

// findTrees are the folders that no set names and that are to be taken for snapshots.
func (r *reindex) findTrees(sets []foundSet) ([]foundTree, error) {
	entries, err := r.d.root.Entries()
	if err != nil {
		return nil, err
	}
	var trees []foundTree
	for i := range entries {
		name := entries[i].Name
		named := slices.ContainsFunc(sets, func(s foundSet) bool { return s.head != nil && s.head.Name == name })
		if named || strings.HasPrefix(name, ".") || SystemFolder(name) {
			continue
		}
		s, err := r.d.root.Lstat(name)
		if err != nil {
			return nil, err
		}
		if s.Kind != file.Folder {
			continue
		}
		t := foundTree{name: name}
		known := false
		if r.o.Time != nil {
			t.time, known = r.o.Time(name)
		}
		if !known {
			t.time = s.Mtime.Time()
		}
		if index.CheckName(name) != nil || !known && !r.o.Adopt {
			r.res.Foreign = append(r.res.Foreign, name)
			continue
		}
		trees = append(trees, t)
	}
	return trees, nil
}

// openOld opens the index that is to be replaced, as far as it can be read, and returns its id. A snapshot
// that it knows to be on the way is finished or forgotten first: nothing else knows of it.
func (r *reindex) openOld(ctx context.Context) (id string, err error) {
	old, err := index.Open(index.Path(r.d.Path))
	if err == nil {
		id, err = old.ID(ctx)
	}
	var all []index.Header
	if err == nil {
		all, err = old.Snapshots(ctx)
	}
	if p := (*fs.PathError)(nil); errors.As(err, &p) || ctx.Err() != nil { // the disk's, not the index's
		return id, err
	}
	if err != nil {
		return id, nil
	}
	r.old, r.d.DB = old, old
	defer func() { r.d.DB = nil }()
	for i := range all {
		if all[i].State != index.Prepared {
			continue
		}
		if err := r.d.settle(ctx, &all[i]); err != nil && !errors.Is(err, index.ErrDamaged) {
			return "", err
		}
	}
	return id, nil
}

// unpublished is the work folder with a tree whose change set was renamed into its place already, "" if
// there is none, or not just one.
func (d *Destination) unpublished() (work string, err error) {
	entries, err := d.tmp.Entries()
	if err != nil {
		return "", err
	}
	for i := range entries {
		name := entries[i].Name
		if folder, err := folderAt(d.tmp, name); !folder || err != nil {
			if err != nil {
				return "", err
			}
			continue
		}
		dir, err := d.tmp.OpenDir(name)
		if err != nil {
			return "", err
		}
		tree, err1 := exists(dir, treeName)
		set, err2 := exists(dir, setName)
		if err := errors.Join(err1, err2, dir.Close()); err != nil {
			return "", err
		}
		if !tree || set {
			continue
		}
		if work != "" {
			return "", nil
		}
		work = name
	}
	return work, nil
}
