//go:build unix && !linux

package file

// hasAccessList is for systems whose access lists this package reads.
func hasAccessList(string) bool { return false }
