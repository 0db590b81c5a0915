package reindex

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// findSets reads all change sets whole. One that the disk cannot read is an error, not a damaged one: it may
// be read the next time.
func findSets(d *destination.Destination) ([]foundSet, error) {
	seqs, err := d.ChangeSets()
	if err != nil {
		return nil, err
	}
	sets := make([]foundSet, len(seqs))
	for i, seq := range seqs {
		s := &sets[i]
		s.seq = seq
		s.head, err = d.ReadChangeSet(seq)
		if s.whole = err == nil; errors.Is(err, record.ErrDamaged) || errors.Is(err, record.ErrTruncated) {
			s.why = err
			s.head, err = d.ChangeSetBegin(seq)
		}
		if err != nil {
			return nil, err
		}
		if s.head != nil {
			if s.tree, err = destination.FolderAt(d.Root, s.head.Name); err != nil {
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

// systemFolders are folders that file systems and desktops keep in the top folder of a disk.
var systemFolders = []string{"lost+found", "System Volume Information", "$RECYCLE.BIN"}

// SystemFolder reports whether name is that of a folder that file systems and desktops keep in the top folder of a
// disk. A reindex never takes it for a snapshot.
func SystemFolder(name string) bool { return slices.Contains(systemFolders, name) }

// findTrees are the folders that no set names and that are to be taken for snapshots.
func (r *reindex) findTrees(sets []foundSet) ([]foundTree, error) {
	entries, err := r.d.Root.Entries()
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
		s, err := r.d.Root.Lstat(name)
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
		if record.CheckName(name) != nil || !known && !r.o.Adopt {
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
	var all []record.Header
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
		if all[i].State != record.Prepared {
			continue
		}
		if err := r.d.FinishPrepared(ctx, &all[i]); err != nil && !errors.Is(err, record.ErrDamaged) {
			return "", err
		}
	}
	return id, nil
}
