package file

import "golang.org/x/sys/unix"

// hasAccessList reports whether a POSIX access list stands beside the mode of what is at path.
func hasAccessList(path string) bool {
	n, err := unix.Lgetxattr(path, "system.posix_acl_access", nil)
	return err == nil && n > 0
}
