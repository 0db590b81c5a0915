package backup

import (
	"context"
	"errors"
	"syscall"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

var errNoFolder = errors.New("the snapshot's folder is gone, or another user's")

// placeReturned makes an entry that is back, which the previous snapshot does not have. Other names of its file
// become joined records: that they share an inode must be known when the snapshot that they were linked to is
// deleted.
func (p *entryWriter) placeReturned(ctx context.Context, it *item) error {
	if p.b.run.sharedIdentities.Has(&it.rec) {
		return p.linkToNewInodeOr(ctx, it, p.linkReturned)
	}
	return p.linkReturned(ctx, it)
}

// linkReturned makes the entry a hard link of what the last snapshot that held its path has there, if that still is
// what the index says. Else it is copied.
func (p *entryWriter) linkReturned(ctx context.Context, it *item) error {
	was, last, since, err := p.b.run.d.DB.LastHeld(ctx, p.b.run.seq, it.path, false)
	none := errors.Is(err, index.ErrNotFound)
	if err != nil && !none {
		return err
	}
	h := p.b.run.older[last]
	if in := p.b.run.in != nil; in && (none || h == nil || !hasContent(&was, &it.rec)) {
		it.rec.Stored = record.Copied // it was deleted here, or never came
		p.b.meter.Expect(it.rec.OnDisk())
		return p.make(ctx, it)
	}
	if none {
		return err
	}
	refused, err := p.linkOlder(it, h)
	if err != nil {
		return err
	}
	if refused == nil {
		it.rec.Since = since
		return nil
	}
	it.rec.Stored, it.rec.Reason = record.Copied, record.OldCopyDamaged
	if errors.Is(refused, syscall.EMLINK) {
		it.rec.Reason = record.LinkLimit
	} else {
		it.note = &AlteredError{h.Name, it.path, file.Reason(refused)}
	}
	return p.make(ctx, it)
}

// linkOlder links the entry to that of its path in the snapshot h; refused is why it did not, err ends the run.
func (p *entryWriter) linkOlder(it *item, h *record.Header) (refused, err error) {
	tree := p.b.olderTrees.Tree(p.b.run.d, h)
	if tree == nil {
		return errNoFolder, nil
	}
	dir, name := record.Split(it.path)
	d, err := tree.Dir(dir)
	if file.DiskFailed(err) {
		return nil, err
	}
	if err != nil {
		return err, nil
	}
	defer d.Close()
	return p.linkAs(d, name, it.name, &it.rec)
}
