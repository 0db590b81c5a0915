//go:build !linux

package file

func (d *Dir) mounted(string) bool { return false }

func (d *Dir) mountOptions() string { return "" }
