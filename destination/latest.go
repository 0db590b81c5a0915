package destination

import (
	"errors"
	"io/fs"

	"snap/internal/file"
)

// PointLatest makes the link `latest` lead to the snapshot, in one step. A destination without symbolic
// links goes without; something of that name that is no link is the user's.
func (d *Destination) PointLatest(name string) error {
	s, err := d.Root.Lstat(LatestName)
	if err == nil && s.Kind != file.Symlink || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	const tmp = "latest-new"
	if err := d.Tmp.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.Tmp.Symlink(name, tmp); err != nil {
		return nil
	}
	if err := d.Tmp.Replace(tmp, d.Root, LatestName); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil // Wine says that it made the link, and makes none
}

// dropLatest removes the link `latest` when no snapshot is left.
func (d *Destination) dropLatest() error {
	if s, err := d.Root.Lstat(LatestName); err != nil || s.Kind != file.Symlink {
		return nil
	}
	return d.Root.Remove(LatestName)
}

// RepairLatest makes `latest` lead to the newest snapshot, if a run died before it could.
func (d *Destination) RepairLatest(name string) error {
	if there, err := FolderAt(d.Root, name); name == "" || err != nil || !there {
		return err
	}
	if target, err := d.Root.Readlink(LatestName); err == nil && target == name {
		return nil
	}
	return d.PointLatest(name)
}
