package destination

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"

	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
)

// Delete removes the complete snapshots with these sequence numbers. Every answer about the others stays
// what it was. Of each snapshot, in this order:
//
//  1. its tree is renamed to .snap/trash/<seq>, which a full disk allows: from here on it is deleted,
//     and whatever stops the rest, the next writing run finishes it;
//  2. what is in the tree is removed; at the same time its change set is merged into that of the next snapshot, and
//     the index follows, or, on a full disk, when the tree has given its space back;
//  3. the emptied folder in the trash goes, or the subvolume with all that is in it.
//
// jobs is how many folders are emptied at the same time; 0: 4. report is called with the entries removed; it may be
// nil.
func (d *Destination) Delete(ctx context.Context, seqs []uint64, jobs int, report func(progress.State)) error {
	if jobs <= 0 {
		jobs = 4
	}
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return err
	}
	total := int64(0)
	for i := range all {
		if h := &all[i]; slices.Contains(seqs, h.Seq) {
			total += h.Files + h.Dirs
			if err := d.moveToTrash(h); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(d.Root.Sync(), d.Trash.Sync()); err != nil {
		return err
	}
	err = d.FinishDeletions(ctx, &Remover{Jobs: jobs, report: report, total: total})
	if stuck := (*StuckError)(nil); errors.As(err, &stuck) &&
		!slices.ContainsFunc(stuck.seqs, func(seq uint64) bool { return slices.Contains(seqs, seq) }) {
		return nil // it was stuck before, and was reported then
	}
	return err
}

// moveToTrash moves a snapshot's tree to the trash. A tree that the user removed leaves an empty folder there, too:
// the mark that the deletion has begun.
func (d *Destination) moveToTrash(h *record.Header) error {
	s, err := d.Root.Lstat(h.Name)
	if err == nil && s.Kind == file.Folder {
		err := d.RetryWithoutReserve(func() error {
			return errors.Join(unseal(d.Root, h.Name), d.Root.Rename(h.Name, d.Trash, ChangeSetName(h.Seq)))
		})
		if errors.Is(err, fs.ErrPermission) && d.Root.Unlock(h.Name) == nil {
			// another folder is put above it, which its mode forbids
			err = d.Root.Rename(h.Name, d.Trash, ChangeSetName(h.Seq))
		}
		return err
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err = d.RetryWithoutReserve(func() error { return d.Trash.Mkdir(ChangeSetName(h.Seq)) })
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// StuckError is what could not be removed of snapshots that are deleted, and of interrupted runs. They are forgotten
// nevertheless, and each writing run tries again.
type StuckError struct {
	Err  error
	seqs []uint64 // of those whose deletion this run finished
}

// StuckName is what the rest of snapshot seq is called in the trash once it is forgotten: no number.
func StuckName(seq uint64) string { return ChangeSetName(seq) + stuckSuffix }

const stuckSuffix = ".stuck"

func (e *StuckError) Error() string {
	return "what is left of a deleted snapshot or an interrupted run cannot be removed: " + e.Err.Error()
}
func (e *StuckError) Unwrap() error { return e.Err }

// FinishDeletions removes what is in the trash, and forgets the snapshots that it was. A StuckError says that all is
// done except for what cannot be removed now.
func (d *Destination) FinishDeletions(ctx context.Context, r *Remover) error {
	entries, err := d.Trash.Entries()
	if err != nil || len(entries) == 0 {
		return err
	}
	gone, err := Numbered(d.Trash)
	if err != nil {
		return err
	}
	forget := func() error { return d.forgetDeleted(ctx, gone) }
	forgotten := make(chan error, 1)
	go func() { forgotten <- forget() }()
	stuck := make([]error, len(entries))
	volumes := make([]bool, len(entries)) // they go at once, and with them the mark that a deletion has begun
	for i := range entries {
		if volumes[i], stuck[i] = subvolumeAt(d.Trash, entries[i].Name); stuck[i] == nil && !volumes[i] {
			stuck[i] = r.empty(ctx, d.Trash, entries[i].Name)
		}
	}
	first := <-forgotten
	if err := ctx.Err(); err != nil {
		return err
	}
	if full(first) { // the trees have space to give, and what goes at once gives none for now
		for i := range entries {
			if volumes[i] {
				stuck[i] = r.emptied(ctx, d.Trash, entries[i].Name, false)
			}
		}
	}
	err = d.retryAfter(first, forget)
	if full(err) { // what the deleted ones had changed is in the index too, from which the merged set is made
		if err = errors.Join(d.forgetSets(gone), d.ChangesDir.Sync()); err == nil {
			err = d.RetryWithoutReserve(forget)
		}
	}
	if err != nil {
		return err
	}
	left := &StuckError{}
	for i := range entries {
		name := entries[i].Name
		if volumes[i] && stuck[i] == nil {
			stuck[i] = r.empty(ctx, d.Trash, name)
		}
		if stuck[i] == nil {
			if stuck[i] = d.Trash.Rmdir(name); errors.Is(stuck[i], fs.ErrNotExist) {
				stuck[i] = nil // a subvolume
			}
		}
		left.Err = cmp.Or(left.Err, stuck[i])
		if at := slices.IndexFunc(gone, func(seq uint64) bool { return ChangeSetName(seq) == name }); stuck[i] != nil &&
			at >= 0 {
			left.seqs = append(left.seqs, gone[at])
			_ = d.Trash.Rename(name, d.Trash, StuckName(gone[at])) // else it is forgotten once more, which does no harm
		}
	}
	if left.Err != nil {
		return left
	}
	return nil
}

// forgetSets removes the change sets of deleted snapshots, and their labels.
func (d *Destination) forgetSets(gone []uint64) error {
	for _, seq := range gone {
		for _, name := range []string{ChangeSetName(seq), labelsFile(seq)} {
			if err := errors.Join(ClearPlace(d.ChangesDir, name), remove(d.ChangesDir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetDeleted takes snapshots out of the change sets and the index. Those that are not there are forgotten already.
func (d *Destination) forgetDeleted(ctx context.Context, gone []uint64) error {
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return err
	}
	prev, begun := uint64(0), false
	for i := range all {
		h := &all[i]
		if slices.Contains(gone, h.Seq) {
			begun = true
			continue
		}
		if begun {
			if err := d.mergeDeleted(ctx, prev, h, gone); err != nil {
				return err
			}
		}
		prev, begun = h.Seq, false
	}
	for i := len(all) - 1; i >= 0 && slices.Contains(gone, all[i].Seq); i-- {
		if err := d.DB.Undo(ctx, all[i].Seq); err != nil {
			return err
		}
	}
	if err := d.forgetSets(gone); err != nil {
		return err
	}
	newest, err := d.DB.Snapshots(ctx)
	if err != nil {
		return err
	}
	if len(newest) == 0 {
		return d.dropLatest()
	}
	return d.RepairLatest(newest[len(newest)-1].Name)
}

// mergeDeleted makes snapshot next follow prev: the change sets of the deleted ones between become one with its own,
// then the index is brought there.
func (d *Destination) mergeDeleted(ctx context.Context, prev uint64, next *record.Header, gone []uint64) error {
	merged, err := d.ReadChangeSet(next.Seq)
	if errors.Is(err, record.ErrNewer) || ctx.Err() != nil { // else the index has what it is made of
		return cmp.Or(err, ctx.Err())
	}
	between := slices.DeleteFunc(slices.Clone(gone), func(s uint64) bool { return s <= prev || s >= next.Seq })
	if err != nil || !containsAll(merged.Merged, between) {
		if merged, err = d.mergeSets(ctx, prev, next, between); err != nil {
			return err
		}
	}
	merged.State, merged.Work = record.Complete, ""
	return d.DB.Fold(ctx, prev, merged, ReadChanges(d.ChangesDir.Path(), ChangeSetName(next.Seq)))
}

func containsAll(all, some []uint64) bool {
	for _, s := range some {
		if !slices.Contains(all, s) {
			return false
		}
	}
	return true
}

// mergeSets puts a merged change set in the place of next's. It is made from the index, which also knows what runs have
// learned since the sets were written; the header that it ends with has its counts.
func (d *Destination) mergeSets(ctx context.Context, prev uint64, next *record.Header,
	between []uint64) (*record.Header, error) {
	h := *next
	h.Merged, h.Bucket, h.Parent = between, 0, prev
	return &h, d.putChangeSet(&h, d.DB.Merged(ctx, prev, &h), &h)
}

// remove removes a file of the destination's own, if it is there.
func remove(dir *file.Dir, name string) error {
	if err := dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
