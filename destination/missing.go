package destination

import (
	"context"

	"snap/internal/file"
	"snap/record"
)

// Missing are the names of the complete snapshots whose folders are gone from the destination, oldest first. Snapshots
// are plain folders, and whoever removes one by hand does no damage: the index alone still knows it.
func (d *Destination) Missing(ctx context.Context) (names []string, err error) {
	if d.DB == nil {
		return nil, nil
	}
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		h := &all[i]
		there, err := FolderAt(d.Root, h.Name)
		if err != nil {
			return nil, err
		}
		if !there && h.State == record.Complete && !InTrash(d.Root, h.Seq) {
			names = append(names, h.Name)
		}
	}
	return names, nil
}

// InTrash reports whether the snapshot with this number is being deleted in the destination root: it is not missing.
func InTrash(root *file.Dir, seq uint64) bool {
	meta, err := root.EnterDir(MetaName)
	if err != nil {
		return false
	}
	defer meta.Close()
	trash, err := meta.EnterDir(TrashName)
	if err != nil {
		return false
	}
	defer trash.Close()
	there, _ := FolderAt(trash, ChangeSetName(seq))
	return there
}
