package cli

import (
	"fmt"
	"slices"

	"snap/cli/exit"
	"snap/cli/state"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
)

// checkDisk refuses a destination that is not the one that this user's backups went to before: an empty
// mount point, or another disk in its place. What this user has made with init is known.
func (c *call) checkDisk(dest string) error {
	known := c.known()
	here := slices.DeleteFunc(slices.Clone(known), func(k state.Known) bool { return k.Path != dest })
	if len(here) == 0 {
		return nil
	}
	last := slices.MaxFunc(here, func(a, b state.Known) int { return a.Last.Compare(b.Last) })
	const anew = "to back up to what is there now all the same: snap init %s"
	if there, err := isDestination(dest); err != nil {
		return err
	} else if !there {
		return exit.With(exit.Refused, hint.With(
			fmt.Errorf("destination %s: empty of snapshots, but backups went there until %s: is its disk not mounted?", quote.Name(dest), c.When(last.Last)),
			"mount the disk; "+anew, quote.Word(dest)))
	}
	db, err := index.Open(index.Path(dest))
	if err != nil {
		return nil // told when it is opened
	}
	db.Trust(c.trusted(dest)...)
	defer c.proved(dest, db) // and is not proved once more by the backup
	id, err := db.ID(c.ctx)
	if err != nil || slices.ContainsFunc(known, func(k state.Known) bool { return k.ID == id }) {
		return nil
	}
	return exit.With(exit.Refused, hint.With(
		fmt.Errorf("destination %s: not the one that backups went to until %s, but another: is this another disk?", quote.Name(dest), c.When(last.Last)),
		"connect the right disk; "+anew, quote.Word(dest)))
}
