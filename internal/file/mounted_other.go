//go:build !linux

package file

func (d *Dir) mounted(string) bool { return false }
