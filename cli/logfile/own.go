package logfile

import (
	"path/filepath"

	"snap/internal/file"
	"snap/scan"
)

// OwnFiles are the files that snap itself writes and that may lie below a source: in folders, those that is knows by
// their names, and the log of the destination. They are no change of the source.
func OwnFiles(dest, log string, folders []string, is func(name string) bool) (own []scan.OwnFiles) {
	add := func(dir string, is func(name string) bool) {
		d, err := file.OpenRoot(dir)
		if err != nil {
			return // not there
		}
		defer d.Close()
		if s, err := d.Stat(); err == nil {
			own = append(own, scan.OwnFiles{In: s, Is: is})
		}
	}
	for _, dir := range folders {
		add(dir, is)
	}
	if path := At(dest, log); path != "" {
		add(filepath.Dir(path), IsFile(filepath.Base(path)))
		if real, err := filepath.EvalSymlinks(path); err == nil {
			add(filepath.Dir(real), IsFile(filepath.Base(real)))
		}
	}
	return own
}
