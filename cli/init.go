package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/dustin/go-humanize"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/wire"
	"snap/destination"
	"snap/internal/quote"
)

func initCommand() *command {
	return &command{
		Name: "init", Args: "DEST", Min: 1, Max: 1, Group: groupMake, Effect: true,
		Short: "make DEST a destination: settings files and index",
		Long: `Make the folder DEST a destination: its settings files with comments, and its
index. Files that are there stay as they are. Then say what the file system there
can do for snapshots and what it cannot. The folder is made if only its last part
is missing. One that holds other things than snapshots is refused without --here.

Only the user who made a destination writes to it. With --take-over root becomes
its owner. The snapshots that are there stay the other user's files: the next backup
copies everything once.`,
		Examples: `snap init /mnt/disk/me
sudo snap init /mnt/disk/me --take-over  # from a user to root`,
		Flags: flags{hereFlag(), takeOverFlag()},
		Codes: []int{exit.Refused, exit.Locked},
		Run: func(c *call) error {
			if err := c.noneEmpty("DEST"); err != nil {
				return err
			}
			dest := c.abs(c.args[0])
			if err := os.Mkdir(dest, 0o700); err != nil && !errors.Is(err, os.ErrExist) && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			return c.initialize(dest, "")
		},
	}
}

// initialize makes settings files and index where they are missing and reports what dest can do. note is what to say
// of a backup that only does this.
func (c *call) initialize(dest, note string) (err error) {
	if err := checkDest(dest); err != nil {
		return err
	}
	s, err := c.readSettings(dest)
	if err != nil {
		return err
	}
	if err := c.checkStrange(dest, "", s.Format); err != nil {
		return err
	}
	if err := c.checkTakeOver(dest, &s); err != nil {
		return err
	}
	was := isMade(dest)
	d, err := c.openToWrite(dest, destination.Options{Create: true, TakeOver: c.flags.Bool("take-over"),
		LockWait: c.opts.lockWait, Holder: c.holder("init")})
	if err != nil {
		return exit.Hint(err, dest)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	made, err := settings.WriteTemplates(dest)
	if err != nil {
		return err
	}
	can, err := d.Capabilities()
	if err != nil {
		return err
	}
	if err := c.remember(dest, d.ID, ""); err != nil {
		c.note("the list of known destinations could not be written: %v", err)
	}
	if all, err := d.DB.Snapshots(c.ctx); err == nil && len(all) == 0 {
		found, err := c.strangers(dest, s.Format)
		switch names := append(found.named, found.dated...); {
		case err != nil:
		case len(names) > 0:
			c.note("folders that look like snapshots: %s; to take them in, before the first backup: snap reindex -d %s%s "+
				"--source-dir SRC", quote.List(names), quote.Word(dest), found.adopt())
		case len(found.others) > 0:
			c.note("folders that snap has not made: %s; if they are snapshots of another program, take them in before the "+
				"first backup: snap reindex -d %s --adopt --source-dir SRC", quote.List(found.others), quote.Word(dest))
		}
	}
	if c.opts.json {
		if made == nil {
			made = []string{}
		}
		path, b64 := wire.Name(dest)
		return c.json(wire.Init{Type: "summary", Path: path, PathB64: b64, Made: made, Ready: can,
			Taken: newTakenJSON(d.Taken), Note: note})
	}
	if c.opts.quiet {
		if note != "" { // a variable with the source may be empty, and then no backup is ever made
			c.warn("%s", note)
		}
		return nil
	}
	lines := []string{quote.Name(dest) + " is a snap destination"}
	if c.flags.Bool("take-over") {
		lines = append(lines, c.takenLines(d, dest)...)
	}
	if len(made) > 0 {
		lines = append(lines, "  made          "+strings.Join(made, ", "))
	}
	lines = append(lines[:1:1], c.WrapAll(lines[1:], 2)...)
	lines = append(lines, c.WrapAll(c.capabilityLines(can), 16)...)
	if note != "" {
		if was && len(made) == 0 { // snap init tells the rest
			lines = lines[:1]
		}
		return c.printf("%s\n%s\n", note, strings.Join(lines, "\n"))
	}
	return c.printf(c.env.program.Typed("%s\n\nnext: read %s, then snap backup %s SRC\n"), strings.Join(lines, "\n"),
		settings.BlacklistFile, quote.Word(dest))
}

// namesText says which names a destination holds. Others are in the index alone.
func namesText(can destination.Capabilities) string {
	text := fmt.Sprintf("up to %d bytes", can.LongestName)
	if len(can.Refused) == 0 {
		return text + ", of any characters"
	}
	return text + ", not with " + strings.Join(can.Refused, " ") + ": such files are named by each backup, and not kept"
}

// capabilityLines say what a destination can do, a line each.
func (c *call) capabilityLines(can destination.Capabilities) []string {
	yes := func(ok bool, yes, no string) string {
		if ok {
			return "yes: " + yes
		}
		return "no: " + no
	}
	links := "unchanged files cost a name, not their bytes"
	if can.LinkLimit > 0 {
		links += fmt.Sprintf(" (%d names a file at most, then one more copy)", can.LinkLimit)
	}
	inodes := ""
	if can.HasInodes {
		inodes = ", " + humanize.Comma(int64(min(can.FreeInodes, math.MaxInt64))) + " inodes"
	}
	return []string{
		"  file system   " + can.System,
		"  hard links    " + yes(can.HardLinks, links, "every snapshot would be a full copy"),
		"  reflinks      " + yes(can.Reflinks, "a change of mode or owner costs no second copy of the bytes",
			"a change of mode or owner copies the file again"),
		"  attributes    " + yes(can.Xattrs, "xattrs and ACLs are kept in the tree",
			"xattrs and ACLs are kept in the index and come back by snap restore"),
		"  owners        " +
			yes(can.Owners, "files keep their owners", "this user cannot set them; they are kept in the index"),
		"  upper/lower   " + yes(can.CaseSensitive, "names that differ in case are different files",
			"names that differ only in case cannot both be kept"),
		"  names         " + namesText(can),
		"  time stamps   " + can.Timestamps,
		"  free          " + c.Size(int64(can.FreeBytes)) + inodes,
	}
}
