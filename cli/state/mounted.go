package state

import (
	"path/filepath"

	"snap/internal/file"
)

// MountOf is the mount point that a folder, or what there is of the way to it, is on; "" where the system does not
// tell.
func MountOf(dir string) string {
	real, err := filepath.EvalSymlinks(dir)
	for err != nil && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		real, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return ""
	}
	for path := real; ; path = filepath.Dir(path) {
		if isMount(path) {
			return path
		}
		if path == filepath.Dir(path) {
			return ""
		}
	}
}

func isMount(path string) bool {
	d, err := file.OpenRoot(path)
	if err != nil {
		return false
	}
	defer d.Close()
	s, err := d.Stat()
	return err == nil && s.Root
}

// TellApart marks the places whose path another destination has now, as disks have that take turns at one mount point.
// id is that of the destination in a folder, "" where it cannot be read.
func TellApart(all []Place, id func(dir string) string) []Place {
	paths := map[string]int{}
	for i := range all {
		paths[all[i].Path]++
	}
	ids := map[string]string{}
	for i := range all {
		p := &all[i]
		if paths[p.Path] == 1 || p.Presence != Here {
			continue
		}
		if _, asked := ids[p.Path]; !asked {
			ids[p.Path] = id(p.Path)
		}
		if now := ids[p.Path]; now != "" && now != p.ID {
			p.Presence = Replaced
		}
	}
	return all
}
