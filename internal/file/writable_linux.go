package file

// Unlock gives this user every right on the folder name, so that what is in it can be removed. It never
// follows a link.
func (d *Dir) Unlock(name string) error {
	return pathError("chmod", join(d.path, name), chmodAt(d.fd, name, 0o700))
}
