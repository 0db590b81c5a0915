//go:build !unix

package file

const Plain = 0

// ReachOfOthers is for systems with a root.
func ReachOfOthers(string) string { return "" }

// ReachOfOthersThan is for systems with owners.
func ReachOfOthersThan(string, int) string { return "" }

func openLimit() int { return manyOpen }
