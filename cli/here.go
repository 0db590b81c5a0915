package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"snap/backup"
	"snap/index"
)

// A folder that holds other things than snapshots is most likely not meant to be a destination: snap backup ~ lacks
// the destination, snap backup SRC DEST has both in the wrong order.

func hereFlag() cli.Flag {
	return &cli.BoolFlag{Name: "here", Usage: "make DEST a destination although it holds other things"}
}

// tidyFiles are files that systems and desktops put into any folder, and the mark of rsync-time-backup for a destination.
var tidyFiles = []string{"backup.marker", ".DS_Store", ".directory", ".hidden", "desktop.ini", "Thumbs.db", ".localized"}

// tidyFolders are more such folders than those that backup.SystemFolder knows, by how their names begin.
var tidyFolders = []string{".Trash", ".Spotlight-", ".fseventsd", ".TemporaryItems", ".DocumentRevisions-", "$RECYCLE.BIN", "RECYCLER", "FOUND."}

// strange are the names in dest that make it no destination to be. A settings file says that it is meant to be one.
func (c *call) strange(dest, format string) ([]string, error) {
	entries, err := os.ReadDir(dest)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		switch {
		case name == optionsFile:
			return nil, nil
		case name == ".snap" || name == blacklistFile || name == whitelistFile || slices.Contains(tidyFiles, name):
		case name == "latest" && e.Type() == os.ModeSymlink:
		case e.IsDir() && (backup.SystemFolder(name) || slices.ContainsFunc(tidyFolders, func(p string) bool { return strings.HasPrefix(name, p) })):
		case e.IsDir() && c.snapshotName(name, format):
		default:
			names = append(names, name)
		}
	}
	return names, nil
}

// rsnapshotName is how rsnapshot calls its folders.
var rsnapshotName = regexp.MustCompile(`^(?:hourly|daily|weekly|monthly|yearly|alpha|beta|gamma|delta)\.\d+$`)

// snapshotName reports whether a folder of this name looks like a snapshot, of snap or of another program.
func (c *call) snapshotName(name, format string) bool {
	zone := c.env.Now().Location()
	if _, ok := timeOfName(name, format, zone); ok || rsnapshotName.MatchString(name) {
		return true
	}
	_, dated := foreignTime(name, zone)
	return dated && strings.Trim(name, "0123456789-_.:T ") == ""
}

// checkStrange refuses to make a destination of a folder with other things in it, unless --here says so. source is what
// is to be backed up, "" for nothing.
func (c *call) checkStrange(dest, source, format string) error {
	if c.flags.Bool("here") || made(dest) {
		return nil
	}
	names, err := c.strange(dest, format)
	if err != nil || len(names) == 0 {
		return err
	}
	err = usagef("destination %s: it is none yet, and holds other things: %s", quote(dest), enumerate(names))
	if there, _ := isDestination(source); source != "" && there {
		return withHint(err, "%s is a destination: are the two in the wrong order? snap backup %s %s", quote(source), shellWord(source), shellWord(dest))
	}
	err = withHint(err, "to keep snapshots beside these things all the same, or if they are those of another program: --here")
	if source == "" {
		return withHint(err, "to back it up: snap backup DEST %s", shellWord(dest))
	}
	return withHint(err, "make a new folder for the snapshots, as with: snap init %s", shellWord(filepath.Join(dest, "snapshots")))
}

// made reports whether dest is a destination: not only a folder .snap, which other programs make too.
func made(dest string) bool {
	if _, err := os.Lstat(index.Path(dest)); err == nil {
		return true
	}
	sets, _ := os.ReadDir(filepath.Join(dest, ".snap", "changes"))
	return len(sets) > 0
}

// backupNothing is a backup without a source: it makes dest a destination, and says which line would back up.
func (c *call) backupNothing(dest string) error {
	for _, f := range c.flags.LocalFlagNames() {
		if f != "here" && slices.ContainsFunc(backupCommand().flags, func(b cli.Flag) bool { return slices.Contains(b.Names(), f) }) {
			return usagef("--%s without SRC: it is not said what to back up", f)
		}
	}
	args := shellWord(dest) + " SRC"
	if slices.ContainsFunc(c.known(), func(k knownDest) bool { return k.Path == dest && k.Source != "" }) {
		args = "-d " + shellWord(dest)
	}
	return c.initialize(dest, c.env.program.typed("no source was named, so no backup was made; to make one: snap backup ")+args)
}
