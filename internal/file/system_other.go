//go:build !unix

package file

const Plain = 0

// ReachOfOthers is for systems with a root.
func ReachOfOthers(string) string { return "" }

func openLimit() int { return manyOpen }
