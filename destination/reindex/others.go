package reindex

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tidyFiles are files that systems and desktops put into any folder, and the mark of rsync-time-backup for a
// destination.
var tidyFiles = []string{"backup.marker", ".DS_Store", ".directory", ".hidden", "desktop.ini", "Thumbs.db",
	".localized"}

// tidyFolders are more such folders than those that SystemFolder knows, by how their names begin.
var tidyFolders = []string{".Trash", ".Spotlight-", ".fseventsd", ".TemporaryItems", ".DocumentRevisions-",
	"$RECYCLE.BIN", "RECYCLER", "FOUND."}

// Others are the names in the folder dest that are of no destination: neither those of a snapshot, as snapshot says,
// nor own, nor what systems put there.
func Others(dest string, own []string, snapshot func(name string) bool) (names []string, err error) {
	entries, err := os.ReadDir(dest)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case name == ".snap" || slices.Contains(own, name) || slices.Contains(tidyFiles, name):
		case e.Type() == os.ModeSymlink && (name == "latest" || leadsTo(filepath.Join(dest, name), snapshot)):
		case e.IsDir() && (SystemFolder(name) ||
			slices.ContainsFunc(tidyFolders, func(p string) bool { return strings.HasPrefix(name, p) })):
		case e.IsDir() && snapshot(name):
		default:
			names = append(names, name)
		}
	}
	return names, nil
}

// leadsTo reports whether the link leads to a snapshot beside it.
func leadsTo(link string, snapshot func(name string) bool) bool {
	target, err := os.Readlink(link)
	if err != nil {
		return false
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(link), target)
	}
	return filepath.Dir(filepath.Clean(target)) == filepath.Dir(link) && snapshot(filepath.Base(target))
}
