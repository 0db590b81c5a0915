package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"snap/internal/file"
	"snap/record"
)

// copy reads the file from the source and makes it in the new tree. If the file was removed and made again meanwhile,
// the new one is copied.
func (p *entryWriter) copy(ctx context.Context, it *item) error {
	if p.b.run.in != nil {
		return p.copyIncoming(ctx, it)
	}
	for n := 1; ; n++ {
		lost, err := p.copyOnce(ctx, it)
		if lost == nil || err != nil {
			return err
		}
		if !errors.Is(lost, fs.ErrNotExist) || n == looks || p.b.source.Vanished(it.path) {
			return p.failed(ctx, it, lost)
		}
	}
}

// copyOnce makes the file, or leaves nothing and says in lost why the source could not be read.
func (p *entryWriter) copyOnce(ctx context.Context, it *item) (lost, err error) {
	src, err := p.openItem(it)
	if err != nil {
		return err, nil
	}
	defer src.Close()
	work := p.b.meter.Begin(it.path, it.rec.OnDisk())
	defer work.End()
	src.Watch(work.Moved)
	dst, err := p.newDir.CreateMode(it.name, it.rec.Mode)
	if err != nil {
		return nil, err
	}
	if p.h == nil {
		p.h = file.NewDigest()
	}
	buf := file.Buffers.Get().(*[]byte)
	defer file.Buffers.Put(buf)
	c := &copying{p: p, it: it, src: src, dst: dst, work: work, buf: *buf}
	got, lost, err := c.read(ctx)
	var lacks file.Lost
	if lost == nil && err == nil {
		lacks, err = c.finish(got)
	}
	err = errors.Join(err, dst.Close())
	switch {
	case lost != nil:
		return lost, errors.Join(err, p.newDir.Remove(it.name))
	case err != nil:
		return nil, err
	}
	p.b.losses.add(it.path, lacks)
	p.b.copied.Add(it.rec.OnDisk())
	p.reclassify(it)
	return nil, nil
}

func (p *entryWriter) openItem(it *item) (*file.File, error) {
	d, err := p.b.source.Dir(it.dir.path)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return p.b.source.Open(d, it.name)
}

// failed notes an entry that could not be read: gone by now, or not to be read.
func (p *entryWriter) failed(ctx context.Context, it *item, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if file.BlameOf(err, file.Source) == file.WholeRun {
		return err
	}
	if errors.Is(err, fs.ErrNotExist) && p.b.source.Vanished(it.path) || errors.Is(err, file.ErrNotRegular) {
		it.gone = true
		it.rec = record.Record{Change: record.Removed, Reason: record.VanishedMeanwhile}
		return nil
	}
	it.problem = err
	it.rec.Stored, it.rec.Reason = record.Absent, record.UnreadableNow
	it.rec.Flags = record.Unreadable
	if it.rec.Change == record.Silent {
		it.rec.Change = record.Modified
	}
	return nil
}

// reclassify corrects the change of a copied file by what the copy has shown: the content may be the
// old one after all, or a new one although nothing seemed to change.
func (p *entryWriter) reclassify(it *item) {
	rec, old := &it.rec, it.old
	if old == nil || old.Kind != rec.Kind || !old.Has(record.Hashed) || rec.Kind != file.Regular {
		return
	}
	same := old.SameContent(rec)
	switch {
	case rec.Change == record.Modified && same && !old.SameOwnerMode(rec):
		rec.Change, rec.Reason = record.Metadata, record.OwnerOrMode
	case rec.Change == record.Modified && same && old.Mtime != rec.Mtime:
		rec.Change, rec.Reason = record.Metadata, record.TimeOnly
	case rec.Change == record.Modified && same:
		rec.Change, rec.Reason = record.Silent, record.Verified
	case rec.Change == record.Silent && !same:
		rec.Change, rec.Reason = record.Modified, record.ContentDiffers
	}
}

// lengthError: a file has another length than its stat record says.
type lengthError struct{ says, has int64 }

func (e *lengthError) Error() string {
	return fmt.Sprintf("it says that it has %d bytes, and has %d: read to its end", e.says, e.has)
}
