package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"snap/cli/cmdline"
	"snap/cli/settings"
	"snap/cli/state"
	"snap/destination/reindex"
	"snap/index"
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
	if c.flags.Bool("here") || isMade(dest) {
		return nil
	}
	own := []string{settings.BlacklistFile, settings.WhitelistFile}
	names, err := reindex.Others(dest, own, c.names(format).OfSnapshot)
	if err != nil || len(names) == 0 {
		return err
	}
	if _, err := os.Lstat(filepath.Join(dest, settings.OptionsFile)); err == nil {
		return nil // it says that the folder is meant to be one
	}
	err = hint.Usagef("destination %s: is not one yet, and holds other things: %s", quote.Name(dest), quote.List(names))
	if there, _ := isDestination(source); source != "" && there {
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

// isMade reports whether dest is a destination: not only a folder .snap, which other programs make too. What cannot be
// looked into may be one, and who opens it tells why that cannot be.
func isMade(dest string) bool {
	if _, err := os.Lstat(index.Path(dest)); err == nil || errors.Is(err, fs.ErrPermission) {
		return true
	}
	sets, _ := os.ReadDir(filepath.Join(dest, ".snap", "changes"))
	return len(sets) > 0
}

// sourceMeant says what somebody may have meant who named dest alone: a source to be backed up where he always does,
// or the destination with the sources that it remembers.
func (c *call) sourceMeant(dest string) string {
	if isMade(dest) {
		return fmt.Sprintf("to back up to it what its newest snapshot is of: snap backup -d %s", quote.Word(dest))
	}
	quiet := c.opts.quiet
	c.opts.quiet = true
	other, err := c.look()
	c.opts.quiet = quiet
	if err != nil || other == dest {
		return "to back it up: snap backup DEST " + quote.Word(dest)
	}
	return fmt.Sprintf("to back it up to %s: snap backup -d %s %s", quote.Name(other), quote.Word(other), quote.Word(dest))
}

// backupNothing is a backup without a source: it makes dest a destination, and says which line would back up.
func (c *call) backupNothing(dest string) error {
	for _, f := range c.flags.Given() {
		if f != "here" && slices.ContainsFunc(backupCommand().Flags,
			func(b cmdline.Flag[*call]) bool { return b.Name == f }) {
			return hint.With(hint.Usagef("--%s without SRC: the one argument, %s, is taken for DEST, and nothing says what to "+
				"back up", f, quote.Name(dest)),
				"%s", hint.Text(c.sourceMeant(dest)))
		}
	}
	args := quote.Word(dest) + " SRC"
	if slices.ContainsFunc(c.known(), func(k state.Known) bool { return k.Path == dest && k.Source != "" }) {
		args = "-d " + quote.Word(dest)
	}
	return c.initialize(dest,
		c.env.program.Typed("no source is named, so no backup was made; to make one: snap backup ")+args)
}
