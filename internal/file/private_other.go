//go:build !linux

package file

import (
	"errors"
	"os"
)

func (d *Dir) mkdirMode(name string, perm uint32) error {
	return bare(os.Mkdir(join(d.path, name), os.FileMode(perm)))
}

func (d *Dir) exchange(string, *Dir, string) error { return errors.ErrUnsupported }
