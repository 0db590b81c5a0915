package file

// Mounted reports whether something is mounted on the folder name of d, as the system's list of mounts says: also where what is
// mounted lets nobody look at it. Elsewhere than on Linux it says no.
func (d *Dir) Mounted(name string) bool { return d.mounted(name) }
