//go:build !linux

package harness

// memory is a new folder in memory. Elsewhere the tests use the disk.
func memory() string { return "" }
