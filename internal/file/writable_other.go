//go:build !linux

package file

import "os"

// Unlock gives this user every right on the folder name, so that what is in it can be removed.
func (d *Dir) Unlock(name string) error { return os.Chmod(join(d.path, name), 0o700) }
