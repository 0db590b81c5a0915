package cli

import (
	"snap/cli/exit"
	"snap/cli/wire"
	"snap/internal/quote"
	"snap/remote/replica"
)

func promoteCommand() *command {
	return &command{
		Name: "promote", Args: "DEST", Min: 1, Max: 1, Group: groupFar, Effect: true,
		Short: "make a replica a destination that is backed up to",
		Long: `
Makes the replica DEST, which snap copy has made, a destination of its own: the next
backup may go to it. Do this when the one that it was copied from is lost, or is to be
so no more: a snapshot that is made in both parts them. What was copied from follows
the other way with snap copy --follow.`,
		Examples: `
snap promote /mnt/other/me && snap backup /mnt/other/me ~`,
		Codes: []int{exit.Refused, exit.NoDest, exit.Locked},
		Run: func(c *call) error {
			dest := c.abs(c.args[0])
			if err := replica.Promote(c.ctx, dest, c.holder("promote"), c.opts.lockWait); err != nil {
				return exit.Hint(err, dest)
			}
			if c.opts.json {
				return c.json(wire.NewPromoted(dest))
			}
			c.note("%s is no replica any more: it can be backed up to", quote.Name(dest))
			return nil
		},
	}
}
