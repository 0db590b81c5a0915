package file

// Unlock gives this user every right on the folder name, so that what is in it can be removed. It never
// follows a link.
func (d *Dir) Unlock(name string) error {
	h, err := d.Hold(name)
	if err != nil {
		return err
	}
	defer h.Close()
	return pathError("chmod", h.path, h.target().chmod(0o700))
}
