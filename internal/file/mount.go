package file

// Mounted reports whether something is mounted on the folder name of d, as the system's list of mounts says: also
// where what is mounted lets nobody look at it. Elsewhere than on Linux it says no.
func (d *Dir) Mounted(name string) bool { return d.mounted(name) }

// MountOptions are the options of the file system that d is on, as the system's list of mounts has them:
// "rw,umask=000". Elsewhere than on Linux, and where nothing is known, "".
func (d *Dir) MountOptions() string { return d.mountOptions() }

// Session names the time since the machine was booted and the folder's file system was mounted where it
// is: two folders with the same one see all that was ever written between, durable or not. A disk that
// was pulled out and mounted again has another one, as it has after a power cut. It is "" where the
// system does not tell (Linux does from 6.8 on: older kernels give the number of a mount out again),
// and then nothing may be concluded.
func (d *Dir) Session() string { return d.session() }
