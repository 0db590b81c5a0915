package file

import "golang.org/x/sys/unix"

// openHere opens a folder of the same mount. Before Linux 5.6, and where the call is forbidden, the mounts are
// compared.
func (d *Dir) openHere(name string) (dirHandle, error) {
	how := unix.OpenHow{Flags: openList, Resolve: unix.RESOLVE_NO_XDEV | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_BENEATH}
	fd, err := retry(func() (int, error) { return unix.Openat2(d.fd, name, &how) })
	switch err {
	case unix.EXDEV:
		return fd, ErrMounted
	case unix.ENOSYS, unix.EPERM:
		return d.openCompared(name)
	}
	return fd, err
}
