package destination

import (
	"context"
	"errors"
	"time"

	"snap/internal/stream"
)

// The space of a subvolume that was deleted comes back when the file system's cleaner has been there, half a minute
// later or more. Whoever asks what is free, to decide what else must go, waits for it.

// How the space is looked for on a system that does not tell of deleted subvolumes, or whose cleaner has begun: it is
// back when it has stopped growing.
const (
	deletedLately = 2 * time.Minute // before that long all is back
	looksAtFree   = 500 * time.Millisecond
	steadyLooks   = 6
	mostLooks     = 80
)

// AwaitRemoved waits until the space of deleted snapshots is back. An error is that of the context.
func (d *Destination) AwaitRemoved(ctx context.Context) error {
	if info, err := d.Root.System(); err != nil || info.Type != "btrfs" {
		return nil
	}
	last := uint64(0)
	for {
		id, err := d.Root.LastRemoved()
		if err != nil || id == 0 {
			break
		}
		last = id
		if err := stream.Pause(ctx, looksAtFree/2); err != nil {
			return err
		}
	}
	if last != 0 && d.Root.AwaitRemoved(ctx, last) == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	trash, err := d.Trash.Stat()
	if age := time.Since(trash.Mtime.Time()); err != nil || age < 0 || age > deletedLately {
		return nil
	}
	return d.awaitSteady(ctx)
}

// awaitSteady waits until no more space comes back.
func (d *Destination) awaitSteady(ctx context.Context) error {
	most, steady := uint64(0), 0
	for n := 0; n < mostLooks && steady < steadyLooks; n++ {
		info, err := d.Root.System()
		if err != nil {
			return nil // whoever decides meets it again
		}
		if steady++; info.FreeBytes > most {
			most, steady = info.FreeBytes, 0
		}
		if err := errors.Join(d.Root.SyncSystem(), stream.Pause(ctx, looksAtFree)); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			return nil
		}
	}
	return nil
}
