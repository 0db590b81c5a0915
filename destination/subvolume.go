package destination

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"snap/internal/file"
	"snap/record"
)

// Where the file system has subvolumes, a snapshot may be one (Store): the next begins as a copy of it that costs
// nothing, and changes what has changed. It is read-only from the moment that it is published: sealed. A sealed one
// cannot be moved to another folder, so that what moves it breaks the seal first, and recovery puts it on again.

// TrySubvolume makes an empty subvolume called name in dir. The error says why subvolumes do not work there; it is
// file.DiskFailed if it says nothing of that.
func TrySubvolume(dir *file.Dir, name string) error {
	if err := dir.MakeSubvolume(name); err != nil {
		return err
	}
	made, err := dir.OpenHere(name) // where it is taken for a mount nothing would ever be removed of it
	if err == nil {
		err = errors.Join(made.Seal(true), made.Seal(false), made.Close())
	}
	if err != nil {
		_ = dir.Rmdir(name) // else what made dir removes it
	}
	return err
}

// CanSubvolumes is nil if the destination can keep snapshots as subvolumes, and else why not.
func (d *Destination) CanSubvolumes() error {
	const name = "probe-subvolume"
	_ = d.Tmp.Rmdir(name)
	err := TrySubvolume(d.Tmp, name)
	if err == nil {
		err = removeTree(context.Background(), d.Tmp, name, 1)
	}
	return err
}

// unseal ends that the tree called name is read-only, if it is a subvolume. One that is not there is no error.
func unseal(in *file.Dir, name string) error {
	_, err := setSeal(in, name, false)
	return err
}

// setSeal makes the tree called name read-only, or ends that, if it is a subvolume, and reports whether it was not so.
func setSeal(in *file.Dir, name string, sealed bool) (changed bool, err error) {
	tree, err := in.OpenHere(name)
	if errors.Is(err, fs.ErrPermission) { // a folder that this user cannot read; subvolumes are made by its owner
		return false, nil
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, file.ErrMounted) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer tree.Close()
	if is, err := tree.IsSubvolume(); err != nil || !is {
		return false, err
	}
	was, err := tree.Sealed()
	if err != nil || was == sealed {
		return false, err
	}
	return true, tree.Seal(sealed)
}

// Writable does f, which changes the published tree called name, with its seal broken meanwhile.
func (d *Destination) Writable(name string, f func() error) error {
	changed, err := setSeal(d.Root, name, false)
	if err != nil {
		return err
	}
	err = f()
	if changed {
		_, serr := setSeal(d.Root, name, true)
		err = errors.Join(err, serr)
	}
	return err
}

// sealAll seals what is not: a run that was to move a tree, or to change it, was killed, or somebody has broken the
// seal.
func (d *Destination) sealAll(ctx context.Context) error {
	if info, err := d.Root.System(); err != nil || info.Type != "btrfs" {
		return err
	}
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		h := &all[i]
		if h.State != record.Complete {
			continue
		}
		var changed bool
		err := d.RetryWithoutReserve(func() (err error) {
			if writable, err := d.writable(h.Name); err != nil || !writable {
				return err
			}
			if err := d.DropMending(ctx, h); err != nil {
				return err
			}
			changed, err = setSeal(d.Root, h.Name, true)
			return err
		})
		if errors.Is(err, fs.ErrPermission) {
			continue // another user made it
		}
		if err != nil {
			return err
		}
		if changed {
			d.Unsealed = append(d.Unsealed, h.Name)
		}
	}
	return nil
}

// writable reports whether the tree called name is a subvolume that is not read-only.
func (d *Destination) writable(name string) (bool, error) {
	tree, err := d.Root.EnterDir(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer tree.Close()
	if is, err := tree.IsSubvolume(); err != nil || !is {
		return false, err
	}
	listed, err := tree.EnterSelf()
	if err != nil {
		return false, err
	}
	defer listed.Close()
	sealed, err := listed.Sealed()
	return !sealed && err == nil, err
}

// UnsealedError: snapshots could be written to, and cannot any more.
type UnsealedError struct{ Names []string }

func (e *UnsealedError) Error() string {
	if len(e.Names) == 1 {
		return fmt.Sprintf("snapshot %s was not read-only, and is again: snap check says whether it was changed", e.Names[0])
	}
	return fmt.Sprintf("%d snapshots were not read-only, and are again, the first is %s: snap check says whether they "+
		"were changed", len(e.Names), e.Names[0])
}

// subvolumeAt reports whether name in dir is a subvolume.
func subvolumeAt(dir *file.Dir, name string) (bool, error) {
	s, err := dir.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && s.Kind != file.Folder {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	d, err := enterUnlocked(dir, name)
	if errors.Is(err, file.ErrMounted) || errors.Is(err, fs.ErrPermission) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer d.Close()
	return d.IsSubvolume()
}

// dropSubvolume removes the subvolume called name at once, which is open as tree; false if it is to be emptied.
func dropSubvolume(in *file.Dir, name string, tree *file.Dir) (bool, error) {
	if is, err := tree.IsSubvolume(); err != nil || !is {
		return false, err
	}
	if sealed, err := tree.Sealed(); err == nil && sealed {
		if err := tree.Seal(false); err != nil {
			return false, err
		}
	}
	return in.RemoveSubvolume(name) == nil, nil // else it is no right of this user, or another one is in it
}
