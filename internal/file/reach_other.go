//go:build !unix

package file

// ReachOfOthers is for systems with a root.
func ReachOfOthers(string) string { return "" }

// ReachOfOthersThan is for systems with owners.
func ReachOfOthersThan(string, int) string { return "" }
