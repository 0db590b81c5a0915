package restore

import (
	"context"
	"fmt"
)

// MostError says that Delete is for most of what is there, and that little of it is known: the target is hardly the
// folder that was meant. Nothing was written.
type MostError struct {
	Deleted int64 // entries, folders too, that would go, or stay only because no snapshot holds them
	There   int64 // those and what the snapshot has, too
}

func (e *MostError) Error() string {
	return fmt.Sprintf("%d of the %d entries in the target are not in the snapshot, and hardly any is known to another",
		e.Deleted, e.There)
}

// census is what a look ahead has found in the folders that Delete would clean.
type census struct {
	wanted  int64 // entries of the snapshot that are to be restored
	matched int64 // of those that are there, how many the snapshot has
	deleted int64 // that would be deleted
	sample  []string
}

// maxSample is of how many entries that would be deleted the index is asked.
const maxSample = 10_000

// deletes counts an entry that would be deleted.
func (c *census) deletes(path string) {
	if c.deleted++; len(c.sample) < maxSample {
		c.sample = append(c.sample, path)
	}
}

// fewest is the number of entries below which nothing is guarded: so many are looked through by eye.
const fewest = 4

// deletesMost reports whether a deletion is hardly meant: most of what is there would go, and neither is much of it
// known to any snapshot (held of the deleted), nor is half of what the snapshot holds there. A folder that has many
// new things beside the old ones is not meant by this.
func deletesMost(c *census, held int64) bool {
	there := c.matched + c.deleted
	return c.deleted >= fewest && 2*c.deleted > there && 4*(c.matched+held) < there && 2*c.matched < c.wanted
}

// guard refuses a deletion that is hardly meant: *MostError.
func (p *plan) guard(ctx context.Context) error {
	if p.DeleteMost || !deletesMost(&p.census, 0) {
		return nil
	}
	held, err := p.db.EverHeld(ctx, p.census.sample)
	if err != nil {
		return err
	}
	n := int64(0)
	for _, yes := range held {
		if yes {
			n++
		}
	}
	n = n * p.census.deleted / int64(len(held))
	if deletesMost(&p.census, n) {
		return &MostError{p.census.deleted, p.census.matched + p.census.deleted}
	}
	return nil
}
