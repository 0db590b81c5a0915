//go:build !linux

package file

func (d *Dir) session() string { return "" }
