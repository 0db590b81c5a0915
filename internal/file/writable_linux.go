package file

import "golang.org/x/sys/unix"

// Unlock gives this user every right on the folder name, so that what is in it can be removed. The
// caller knows that name is a folder of its own making: fchmodat would follow a link.
func (d *Dir) Unlock(name string) error {
	return pathError("chmod", join(d.path, name), unix.Fchmodat(d.fd, name, 0o700, 0))
}
