package file

import "context"

// A subvolume of btrfs is a folder that has inodes of its own, can be copied at once whatever it holds, and can be
// set read-only. Where file system or kernel cannot do what is asked, the error is errors.ErrUnsupported. The
// folders must be open for listing.

// MakeSubvolume makes an empty subvolume in the folder.
func (d *Dir) MakeSubvolume(name string) error {
	return d.fail("make subvolume", name, d.makeSubvolume(name))
}

// SnapshotSubvolume makes name in the folder a copy of the subvolume from, which can be written to even if that is
// read-only. It holds none of the subvolumes in it, but empty folders. An ordinary user can copy what is the
// user's own.
func (d *Dir) SnapshotSubvolume(from *Dir, name string) error {
	return d.fail("snapshot", name, d.snapshotSubvolume(from, name))
}

// FreezeSubvolume makes name in the folder a copy of the subvolume from that is read-only from the beginning.
func (d *Dir) FreezeSubvolume(from *Dir, name string) error {
	return d.fail("snapshot", name, d.freezeSubvolume(from, name))
}

// HasSubvolumes reports whether subvolumes are in the subvolume, at whatever depth: a copy has empty folders for them.
func (d *Dir) HasSubvolumes() (bool, error) {
	has, err := d.hasSubvolumes()
	return has, pathError("subvolumes in", d.path, err)
}

// HasMounts reports whether something is mounted below the folder, as far as the system tells.
func (d *Dir) HasMounts() bool { return d.hasMounts() }

// RemoveSubvolume removes a subvolume with all that it holds, but no other subvolumes in it. What it took comes back
// when the file system's cleaner has been there. The error is fs.ErrPermission for an ordinary user where the
// file system is not mounted with user_subvol_rm_allowed; if it is, a read-only subvolume must be unsealed before.
func (d *Dir) RemoveSubvolume(name string) error {
	return d.fail("remove subvolume", name, d.removeSubvolume(name))
}

// IsSubvolume reports whether the folder is a subvolume.
func (d *Dir) IsSubvolume() (bool, error) {
	is, err := d.isSubvolume()
	return is, pathError("fstatfs", d.path, err)
}

// Sealed reports whether the subvolume is read-only.
func (d *Dir) Sealed() (bool, error) {
	is, err := d.sealed()
	return is, pathError("flags of subvolume", d.path, err)
}

// Seal makes the subvolume read-only, or ends that. It cannot be renamed then. Only its owner and root may.
func (d *Dir) Seal(readOnly bool) error {
	return pathError("set flags of subvolume", d.path, d.seal(readOnly))
}

// LastRemoved is the number of the last subvolume on the file system that is removed and whose space is not back, as
// far as the cleaner has not begun with it; 0 if there is none. It also has the cleaner begin. Any folder of the file
// system will do.
func (d *Dir) LastRemoved() (id uint64, err error) {
	id, err = d.lastRemoved()
	return id, pathError("removed subvolumes", d.path, err)
}

// AwaitRemoved waits until the space of the removed subvolume id is back.
func (d *Dir) AwaitRemoved(ctx context.Context, id uint64) error {
	return pathError("wait for removed subvolume", d.path, d.awaitRemoved(ctx, id))
}
