package cli

import (
	"slices"

	"github.com/urfave/cli/v2"

	"snap/backup"
)

func deleteCommand() *command {
	return &command{
		name: "delete", args: "REF…", min: 1, max: -1, group: groupKeep, does: true,
		short: "delete snapshots",
		long: `Delete snapshots. What other snapshots share with them stays, and so does every
answer about the others. Not even a pinned snapshot is spared: it was named.`,
		examples: `snap delete -n oldest  # what would it free?
snap delete 20261101-120000 latest~3`,
		codes:    []int{exitNoDest, exitLocked, exitInterrupted, exitTerminated},
		flags:    []cli.Flag{dryFlag("say what would be freed and delete nothing")},
		complete: completeRef,
		run:      runDelete,
	}
}

func runDelete(c *call) error {
	dest, err := c.find()
	if err != nil {
		return err
	}
	var names []string
	err = c.reading(func(d *destination) error {
		for _, ref := range c.args {
			pos, err := d.resolver(c).ref(ref)
			if err != nil {
				return err
			}
			if name := d.snaps[pos].Name; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.removing(dest, "delete", false, func(d *backup.Destination) (*backup.Plan, stops, error) {
		plan, err := d.Select(c.ctx, names)
		return plan, stops{}, err
	})
}
