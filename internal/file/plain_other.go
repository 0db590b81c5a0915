//go:build !unix

package file

const Plain = 0
