package file

import (
	"errors"

	"golang.org/x/sys/unix"
)

func (d *Dir) mkdirMode(name string, perm uint32) error {
	return makes(func() error { return unix.Mkdirat(d.fd, name, perm) })
}

func (d *Dir) exchange(name string, to *Dir, newName string) error {
	err := again(func() error { return unix.Renameat2(d.fd, name, to.fd, newName, unix.RENAME_EXCHANGE) })
	if err == unix.EINVAL || err == unix.ENOSYS {
		return errors.ErrUnsupported
	}
	return err
}
