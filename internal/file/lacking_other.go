//go:build !linux

package file

// What only Linux has: elsewhere nothing is known, and nothing happens.

func (d *Dir) mounted(string) bool { return false }

func (d *Dir) mountOptions() string { return "" }

func (d *Dir) session() string { return "" }

func readAhead(string) {}

func forgetMapped(addr, size uintptr) {}

func (d *Dir) lacksXattr(name, attr string) bool { return false } // none are read

// brokenHere are errors of a broken file system that only this system has: none is known.
var brokenHere []error
