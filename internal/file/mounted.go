package file

// Mounted reports whether something is mounted on the folder name of d, as the system's list of mounts says: also
// where what is mounted lets nobody look at it. Elsewhere than on Linux it says no.
func (d *Dir) Mounted(name string) bool { return d.mounted(name) }

// MountOptions are the options of the file system that d is on, as the system's list of mounts has them:
// "rw,umask=000". Elsewhere than on Linux, and where nothing is known, "".
func (d *Dir) MountOptions() string { return d.mountOptions() }
