package file

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
