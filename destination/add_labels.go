package destination

import (
	"context"
	"fmt"
	"slices"

	"snap/index"
	"snap/record"
)

// AddedLabels are what AddLabels gave a snapshot.
type AddedLabels struct {
	Header *record.Header // the snapshot, with its labels as they are then; nil: it got none
	Tags   []string       // those that it lacked
	Note   bool           // it had none
	Kept   string         // the note that it has instead of the new one, "" for none
}

// AddLabels gives the snapshot called name the tags that it lacks, and the note if it has none. In a dry run it only
// finds out what would be given. index.ErrNotFound: there is no such complete snapshot.
func (d *Destination) AddLabels(ctx context.Context, name string, tags []string, note string,
	dryRun bool) (a AddedLabels, err error) {
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return a, err
	}
	i := slices.IndexFunc(all, func(h record.Header) bool { return h.Name == name && h.State == record.Complete })
	if i < 0 {
		return a, fmt.Errorf("snapshot %s: %w", name, index.ErrNotFound)
	}
	h := &all[i]
	a.Tags = slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return slices.Contains(h.Tags, t) })
	a.Note = note != "" && h.Note == ""
	if note != "" && h.Note != "" && h.Note != note {
		a.Kept = h.Note
	}
	if len(a.Tags) == 0 && !a.Note {
		return a, nil
	}
	h.Tags = slices.Concat(h.Tags, a.Tags)
	if a.Note {
		h.Note = note
	}
	a.Header = h
	if dryRun {
		return a, nil
	}
	return a, d.SetLabels(ctx, name, h.Tags, h.Note)
}
