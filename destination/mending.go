package destination

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// mendingName is a folder at the top of a tree in which a repair makes what it puts in its place.
const mendingName = ".snap-mending"

// Mending makes that folder, if need be, and opens it.
func (d *Destination) Mending(top *file.Dir, h *record.Header) (*file.Dir, error) {
	if own, err := d.mendsIn(context.Background(), h); err != nil || !own {
		return nil, cmp.Or(err, fmt.Errorf("snapshot %s has a %s of its own", h.Name, mendingName))
	}
	return OpenOrMake(top, mendingName)
}

// DropMending removes it again, if it is there.
func (d *Destination) DropMending(ctx context.Context, h *record.Header) error {
	if own, err := d.mendsIn(ctx, h); err != nil || !own {
		return err
	}
	top, err := d.Root.OpenDir(h.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer top.Close()
	return RemoveAny(ctx, top, mendingName)
}

// mendsIn reports whether the folder is a repair's, and not of the source.
func (d *Destination) mendsIn(ctx context.Context, h *record.Header) (bool, error) {
	_, _, err := d.DB.Lookup(ctx, h.Seq, mendingName)
	if errors.Is(err, index.ErrNotFound) {
		return true, nil
	}
	return false, err
}
