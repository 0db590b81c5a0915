package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"snap/backup/source"
	"snap/internal/file"
	"snap/internal/stream"
	"snap/record"
)

// largeSize is the largest file that every file system can hold: FAT's limit.
const largeSize = 1<<32 - 1

// copyTries is how often a file is read when it changes while it is read.
const copyTries = 3

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
	if it.rec.Size > largeSize {
		if err := errors.Join(dst.Truncate(it.rec.Size), dst.Truncate(0)); err != nil {
			// before the first bytes, not after the last
			return nil, errors.Join(err, dst.Close())
		}
	}
	if p.h == nil {
		p.h = file.NewDigest()
	}
	buf := file.Buffers.Get().(*[]byte)
	defer file.Buffers.Put(buf)
	var got, before source.Reading
	var hash, hashBefore [32]byte
	steady, grows := false, false
	for try := 0; try < copyTries && !steady && !grows; try++ {
		if try > 0 {
			work.Again()
			if !got.Untrue {
				err = stream.Pause(ctx, time.Duration(try)*100*time.Millisecond)
			}
			if err = errors.Join(err, dst.Truncate(0)); err != nil {
				return nil, errors.Join(err, dst.Close())
			}
		}
		before, hashBefore = got, hash
		if got, err = source.Read(ctx, dst, src, p.h, *buf, it.old); err != nil {
			if w := (*file.WriteError)(nil); errors.As(err, &w) || ctx.Err() != nil {
				return nil, errors.Join(err, dst.Close())
			}
			return err, errors.Join(dst.Close(), p.newDir.Remove(it.name))
		}
		p.h.Sum(hash[:0])
		// Where the length is not what it should be, only the same once more proves it.
		steady = got.Steady && (!got.Untrue || before.Untrue && hash == hashBefore)
		if !got.Steady && got.N == got.Stat.Size && (got.After > got.N || got.After == got.N && try == copyTries-1) {
			if grows, err = p.beginsWith(ctx, src, got.N, hash, *buf); err != nil {
				return nil, errors.Join(err, dst.Close())
			}
		}
	}
	rec := &it.rec
	rec.Stat, rec.Volume, rec.Stored = got.Stat, p.b.source.Volumes.Known(got.Stat.Dev), record.Copied
	rec.Size = got.N
	rec.Took(got.Wrote)
	p.b.run.stamp(rec)
	record.SetHash(rec, p.h)
	rec.Hash = hash
	if steady && got.Untrue {
		it.note = &lengthError{got.Stat.Size, got.N}
	}
	if !steady {
		rec.Flags |= record.Inconsistent | record.Racy
		if it.problem = ErrUnsteady; grows {
			it.problem = ErrGrows
		}
	}
	left := 0
	rec.Xattrs, left, err = src.XattrsLeft()
	if capped(rec, left); err != nil {
		rec.Flags |= record.Racy // so that the next backup looks again
		it.problem = err
	}
	lacks, err := dst.SetMeta(rec.Meta())
	if err := errors.Join(err, dst.Close()); err != nil {
		return nil, err
	}
	p.b.losses.add(it.path, lacks)
	p.b.copied.Add(rec.OnDisk())
	p.reclassify(it)
	return nil, nil
}

// ErrUnsteady: the copy of a file may never have been its content.
var ErrUnsteady = errors.New("changed again and again while it was read; the copy may be a mixture")

// ErrGrows: the file was added to while it was read, as a log is, or written to without another content. The copy is
// what it was just before.
var ErrGrows = errors.New("changed while it was read: it grows, and the snapshot has it as it was just before")

// beginsWith reports whether the file still begins with the n bytes that hash is of. Then nothing was written to them
// since they were read.
func (p *entryWriter) beginsWith(ctx context.Context, src *file.File, n int64, hash [32]byte,
	buf []byte) (bool, error) {
	p.h.Reset()
	m, err := file.Hash(ctx, src, n, p.h, buf)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return err == nil && m == n && [32]byte(p.h.Sum(nil)) == hash, nil
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
