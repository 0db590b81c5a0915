package file

import "golang.org/x/sys/unix"

func (d *Dir) lacksXattr(name, attr string) bool {
	_, err := retry(func() (int, error) { return unix.Lgetxattr(d.procPath(name), attr, nil) })
	return err == unix.ENODATA
}
