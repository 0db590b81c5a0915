package backup

import (
	"context"
	"errors"
	"time"

	"snap/backup/source"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/internal/stream"
	"snap/record"
)

// largeSize is the largest file that every file system can hold: FAT's limit.
const largeSize = 1<<32 - 1

// copyTries is how often a file is read when it changes while it is read.
const copyTries = 3

// copying is one file that is copied, or patched.
type copying struct {
	p        *entryWriter
	it       *item
	src, dst *file.File
	work     *progress.Work
	buf      []byte
	patch    *patching // nil: dst is written whole
}

// content is what was read of the source.
type content struct {
	source.Reading
	hash   [32]byte
	steady bool // nothing was written to the source meanwhile
	grows  bool // if something was, it was added
}

// read fills dst with what src holds, and reads it again when it changes meanwhile. lost is why the source could not be
// read; err ends the run.
func (c *copying) read(ctx context.Context) (got content, lost, err error) {
	if err := c.prepare(); err != nil {
		return got, nil, err
	}
	for try := 0; try < copyTries && !got.steady && !got.grows; try++ {
		if try > 0 {
			if err := c.again(ctx, try, got.Untrue); err != nil {
				return got, nil, err
			}
		}
		before := got
		if got.Reading, err = c.once(ctx); err != nil {
			if w := (*file.WriteError)(nil); errors.As(err, &w) || ctx.Err() != nil {
				return got, nil, err
			}
			return got, err, nil
		}
		c.p.h.Sum(got.hash[:0])
		// Where the length is not what it should be, only the same once more proves it.
		got.steady = got.Steady && (!got.Untrue || before.Untrue && got.hash == before.hash)
		if !got.Steady && got.N == got.Stat.Size && (got.After > got.N || got.After == got.N && try == copyTries-1) {
			if got.grows, err = c.beginsWith(ctx, got.N, got.hash); err != nil {
				return got, nil, err
			}
		}
	}
	return got, nil, nil
}

// prepare makes dst what is written to: a clone of the older copy, or empty.
func (c *copying) prepare() (err error) {
	if c.patch, err = c.p.patch(c.it, c.dst); err != nil || c.patch != nil || c.it.rec.Size <= largeSize {
		return err
	}
	return errors.Join(c.dst.Truncate(c.it.rec.Size), c.dst.Truncate(0)) // before the first bytes, not after the last
}

// again prepares for another reading. A file that has another length than it says is not patched.
func (c *copying) again(ctx context.Context, try int, untrue bool) error {
	c.work.Again()
	if !untrue {
		if err := stream.Pause(ctx, time.Duration(try)*100*time.Millisecond); err != nil {
			return err
		}
		if c.patch != nil {
			return nil
		}
	}
	c.patch = nil
	return c.dst.Truncate(0)
}

// once reads the source once into dst. Where the older copy turns out to be no good, nothing of it stays.
func (c *copying) once(ctx context.Context) (source.Reading, error) {
	if c.patch != nil {
		got, err := source.Patch(ctx, c.patch.Patch, c.dst, c.src, c.p.h, c.buf, c.it.old)
		why := c.patch.rotten(c.it.old, err)
		if why == nil {
			return got, err
		}
		c.it.note = &AlteredError{c.p.b.run.prev.Name, c.it.path, why}
		c.work.Again()
		c.patch = nil
		if err := c.dst.Truncate(0); err != nil {
			return got, &file.WriteError{Err: err}
		}
	}
	return source.Read(ctx, c.dst, c.src, c.p.h, c.buf, c.it.old)
}

// finish notes in the record what was copied, and gives dst its metadata.
func (c *copying) finish(got content) (lacks file.Lost, err error) {
	it, rec := c.it, &c.it.rec
	rec.Stat, rec.Volume, rec.Stored = got.Stat, c.p.b.source.Volumes.Known(got.Stat.Dev), record.Copied
	rec.Size = got.N
	rec.Took(got.Wrote)
	if rec.Shared, rec.Patched = 0, 0; c.patch != nil {
		if err := errors.Join(c.dst.Truncate(got.N), c.patch.patched(rec, c.dst)); err != nil {
			return 0, err
		}
	}
	c.p.b.run.stamp(rec)
	record.SetHash(rec, c.p.h)
	rec.Hash = got.hash
	if got.steady && got.Untrue {
		it.note = &lengthError{got.Stat.Size, got.N}
	}
	if !got.steady {
		rec.Flags |= record.Inconsistent | record.Racy
		if it.problem = ErrUnsteady; got.grows {
			it.problem = ErrGrows
		}
	}
	left := 0
	rec.Xattrs, left, err = c.src.XattrsLeft()
	if capped(rec, left); err != nil {
		rec.Flags |= record.Racy // so that the next backup looks again
		it.problem = err
	}
	return c.dst.SetMeta(rec.Meta())
}

// ErrUnsteady: the copy of a file may never have been its content.
var ErrUnsteady = errors.New("changed again and again while it was read; the copy may be a mixture")

// ErrGrows: the file was added to while it was read, as a log is, or written to without another content. The copy is
// what it was just before.
var ErrGrows = errors.New("changed while it was read: it grows, and the snapshot has it as it was just before")

// beginsWith reports whether the file still begins with the n bytes that hash is of. Then nothing was written to them
// since they were read.
func (c *copying) beginsWith(ctx context.Context, n int64, hash [32]byte) (bool, error) {
	c.p.h.Reset()
	m, err := file.Hash(ctx, c.src, n, c.p.h, c.buf)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return err == nil && m == n && [32]byte(c.p.h.Sum(nil)) == hash, nil
}
