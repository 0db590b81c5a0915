package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"snap/backup/source"
	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/locate"
	"snap/cli/settings"
	"snap/cli/state"
	"snap/destination"
	"snap/destination/reindex"
	"snap/filter"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
)

// A folder that holds other things than snapshots is most likely not meant to be a destination: snap backup ~ lacks
// the destination, snap backup SRC DEST has both in the wrong order.

func hereFlag() cmdline.Flag[*call] {
	return cmdline.Flag[*call]{Name: "here", Usage: "make DEST a destination even if it holds other things"}
}

// checkStrange refuses to make a destination of a folder with other things in it, unless --here says so. source is what
// is to be backed up, "" for nothing.
func (c *call) checkStrange(dest, source, format string) error {
	if c.flags.Bool("here") || destination.MayBeMade(dest) {
		return nil
	}
	names, err := c.besides(dest, format)
	if err != nil || len(names) == 0 {
		return err
	}
	err = hint.Usagef("destination %s: is not one yet, and holds other things: %s", quote.Name(dest), quote.List(names))
	if there, _ := locate.IsDestination(source); source != "" && there {
		return hint.With(err, "%s is a destination: are the two in the wrong order? snap backup %s %s", quote.Name(source),
			quote.Word(source), quote.Word(dest))
	}
	err = hint.With(err,
		"to keep snapshots beside these things all the same, or if they are those of another program: --here")
	if source == "" {
		return hint.With(err, "%s", hint.Text(c.sourceMeant(dest)))
	}
	return hint.With(err, "make a new folder for the snapshots, as with: snap init %s",
		quote.Word(filepath.Join(dest, "snapshots")))
}

// besides are the names in dest that are not of a destination, none where settings say that it is meant to be one.
func (c *call) besides(dest, format string) ([]string, error) {
	if _, err := os.Lstat(filepath.Join(dest, settings.OptionsFile)); err == nil {
		return nil, nil
	}
	own := []string{settings.BlacklistFile, settings.WhitelistFile}
	return reindex.Others(dest, own, c.names(format).OfSnapshot)
}

// checkStrangers refuses a first backup beside folders that look like snapshots, of another program or of a
// destination whose index is lost, unless --here says so: it would copy everything, and they could not be taken in any
// more, because they are older.
func (c *call) checkStrangers(dest string, src source.Chosen, format string) error {
	found, err := c.names(format).Strangers(dest)
	names := found.Snapshots()
	// The index after the folders, because another run may be making it and its first snapshot right now.
	if err != nil || len(names) == 0 || c.flags.Bool("here") || c.holdsSnapshots(dest) {
		return err
	}
	return exit.With(exit.Refused, hint.With(
		fmt.Errorf("destination %s: holds no snapshot that snap knows, and folders that look like snapshots: %s",
			quote.Name(dest), quote.List(names)),
		"to take them in, so that what is unchanged is linked to them: %s --source-dir %s\n"+
			"to begin beside them, with a full copy: add --here", c.takeIn(dest, format, &found), quote.Word(src.All()[0])))
}

// takeIn is the command line that takes folders in dest for its snapshots.
func (c *call) takeIn(dest, format string, found *reindex.Strangers) string {
	line := "snap reindex -d " + quote.Word(dest)
	if len(found.Dated) > 0 {
		line += " --adopt"
	}
	if destination.IsMade(dest) {
		return line
	}
	here := ""
	if others, _ := c.besides(dest, format); len(others) > 0 {
		here = " --here"
	}
	return "snap init " + quote.Word(dest) + here + " && " + line
}

// lost says that dest has snapshots and no folder .snap any more, and how it is made again; nil if that is not so.
// Those of another program are no word on that: they may lie where the disk is not mounted.
func (c *call) lost(dest string) error {
	if there, err := locate.IsDestination(dest); there || err != nil {
		return nil
	}
	s, _, err := settings.Read(dest, filter.Context{})
	if err != nil {
		s.Format = settings.Default().Format
	}
	found, err := c.names(s.Format).Strangers(dest)
	names := found.Snapshots()
	if _, none := os.Lstat(filepath.Join(dest, settings.OptionsFile)); none == nil {
		found.Named = names // then those with other names are its own, too
	}
	if err != nil || len(found.Named) == 0 {
		return nil
	}
	line := c.takeIn(dest, s.Format, &found)
	all := c.known()
	if i := slices.IndexFunc(all, func(k state.Known) bool { return k.Path == dest }); i >= 0 {
		if of := all[i].Source; of != "" && !strings.Contains(of, ", ") {
			line += " --source-dir " + quote.Word(of)
		}
	}
	return hint.With(fmt.Errorf("%s: its folder .snap is gone, and its snapshots are there: %s", quote.Name(dest),
		quote.List(names)), "they are plain folders and whole; to make .snap again: %s", line)
}

// holdsSnapshots reports whether the index at dest knows snapshots, or cannot tell. Where only change sets are there
// the index is lost, and is said to be when it is opened.
func (c *call) holdsSnapshots(dest string) bool {
	db, err := index.Open(index.Path(dest))
	if errors.Is(err, index.ErrMissing) || errors.Is(err, syscall.ENOTDIR) {
		return destination.IsMade(dest)
	} else if err != nil {
		return true
	}
	db.Trust(c.trusted(dest)...)
	defer c.proved(dest, db)
	all, err := db.Snapshots(c.ctx)
	return err != nil || len(all) > 0
}

// sourceMeant says what somebody may have meant who named dest alone: a source to be backed up where he always does.
func (c *call) sourceMeant(dest string) string {
	found, err := c.asked(c.opts.dest).Find()
	other := found.Dir
	if err != nil || file.Within(dest, other) != "" || file.Within(other, dest) != "" { // one would be in the other
		return "to back it up: snap backup DEST " + quote.Word(dest)
	}
	return fmt.Sprintf("to back it up to %s: snap backup -d %s %s", quote.Name(other), quote.Word(other), quote.Word(dest))
}

// backupNothing is a backup without a source to a destination that knows none: it makes dest one, and says which line
// would back up.
func (c *call) backupNothing(dest string) error {
	for _, f := range c.flags.Given() {
		if f != "here" && slices.ContainsFunc(backupCommand().Flags,
			func(b cmdline.Flag[*call]) bool { return b.Name == f }) {
			return hint.With(hint.Usagef("--%s without SRC: the one argument, %s, is taken for DEST, and nothing says what to "+
				"back up", f, quote.Name(dest)),
				"%s", hint.Text(c.sourceMeant(dest)))
		}
	}
	if err := c.checkDisk(dest, false); err != nil {
		return err
	}
	return c.initialize(dest, c.env.program.Typed("no source is named, so no backup was made; to make one: snap backup ")+
		quote.Word(dest)+" SRC")
}
