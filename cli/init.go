package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/locate"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/state"
	"snap/cli/wire"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
	"snap/query"
)

func initCommand() *command {
	return &command{
		Name: "init", Args: "DEST", Min: 1, Max: 1, Group: groupMake, Effect: true,
		Short: "make DEST a destination: settings files and index",
		Long: `Make the folder DEST a destination: its settings files with comments, and its
index. Files that are there stay as they are. Then say what the file system there
can do for snapshots and what it cannot. The folder is made if only its last part
is missing. One that holds other things than snapshots is refused without --here.

On btrfs snapshots are subvolumes, unless there are some that are folders: --store
says otherwise, and is noted in BackupOptions.txt.

Only the user who made a destination writes to it. With --take-over root becomes
its owner. The snapshots that are there stay the other user's files: the next backup
copies everything once.`,
		Examples: `snap init /mnt/disk/me
sudo snap init /mnt/disk/me --take-over  # from a user to root`,
		Flags: flags{hereFlag(), takeOverFlag(),
			{Name: "store", Kind: cmdline.String, OneOf: destination.Stores(),
				Usage: "what snapshots are from now on, `HOW`: auto, hardlink or subvolume"}},
		Codes: []int{exit.Refused, exit.Locked},
		Run: func(c *call) error {
			dest := c.abs(c.args[0])
			if err := destination.CheckPlace(c.ctx, dest); err != nil {
				return exit.Hint(err, dest)
			}
			if !c.flags.Bool("here") {
				if err := c.checkDisk(dest, true); err != nil {
					return err
				}
			}
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
	if err := locate.CheckDest(c.ctx, dest); err != nil {
		return err
	}
	if err := c.notMine(dest); err != nil && !c.flags.Bool("take-over") {
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
	was := destination.IsMade(dest)
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
	if how := c.flags.String("store"); how != "" {
		if s.Store, err = destination.ParseStore(how); err != nil {
			return err
		}
		if err := settings.Set(dest, "store", how); err != nil {
			return err
		}
	}
	store, why, err := d.NextStore(c.ctx, s.Store)
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
	i := &report.Initialized{Dest: dest, Made: made, Can: can, Store: store, Why: why,
		Note: note, Short: note != "" && was && len(made) == 0}
	if all, err := query.ReadSnapshots(c.ctx, d.DB); err == nil && len(all) > 0 {
		i.Used = all[all.Newest()].Source != ""
	} else if err == nil {
		if found, err := c.names(s.Format).Strangers(dest); err == nil {
			c.print().Strangers(&found, dest)
			i.Found = &found
		}
	}
	if c.flags.Bool("take-over") {
		i.Taken = job.TakenLines(c.ctx, d, dest)
	}
	switch {
	case c.opts.json:
		return c.json(wire.NewInit(dest, made, can, store.String(), why, d.Taken, note))
	case c.opts.quiet && note != "": // a variable with the source may be empty, and then no backup is ever made
		c.warn("%s", note)
		fallthrough
	case c.opts.quiet:
		return nil
	}
	return c.print().Initialized(i)
}

func takeOverFlag() cmdline.Flag[*call] {
	return cmdline.Flag[*call]{Name: "take-over",
		Usage: "as root: become the owner of another user's destination; everything is copied once"}
}

// checkTakeOver refuses to take over settings that say where root would write: they are another user's words.
func (c *call) checkTakeOver(dest string, s *settings.Settings) error {
	if !c.flags.Bool("take-over") {
		return nil
	}
	path := filepath.Join(dest, settings.OptionsFile)
	root, err := file.OpenRoot(dest)
	if err != nil {
		return err
	}
	defer root.Close()
	options, err := root.Lstat(settings.OptionsFile)
	if err == nil && options.UID != 0 && s.Logfile != "" && s.Logfile != os.DevNull {
		return exit.With(exit.Refused, hint.With(fmt.Errorf("%s: another user says there where root is to write a log: %s",
			quote.Name(path), quote.Name(s.Logfile)),
			"look at it; remove the line, or make the file yours: chown root %s", quote.Word(path)))
	}
	return nil
}
