//go:build !linux

package file

// brokenHere are errors of a broken file system that only this system has: none is known.
var brokenHere []error
