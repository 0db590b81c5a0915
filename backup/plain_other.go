//go:build !unix

package backup

const openPlain = 0
