package reindex

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"snap/destination"
)

// finishDeletions finishes a deletion that was killed while the change sets still had its snapshots.
func (r *reindex) finishDeletions(ctx context.Context) error {
	err := r.d.FinishDeletions(ctx, &destination.Remover{Jobs: r.o.Jobs})
	if stuck := (*destination.StuckError)(nil); errors.As(err, &stuck) {
		r.res.Notes = append(r.res.Notes, stuck)
	} else if err != nil {
		return err
	}
	all, err := r.d.DB.Snapshots(ctx)
	r.res.Snapshots = len(all)
	return err
}

// sortTrash takes their numbers from deleted snapshots where trees get them that no change set names: the end of
// the deletion would forget these.
func (r *reindex) sortTrash(steps []step) error {
	gone, err := destination.Numbered(r.d.Trash)
	for _, seq := range gone {
		if err == nil && slices.ContainsFunc(steps, func(s step) bool { return s.seq == seq && s.tree && s.head == nil }) {
			err = r.d.Trash.Rename(destination.ChangeSetName(seq), r.d.Trash, destination.StuckName(seq))
		}
	}
	return err
}

// setAsideOld renames the change sets of lost snapshots, so that no recovery tries to import them again.
func (r *reindex) setAsideOld() error {
	for _, l := range r.res.Lost {
		name := destination.ChangeSetName(l.Seq)
		if err := destination.ClearPlace(r.d.ChangesDir, name); err != nil {
			return err
		}
		if err := r.d.ChangesDir.Replace(name, r.d.ChangesDir, name+".lost"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
