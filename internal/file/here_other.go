//go:build !linux

package file

func (d *Dir) openHere(name string) (dirHandle, error) { return d.openCompared(name) }
