package cli

import (
	"errors"
	"os"
	"syscall"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/state"
	"snap/cli/wire"
	"snap/destination/reindex"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
)

func reindexCommand() *command {
	return &command{
		Name: "reindex", Group: groupKeep, Effect: true,
		Short: "rebuild the index from change sets and snapshots",
		Long: `Make DEST/.snap/index.db again from the change sets beside it. The snapshots are not
touched, and the old index is kept as index.db.old.

Where a change set is lost or damaged, its snapshot is taken from its folder: what
shares an inode with the snapshot before is unchanged, or moved if the path is
another. Of files that are new there no hash is known; the next backup reads them
in the source and in the snapshot, once, and links what is equal. Folders that no
change set names are taken in when their names are those of snapshots (the format
of BackupOptions.txt, or 20261122-134510); with --adopt all folders of DEST are,
as those of rsync --link-dest or another program, ordered by the time in their
name or else by their own. To adopt folders where snap never was: snap init DEST
first.

Only change sets and trees count. What earlier backups learned of the source
without making a snapshot, the next one learns again by reading those files.`,
		Examples: `snap reindex -d /mnt/disk/me
snap init /mnt/old; snap reindex -d /mnt/old --adopt --source-dir /home/me`,
		Codes: []int{exit.Partial, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		Flags: flags{
			{Name: "adopt", Usage: "take every folder in the destination for a snapshot"},
			{Name: "source-dir", Kind: cmdline.String,
				Usage: "`DIR` is the source of the snapshots whose change set is lost or does not name it"},
		},
		Run: func(c *call) error {
			dest, err := c.findOwn()
			if err != nil {
				return err
			}
			return c.reindex(dest)
		},
	}
}

func (c *call) reindex(dest string) error {
	s, err := c.readSettings(dest)
	if err != nil {
		return err
	}
	o := c.place(dest).ReindexOptions(&s, c.opts.lockWait)
	if o.Adopt = c.flags.Bool("adopt"); o.Adopt {
		o.Time = c.names(s.Format).AnyTime
	}
	if v := c.flags.String("source-dir"); v != "" {
		o.Source = c.abs(v)
		if info, err := os.Stat(o.Source); err != nil {
			c.warn("--source-dir: %v", err)
		} else if !info.IsDir() {
			c.warn("--source-dir %s: not a folder", quote.Name(v))
		}
	}
	line := c.progress()
	o.Progress = line.Show
	res, err := reindex.Run(c.ctx, dest, o)
	line.End()
	if errors.Is(err, syscall.EIO) {
		err = hint.With(err,
			"the disk has trouble. A change set that it cannot read may be moved away: its snapshot is then made of its folder")
	}
	if err != nil {
		return exit.Hint(err, dest)
	}
	if err := c.remember(dest, res.ID, "", state.Named); err != nil { // a new one, if no change set told the old
		c.note("the list of known destinations could not be written: %v", err)
	}
	if o.Source != "" && res.Sourced == 0 && res.Snapshots > 0 {
		c.warn("--source-dir had no effect: the source of every snapshot is known")
	}
	switch {
	case c.opts.json:
		err = c.json(wire.NewReindex(res))
	default:
		c.print().ReindexNotes(res, dest)
		if !c.opts.quiet {
			err = c.print().Reindexed(res)
		}
	}
	if err != nil {
		return err
	}
	if len(res.Lost)+len(res.Left)+len(res.Renamed) > 0 {
		return exit.With(exit.Partial, nil)
	}
	return nil
}

// names knows the snapshots of a destination by their names.
func (c *call) names(format string) *reindex.Names {
	return job.NamesOf(format, c.env.Now().Location())
}
