package backup

import (
	"context"
	"errors"

	"snap/backup/source"
	"snap/index"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
	"snap/scan"
)

// lookupIdentity looks for the file under another name in the previous snapshot. missing reports whether the source has
// nothing there now.
func (r *run) lookupIdentity(ctx context.Context, f *scan.Facts) (missing bool, err error) {
	if r.o.Rules.IgnoreInode || f.Old != nil && f.Old.Stored != record.Absent && f.Old.SameIdentity(f.New) {
		return false, nil
	}
	found, err := r.d.DB.ByIdentity(ctx, r.seq, f.New, 4)
	if err != nil {
		return false, err
	}
	for i := range found {
		if found[i].Path == f.Path {
			continue
		}
		gone, nothing, renumbered := r.gone(&found[i], f.New)
		if renumbered {
			continue
		}
		if f.Known == nil || gone {
			f.Known, f.KnownGone, missing = &found[i], gone, nothing
		}
		if gone {
			break
		}
	}
	if f.KnownGone && f.New.Kind == file.Folder && !scan.TellsApart(&f.New.Stat) {
		f.Together, err = r.movedWithFolder(ctx, f)
	}
	return missing, err
}

// lookupOlder looks for what was at the path before it was gone, as all of a disk is that was not mounted for one run.
func (r *run) lookupOlder(ctx context.Context, f *scan.Facts) error {
	if f.New.Kind != file.Regular || f.Known != nil || f.Old != nil && f.Old.Held() {
		return nil
	}
	rec, last, _, err := r.d.DB.LastHeld(ctx, r.seq, f.Path, false)
	if errors.Is(err, index.ErrNotFound) || err == nil && (rec.Kind != file.Regular || !rec.Has(record.Hashed)) {
		return nil
	}
	if err != nil {
		return err
	}
	if h := r.older[last]; h == nil || h.Volumes[rec.Volume] != r.source.Volumes.ID(f.New.Volume) || f.New.Volume == 0 {
		rec.Volume = 0
	} else {
		rec.Volume = f.New.Volume
	}
	if rec.SameIdentity(f.New) { // else the old inode may have become another file's
		f.Before = &rec
	}
	return nil
}

// togetherMax is how many entries of a folder are considered to tell whether it is the same one under another name.
const togetherMax = 1000

// movedWithFolder reports whether something that was in the folder f.Known, and was not touched since, is in the
// folder f.Path.
func (r *run) movedWithFolder(ctx context.Context, f *scan.Facts) (bool, error) {
	n := 0
	for e, err := range r.d.DB.Entries(ctx, r.seq, f.Known.Path) {
		if err != nil {
			return false, err
		}
		if n++; n > togetherMax {
			break
		}
		dir, name := record.Split(e.Path)
		if e.Path == f.Known.Path || dir != f.Known.Path {
			continue
		}
		now, err := r.source.Lstat(record.Join(f.Path, name))
		if err == nil && e.Ino != 0 && scan.Unchanged(&e.Record, &now, r.source.Volumes.Known(now.Dev), scan.Rules{}) {
			return true, nil
		}
	}
	return false, nil
}

// gone reports whether the path of known, an entry of the previous snapshot, no longer leads to the file that rec
// describes, and whether it leads nowhere. Where the system could not look, it may be there still. renumbered: known is
// there still and has another inode number by now, so that rec is another file which has its number.
func (r *run) gone(known *record.Entry, rec *record.Record) (gone, missing, renumbered bool) {
	now, err := r.source.Lstat(known.Path)
	if err != nil {
		return !file.DiskFailed(err), source.NothingThere(err), false
	}
	gone = now.Ino != rec.Ino || r.source.Volumes.Known(now.Dev) != rec.Volume
	renumbered = gone && !scan.TellsApart(&now) && now.Kind == known.Kind && now.Size == known.Size &&
		now.Mtime == known.Mtime
	return gone, false, renumbered
}

// lookupContent looks for the content under a path that is gone.
func (r *run) lookupContent(ctx context.Context, f *scan.Facts) error {
	if !f.SizeKnown || f.Known != nil {
		return nil
	}
	found, err := r.d.DB.ByContent(ctx, r.seq, f.New.Size, f.New.Hash, 8)
	for i := range found {
		t := &found[i]
		if t.SameMeta(f.New) && !t.Has(record.Inconsistent) && r.source.Missing(t.Path) {
			f.Twin = t
			break
		}
	}
	return err
}

// inspect fills in what the stat record does not tell and the judgement needs: the link's target and,
// where the entry is compared with an older one or is no regular file, the xattrs. A file with the ctime that it
// had under its old name, as all below a renamed folder, has the xattrs that it had.
func (r *run) inspect(ctx context.Context, f *scan.Facts) (err error) {
	n := f.New
	if f.Before != nil && f.Old == nil && !r.o.Rules.IgnoreCtime &&
		scan.Unchanged(f.Before, &n.Stat, n.Volume, r.o.Rules) {
		takeXattrs(n, f.Before)
		return nil
	}
	if n.Kind == file.Regular && f.Old == nil && f.Known == nil {
		if r.prev != nil && n.Size > 0 && !n.Has(record.Unreadable) {
			if f.SizeKnown, err = r.d.DB.HasSize(ctx, n.Size); err != nil {
				return err
			}
		}
		return nil // the copy will read the xattrs
	}
	if n.Kind == file.Regular && f.Old == nil && !r.o.Rules.IgnoreCtime &&
		scan.Unchanged(&f.Known.Record, &n.Stat, n.Volume, r.o.Rules) {
		takeXattrs(n, &f.Known.Record)
		return nil
	}
	if f.Path == "" || n.Kind == file.Folder {
		d, err := r.source.Dir(f.Path)
		if err != nil {
			if n.Has(record.Unreadable) || r.o.Scan.OneFileSystem && n.Ino == 0 {
				return nil // told already, or mounted there
			}
			return err
		}
		defer d.Close()
		left := 0
		n.Xattrs, left, err = d.XattrsLeft()
		if err != nil && r.source.Place(f.Path) == record.Carrier {
			n.Xattrs, left, err = nil, 0, nil // it need only be one that can be entered
		}
		capped(n, left)
		return err
	}
	dir, name := record.Split(f.Path)
	d, err := r.source.Dir(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	switch n.Kind {
	case file.Symlink:
		if n.Target, err = d.Readlink(name); err != nil {
			return err
		}
		if n.Target == "" {
			return errVanished
		}
	case file.Regular:
		if f.Old != nil && f.Old.Has(record.Unreadable) { // is it still?
			src, err := r.source.Open(d, name)
			if err != nil {
				return err
			}
			src.Close()
		}
	}
	left := 0
	n.Xattrs, left, err = d.XattrsLeftOf(name)
	capped(n, left)
	if err != nil && n.Kind == file.Regular {
		return xattrsError{err}
	}
	return err
}

// errChanging: the file is not what the scan saw, or changed while it was hashed.
var errChanging = errors.New("changing")

// xattrsError: of a regular file everything can be read but its xattrs.
type xattrsError struct{ error }

func (e xattrsError) Unwrap() error { return e.error }

// read hashes the source's content.
func (r *run) read(ctx context.Context, f *scan.Facts) error {
	dir, name := record.Split(f.Path)
	d, err := r.source.Dir(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	src, err := r.source.Open(d, name)
	if err != nil {
		return err
	}
	defer src.Close()
	work := progress.MeterOf(ctx).Begin(f.Path, f.New.OnDisk())
	defer work.End()
	src.Watch(work.Moved)
	h := file.NewDigest()
	olds := []*record.Record{f.Old}
	if f.Known != nil {
		olds = append(olds, &f.Known.Record)
	}
	buf := file.Buffers.Get().(*[]byte)
	defer file.Buffers.Put(buf)
	got, err := source.Read(ctx, nil, src, h, *buf, olds...)
	if err != nil {
		return err
	}
	if !got.Steady || !source.SameState(&got.Stat, &f.New.Stat) || r.source.Volumes.Known(got.Stat.Dev) != f.New.Volume {
		f.New.Stat = got.Stat
		f.New.Took(got.Stat.Allocated)
		r.stamp(f.New)
		return errChanging
	}
	f.New.Stat = got.Stat // perhaps of another inode than the scan saw
	f.New.Size = got.N
	f.New.Took(got.Stat.Allocated)
	record.SetHash(f.New, h)
	f.HashKnown = true
	left := 0
	f.New.Xattrs, left, err = src.XattrsLeft()
	if capped(f.New, left); err != nil {
		return xattrsError{err}
	}
	return nil
}
