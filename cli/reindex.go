package cli

import "snap/backup"

func reindexCommand() *command {
	return &command{
		name: "reindex", group: groupKeep,
		short: "make the index again from the change sets",
		long: `Make DEST/.snap/index.db again from the change sets beside it. The snapshots are not
touched. The old index is put aside as index.db.old.`,
		examples: `snap reindex -d /mnt/disk/me`,
		codes:    []int{exitNoDest, exitLocked},
		run: func(c *call) error {
			dest, err := c.find()
			if err != nil {
				return err
			}
			n, err := backup.Reindex(c.ctx, dest, c.opts.lockWait, c.holder("reindex"))
			if err != nil {
				return backupHint(err, dest)
			}
			if c.opts.json {
				return c.json(map[string]any{"message_type": "summary", "snapshots": n})
			}
			if c.opts.quiet {
				return nil
			}
			return c.printf("the index is made again: %d snapshots\n", n)
		},
	}
}
