package cli

import (
	"errors"
	"os"

	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/state"
	"snap/cli/wire"
	"snap/destination"
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
	if err := c.remember(dest, d.ID, "", state.Made); err != nil {
		c.note("the list of known destinations could not be written: %v", err)
	}
	if all, err := d.DB.Snapshots(c.ctx); err == nil && len(all) == 0 {
		if found, err := c.names(s.Format).Strangers(dest); err == nil {
			c.print().Strangers(&found, dest)
		}
	}
	i := &report.Initialized{Dest: dest, Made: made, Can: can, Note: note, Short: note != "" && was && len(made) == 0}
	if c.flags.Bool("take-over") {
		i.Taken = c.takenLines(d, dest)
	}
	switch {
	case c.opts.json:
		return c.json(wire.NewInit(dest, made, can, d.Taken, note))
	case c.opts.quiet && note != "": // a variable with the source may be empty, and then no backup is ever made
		c.warn("%s", note)
		fallthrough
	case c.opts.quiet:
		return nil
	}
	return c.print().Initialized(i)
}
