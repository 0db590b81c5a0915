//go:build !linux

package file

import (
	"errors"
	"os"
	"syscall"
)

// Chmod sets the folder's own mode.
func (d *Dir) Chmod(mode uint16) error { return os.Chmod(d.path, os.FileMode(mode&0o777)) }

// KeepXattrs removes the extended attributes that keep does not name; here there are none.
func (f *File) KeepXattrs(keep []Xattr) error { return nil }

// KeepXattrs is File.KeepXattrs for the folder itself.
func (d *Dir) KeepXattrs(keep []Xattr) error { return nil }

// DiskFull reports whether err means that nothing more fits on the file system, or may be written to it.
func DiskFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EROFS) }

// DiskFailed reports whether err means that the file system or this process can write nothing more.
func DiskFailed(err error) bool {
	for _, e := range []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
