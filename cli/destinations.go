package cli

import (
	"fmt"

	"snap/cli/cmdline"
	"snap/cli/state"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
)

func destinationsCommand() *command {
	return &command{
		Name: "destinations", Group: groupOther, Effect: true,
		Short: "the destinations that snap remembers; forget one",
		Long: `Show the destinations that this user has backed up to: when last and of what, whether
each is there now, and which is used where none is named (*): that of the last
backup, among those that snap init made or that two backups have named. While there
are none, one that was named once will do. What is below a folder for temporary
files is used only when it is named, and forgotten when it is gone.

With --forget DIR a destination is forgotten. Nothing in it changes.`,
		Examples: `snap destinations
snap destinations --forget /mnt/old`,
		Flags: flags{{Name: "forget", Kind: cmdline.String, Complete: completeDestinations,
			Usage: "forget the destination `DIR`"}},
		Run: func(c *call) error {
			if c.flags.IsSet("forget") {
				return c.forget(c.flags.String("forget"))
			}
			return c.listDestinations()
		},
	}
}

func (c *call) listDestinations() error {
	all := c.places()
	used := state.Default(all)
	if c.opts.json {
		return c.json(wire.NewKnown(all, used))
	}
	if len(all) == 0 {
		c.note("no destination is known; to make one: snap backup DEST SRC")
		return nil
	}
	return c.print().Destinations(all, used)
}

// forget takes a destination out of the list.
func (c *call) forget(dest string) error {
	if dest == "" {
		return hint.Usagef("--forget: DIR is empty")
	}
	dir := c.abs(dest)
	ok, err := c.user().Forget(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", c.user().KnownFile(), err)
	}
	if !ok {
		err := fmt.Errorf("%s: not among the destinations that are remembered", quote.Name(dest))
		if all := c.places(); len(all) > 0 {
			return hint.With(err, "these are: %s", quote.List(paths(all)))
		}
		return hint.With(err, "none is")
	}
	if c.opts.json {
		return c.json(wire.NewForgotten(dir))
	}
	if c.opts.quiet {
		return nil
	}
	return c.printf("%s is forgotten; what is in it stays\n", quote.Name(dir))
}
