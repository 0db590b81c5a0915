package destination

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"snap/internal/file"
	"snap/record"
)

// PublishPrepared publishes a prepared snapshot, from whichever step on that is still to be done.
func (d *Destination) PublishPrepared(ctx context.Context, h *record.Header) error {
	if work, err := d.Tmp.OpenDir(h.Work); err == nil {
		defer work.Close()
		if there, err := Exists(work, SetName); err != nil {
			return err
		} else if there {
			if err := work.Replace(SetName, d.ChangesDir, ChangeSetName(h.Seq)); err != nil {
				return err
			}
		}
		if there, err := Exists(work, TreeName); err != nil {
			return err
		} else if there {
			// The commit point.
			if err := work.Rename(TreeName, d.Root, h.Name); err != nil {
				return err
			}
		}
		if err := work.Sync(); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := setSeal(d.Root, h.Name, true); err != nil {
		return err
	}
	for _, dir := range []*file.Dir{d.ChangesDir, d.Root} {
		if err := dir.Sync(); err != nil {
			return err
		}
	}
	if there, err := FolderAt(d.Root, h.Name); err != nil {
		return err
	} else if !there { // somebody removed it meanwhile, or the file system is not to be trusted
		return fmt.Errorf("%s: the snapshot that was built is not there", filepath.Join(d.Path, h.Name))
	}
	h.State, h.Work = record.Complete, ""
	return d.RetryWithoutReserve(func() error { return d.DB.SetHeader(ctx, h) })
}
