package restore

import (
	"context"
	"fmt"
)

// MostError says that Delete would remove most of what is there, and that snapshots know little of it: the target is
// probably not the folder that was meant. Nothing was written.
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

// maxSample is how many of the entries that would be deleted the index is asked about.
const maxSample = 10_000

// deletes counts an entry that would be deleted.
func (c *census) deletes(path string) {
	if c.deleted++; len(c.sample) < maxSample {
		c.sample = append(c.sample, path)
	}
}

// fewest is the number of deletions below which nothing is guarded: a user sees at a glance what so few are.
const fewest = 4

// deletesMost reports whether a deletion is probably a mistake: most of what is there would go, little of it is known
// to any snapshot (held is how many of the deleted are), and less than half of what the snapshot holds is there. A
// folder with many new things beside the old ones is no mistake.
func deletesMost(c *census, held int64) bool {
	there := c.matched + c.deleted
	return c.deleted >= fewest && 2*c.deleted > there && 4*(c.matched+held) < there && 2*c.matched < c.wanted
}

// guard refuses a deletion that is probably a mistake: *MostError.
func (p *plan) guard(ctx context.Context) error {
	if p.run.o.DeleteMost || !deletesMost(&p.run.census, 0) {
		return nil
	}
	held, err := p.run.db.EverHeld(ctx, p.run.census.sample)
	if err != nil {
		return err
	}
	n := int64(0)
	for _, yes := range held {
		if yes {
			n++
		}
	}
	n = n * p.run.census.deleted / int64(len(held))
	if deletesMost(&p.run.census, n) {
		return &MostError{p.run.census.deleted, p.run.census.matched + p.run.census.deleted}
	}
	return nil
}
