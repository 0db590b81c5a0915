//go:build !linux

package file

import "os"

// Chmod sets the folder's own mode.
func (d *Dir) Chmod(mode uint16) error { return os.Chmod(d.path, os.FileMode(mode&0o777)) }

// KeepXattrs removes the extended attributes that keep does not name; here there are none.
func (f *File) KeepXattrs(keep []Xattr) error { return nil }

// KeepXattrs is File.KeepXattrs for the folder itself.
func (d *Dir) KeepXattrs(keep []Xattr) error { return nil }
