package destination

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"snap/record"
)

// recover brings the destination to a state that a run can begin from, whatever the run before was doing when it
// died. It can be stopped and begun again at any point.
//
//	index      tmp tree  DEST/name  so                                 then
//	–          yes       –          died while building                keep it for the next backup, if
//	                                                                   that can go on from it (interrupted.go)
//	prepared   yes       –          died before the rename             publish it: all of it is durable
//	prepared   –         yes        died after the rename              mark it complete
//	prepared   –         –          somebody removed it                forget it
//	complete,  either    either     published, but a sync failed       publish it once more
//	with work
//	–          –         yes, and   the index was lost, or never       import it
//	                     its set    written
//	complete             a writable died while deleting, purging or    make it read-only
//	                     subvolume  repairing
//	complete   –         in trash   died while deleting                finish the deletion
//	deleting
//	.snap/purge                     died while purging                finish the purge
func (d *Destination) recover(ctx context.Context) error {
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].State == record.Prepared || all[i].State == record.Complete && all[i].Work != "" {
			if err := d.RetryWithoutReserve(func() error { return d.FinishPrepared(ctx, &all[i]) }); err != nil {
				return err
			}
		}
	}
	// What gives space back comes before what may need it.
	if err := d.keepResumable(ctx); err != nil {
		return err
	}
	if err := d.RetryWithoutReserve(func() error { return d.DB.Clean(ctx) }); err != nil {
		return err
	}
	if err := d.FinishDeletions(ctx, &Remover{Jobs: 4}); !errors.As(err, &d.Stuck) && err != nil {
		return err
	}
	newest, err := d.newest(ctx)
	if err != nil {
		return err
	}
	importLost := func() error {
		if err := d.DB.Clean(ctx); err != nil { // of what it had brought in when there was no room for more
			return err
		}
		return d.importLost(ctx, &newest)
	}
	if err := d.RetryWithoutReserve(importLost); err != nil {
		return err
	}
	if _, err := d.FinishPurge(ctx, nil); full(err) { // deleting snapshots makes room, and must be possible
		d.Stuck = &StuckError{Err: fmt.Errorf("a purge that was begun waits for room: %w", err)}
	} else if err != nil {
		return err
	}
	if err := d.RetryWithoutReserve(func() error { return d.mendLabels(ctx) }); err != nil {
		return err
	}
	if err := d.sealAll(ctx); err != nil {
		return err
	}
	if err := d.RepairLatest(newest.Name); err != nil {
		return err
	}
	d.keepReserve()
	return nil
}

// newest is the header of the newest complete snapshot, a zero one if there is none.
func (d *Destination) newest(ctx context.Context) (newest record.Header, err error) {
	all, err := d.DB.Snapshots(ctx)
	for i := range all {
		if all[i].State == record.Complete {
			newest = all[i]
		}
	}
	return newest, err
}

// FinishPrepared finishes or forgets a prepared snapshot.
func (d *Destination) FinishPrepared(ctx context.Context, h *record.Header) error {
	built := false
	if h.Work != "" {
		work, err := d.Tmp.OpenDir(h.Work)
		if err == nil {
			built, err = Exists(work, TreeName)
			work.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	published, err := FolderAt(d.Root, h.Name)
	if err != nil {
		return err
	}
	if built != published {
		return d.PublishPrepared(ctx, h)
	}
	if h.State == record.Complete { // somebody removed it
		h.Work = ""
		return d.DB.SetHeader(ctx, h)
	}
	// Neither, or a folder of that name that is not the snapshot.
	if err := d.DB.Undo(ctx, h.Seq); err != nil {
		return err
	}
	return errors.Join(ClearPlace(d.ChangesDir, ChangeSetName(h.Seq)), remove(d.ChangesDir, ChangeSetName(h.Seq)))
}

// importLost imports the change sets after the newest snapshot whose trees are there, or were when the next was made;
// newest becomes the last of them.
func (d *Destination) importLost(ctx context.Context, newest *record.Header) error {
	seqs, err := d.ChangeSets()
	if err != nil {
		return err
	}
	var lost []*record.Header
	parents := map[uint64]bool{}
	for _, seq := range seqs {
		if seq <= newest.Seq {
			continue
		}
		h, err := d.ReadChangeSet(seq)
		if err != nil {
			return err
		}
		lost, parents[h.Parent] = append(lost, h), true
	}
	for _, h := range lost {
		seq := h.Seq
		there, err := FolderAt(d.Root, h.Name)
		if err != nil {
			return err
		}
		if h.Parent != newest.Seq && (there || parents[seq]) {
			return fmt.Errorf("%w: it ends with snapshot %d, and the change set %d goes on from %d", record.ErrDamaged,
				newest.Seq, seq, h.Parent)
		}
		if !there && !parents[seq] { // never published, or its tree was moved away: set aside, not destroyed
			if err := d.ChangesDir.Replace(ChangeSetName(seq), d.ChangesDir, ChangeSetName(seq)+".unpublished"); err != nil {
				return err
			}
			continue
		}
		if err := d.ImportChangeSet(ctx, h); err != nil {
			return err
		}
		*newest = *h
	}
	return nil
}
