package backup

import (
	"context"
	"fmt"
	"sync"

	"snap/destination"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
)

// publish makes the built tree a snapshot. Until the rename in Destination.PublishPrepared nobody sees it; after it
// the snapshot exists, whatever fails.
func (r *run) publish(ctx context.Context, work *destination.WorkFolder, p *plan) error {
	r.o.Report.Progress(progress.State{Stage: progress.Publishing})
	d := r.d
	d.Release()
	if err := d.CheckThere(); err != nil { // the index that is there now may be that of another disk
		return err
	}
	// The records may be in the index before the tree is on the disk: without a header they count for nobody, and the
	// next run removes them.
	syncing := make(chan error, 1)
	go func() { syncing <- d.Sync() }()
	synced := sync.OnceValue(func() error { return <-syncing })
	h := r.head
	h.Work = work.Name
	err := d.DB.Import(ctx, h.Seq, destination.ReadChanges(work.Path(), destination.SetName),
		func() (*record.Header, error) {
			err := synced()
			work.Keep = err == nil // from here on the next run's recovery decides about it
			return &h, err
		})
	if err := synced(); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	h.State = record.Prepared
	if err := d.PublishPrepared(ctx, &h); err != nil {
		return r.published(ctx, &h, err)
	}
	work.Keep = false
	r.res.Header = &h
	if err := d.PointLatest(h.Name); err != nil {
		r.res.After = append(r.res.After, fmt.Errorf("the snapshot is complete, but the link %s could not be made: %w",
			destination.LatestName, file.Reason(err)))
	}
	if p.learns == 0 {
		return nil
	}
	if err := d.DB.LearnOlder(ctx, h.Seq, p.learned.All()); err != nil {
		r.res.After = append(r.res.After,
			fmt.Errorf("the snapshot is complete, but the index could not note what was learned: %w", err))
	}
	return nil
}

// published handles an error of Destination.PublishPrepared. If the tree has its name already, the snapshot exists:
// it is listed, and the header keeps the name of its work folder, so that the next run finishes it. If the header
// cannot be written, the next run finds the snapshot prepared.
func (r *run) published(ctx context.Context, h *record.Header, err error) error {
	if there, lerr := destination.FolderAt(r.d.Root, h.Name); lerr != nil || !there { // the name was free before
		return err
	}
	listed := *h
	listed.State = record.Complete
	if nerr := r.d.RetryWithoutReserve(func() error { return r.d.DB.SetHeader(ctx, &listed) }); nerr != nil {
		return fmt.Errorf("snapshot %s is built, but the index could not note it; the next backup does that: %w", h.Name, err)
	}
	r.res.Header = &listed
	return fmt.Errorf("snapshot %s is there, but it is not certain that a power cut would leave it; the next backup "+
		"makes sure: %w", h.Name, err)
}

// noteUnchanged writes down that the run found nothing changed. A failure is reported and stops nothing.
func (r *run) noteUnchanged() {
	if r.prev == nil {
		return
	}
	if err := r.d.NoteUnchanged(r.o.Start, r.prev); err != nil {
		r.problem("", fmt.Errorf("that nothing changed could not be noted: %w", err), true)
	}
}
