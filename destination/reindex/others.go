package reindex

import (
	"os"
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
		case name == "latest" && e.Type() == os.ModeSymlink:
		case e.IsDir() && (SystemFolder(name) ||
			slices.ContainsFunc(tidyFolders, func(p string) bool { return strings.HasPrefix(name, p) })):
		case e.IsDir() && snapshot(name):
		default:
			names = append(names, name)
		}
	}
	return names, nil
}
