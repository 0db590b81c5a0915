package backup

import (
	"errors"
	"io/fs"

	"snap/internal/file"
)

// pointLatest makes the link `latest` lead to the snapshot, in one step. A destination without symbolic
// links goes without; something of that name that is no link is the user's.
func (d *Destination) pointLatest(name string) error {
	s, err := d.root.Lstat(latestName)
	if err == nil && s.Kind != file.Symlink || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	const tmp = "latest-new"
	if err := d.tmp.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.tmp.Symlink(name, tmp); err != nil {
		return nil
	}
	if err := d.tmp.Replace(tmp, d.root, latestName); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil // Wine says that it made the link, and makes none
}

// dropLatest removes the link `latest` when no snapshot is left.
func (d *Destination) dropLatest() error {
	if s, err := d.root.Lstat(latestName); err != nil || s.Kind != file.Symlink {
		return nil
	}
	return d.root.Remove(latestName)
}

// mendLatest makes `latest` lead to the newest snapshot, if a run died before it could.
func (d *Destination) mendLatest(name string) error {
	if there, err := folderAt(d.root, name); name == "" || err != nil || !there {
		return err
	}
	if target, err := d.root.Readlink(latestName); err == nil && target == name {
		return nil
	}
	return d.pointLatest(name)
}
