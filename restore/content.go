package restore

import (
	"context"
	"errors"
	"fmt"
	"io"

	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
)

// made is an entry that is finished but for its name.
type made struct {
	stat   file.Stat
	bytes  int64 // of content written
	linked bool  // it is another name of a file of this run
	damage error // why its content is not what was backed up
}

// sourceError is a failure of the snapshot, not of the target.
type sourceError struct{ error }

// make makes j's entry as tmp in d; older is the file whose place it takes, for its bytes, or nil. An error of the
// snapshot is a *sourceError.
func (w *worker) make(ctx context.Context, d *file.Dir, tmp string, j *job, older *file.File) (m made, err error) {
	if g := j.group; g != nil && g.there() {
		err := w.writer.link(g, d, tmp)
		if err == nil {
			notToMove(ctx, j)
			return made{linked: true, damage: g.place.damage()}, nil
		}
		// As many names as the file system allows, or a folder on the way that may not be entered any
		// more: another copy is better than none.
		if file.DiskFailed(err) {
			return m, err
		}
		d.Remove(tmp)
	}
	meta := w.run.meta(&j.Record)
	switch j.Kind {
	case file.Regular:
		return w.copy(ctx, d, tmp, j, meta, older)
	case file.Symlink:
		err = d.Symlink(j.Target, tmp)
	default:
		err = d.Mknod(tmp, j.Kind, j.Rdev)
	}
	if err != nil {
		return m, err
	}
	held, err := d.HoldNew(tmp, j.Kind)
	if err != nil {
		return m, exchangedError(err)
	}
	defer held.Close()
	if err := held.KeepXattrs(meta.Xattrs); err != nil {
		return m, err
	}
	lost, err := held.SetMeta(meta)
	if err == nil {
		m.stat, err = held.Stat()
	}
	w.notes(j, m.stat.Dev, lost)
	return m, err
}

// notes notes what could not be set on a new entry.
func (w *worker) notes(j *job, dev uint64, lost file.Lost) {
	w.run.tally.lost(j.Path, lost)
	w.run.learn(dev, lost)
}

// copy writes a regular file.
func (w *worker) copy(ctx context.Context, d *file.Dir, tmp string, j *job, meta *file.Meta,
	older *file.File) (m made, err error) {
	src, err := w.run.contents.Open(ctx, &j.Entry)
	if err != nil {
		return m, notHad(err)
	}
	defer src.Close()
	w.run.tally.started(j.Path, j.Size)
	work := progress.MeterOf(ctx).Begin(j.Path, j.Size)
	defer work.End()
	dst, err := d.Create(tmp)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	m.bytes, m.damage, err = w.bytes(ctx, dst, src, older, j, work.Moved)
	if err != nil {
		return m, err
	}
	if err := dst.KeepXattrs(meta.Xattrs); err != nil {
		return m, err
	}
	lost, err := dst.SetMeta(meta)
	if err == nil {
		m.stat, err = dst.Stat()
	}
	w.notes(j, m.stat.Dev, lost)
	return m, err
}

// bytes brings the bytes of src to dst, shared where the file system can do that, and compares what is then in dst with
// the record. moved hears how many were read.
func (w *worker) bytes(ctx context.Context, dst *file.File, src io.Reader, older *file.File, j *job,
	moved func(int64)) (n int64, damage, err error) {
	w.hash.Begin(j.Has(record.SparseHash))
	if f, here := src.(*file.File); here {
		n, err = w.fromTree(ctx, dst, f, older, moved)
	} else {
		n, err = file.CopyStream(ctx, dst, src, record.Plus(j.Size, 1), w.hash, w.buf, moved)
		if read := (*file.ReadError)(nil); errors.As(err, &read) {
			return n, nil, notHad(read.Err)
		}
	}
	var read *file.ReadError
	switch {
	case errors.As(err, &read):
		return n, nil, &sourceError{fmt.Errorf("%w: %w", ErrDamagedFile, err)}
	case err != nil:
		return n, nil, err
	case n != j.Size:
		return n, fmt.Errorf("%w: it has %d bytes, not the %d that were backed up", ErrDamagedFile, n, j.Size), nil
	case j.Has(record.Hashed) && [32]byte(w.hash.Sum(nil)) != j.Hash:
		return n, fmt.Errorf("%w: its bytes are not those that were backed up", ErrDamagedFile), nil
	}
	return n, nil, nil
}

// fromTree brings the bytes of a file in a tree to dst.
func (w *worker) fromTree(ctx context.Context, dst, src, older *file.File, moved func(int64)) (n int64, err error) {
	stat, err := src.Stat()
	if err != nil {
		return 0, &file.ReadError{Err: err}
	}
	if stat.Size > 0 && !w.writer.noClone.Load() && dst.CloneFrom(src) {
		dst.Watch(moved)
		return file.Hash(ctx, dst, stat.Size, w.hash, w.buf)
	}
	if stat.Size > 0 {
		w.writer.noClone.Store(true)
	}
	src.Watch(moved)
	n, done, err := w.patch(ctx, dst, src, older, stat.Size)
	if err == nil && !done {
		n, _, err = file.Copy(ctx, dst, src, stat.Size, w.hash, w.buf)
	}
	return n, err
}
