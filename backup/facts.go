package backup

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"snap/index"
	"snap/internal/file"
	"snap/scan"
)

// lookupIdentity looks for the file under another name in the previous snapshot. missing reports whether the source has
// nothing there now.
func (r *run) lookupIdentity(ctx context.Context, f *scan.Facts) (missing bool, err error) {
	if r.o.Rules.IgnoreInode || f.Old != nil && f.Old.Stored != index.Absent && f.Old.SameIdentity(f.New) {
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
	if errors.Is(err, index.ErrNotFound) || err == nil && (rec.Kind != file.Regular || !rec.Has(index.Hashed)) {
		return nil
	}
	if err != nil {
		return err
	}
	if h := r.older[last]; h == nil || h.Volumes[rec.Volume] != r.vols.id(f.New.Volume) || f.New.Volume == 0 {
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
		dir, name := index.Split(e.Path)
		if e.Path == f.Known.Path || dir != f.Known.Path {
			continue
		}
		now, err := r.lstat(index.Join(f.Path, name))
		if err == nil && e.Ino != 0 && scan.Unchanged(&e.Record, &now, r.vols.known(now.Dev), scan.Rules{}) {
			return true, nil
		}
	}
	return false, nil
}

// gone reports whether the path of known, an entry of the previous snapshot, no longer leads to the file that rec
// describes, and whether it leads nowhere. Where the system could not look, it may be there still. renumbered: known is
// there still and has another inode number by now, so that rec is another file which has its number.
func (r *run) gone(known *index.Entry, rec *index.Record) (gone, missing, renumbered bool) {
	now, err := r.lstat(known.Path)
	if err != nil {
		return !file.DiskFailed(err), nothingThere(err), false
	}
	gone = now.Ino != rec.Ino || r.vols.known(now.Dev) != rec.Volume
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
		if t.SameMeta(f.New) && !t.Has(index.Inconsistent) && r.missing(t.Path) {
			f.Twin = t
			break
		}
	}
	return err
}

// missing reports whether the source has nothing at path.
func (r *run) missing(path string) bool {
	_, err := r.lstat(path)
	return nothingThere(err)
}

// vanished is missing about what was there a moment ago.
func (r *run) vanished(path string) bool {
	_, err := r.look(path)
	return nothingThere(err)
}

// look is what the source has at path now. The folders on the way are entered anew: one that was removed and made again
// is another one.
func (r *run) look(path string) (file.Stat, error) {
	for dir, _ := index.Split(path); dir != ""; dir, _ = index.Split(dir) {
		r.tree.Forget(dir)
	}
	return r.lstat(path)
}

// nothingThere reports whether the error of a look at a path says that nothing has it: also where what was a folder
// on the way is a file or a link now.
func nothingThere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

// lstat is what the source has at path; below no source it has nothing. What is not there at once is looked for twice.
func (r *run) lstat(path string) (s file.Stat, err error) {
	if r.o.Scan.Roots.Place(path) == index.Outside {
		return s, fs.ErrNotExist // whatever is there, it is not part of the source
	}
	dir, name := index.Split(path)
	for range 2 {
		var d *file.Dir
		if d, err = r.tree.Dir(dir); err == nil {
			s, err = r.statIn(d, name)
			d.Close()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return s, err
}

// statIn is what the scan would see of name in d.
func (r *run) statIn(d *file.Dir, name string) (file.Stat, error) {
	if name == "" {
		return d.Stat()
	}
	s, err := d.Lstat(name)
	if err == nil && s.Kind == file.Symlink && r.o.Scan.Follow {
		if to, err := d.FollowStat(name); err == nil {
			return to, nil
		}
	}
	return s, err
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
		if r.prev != nil && n.Size > 0 && !n.Has(index.Unreadable) {
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
		d, err := r.tree.Dir(f.Path)
		if err != nil {
			if n.Has(index.Unreadable) || r.o.Scan.OneFileSystem && n.Ino == 0 {
				return nil // told already, or mounted there
			}
			return err
		}
		defer d.Close()
		left := 0
		n.Xattrs, left, err = d.XattrsLeft()
		if err != nil && r.o.Scan.Roots.Place(f.Path) == index.Carrier {
			n.Xattrs, left, err = nil, 0, nil // it need only be one that can be entered
		}
		capped(n, left)
		return err
	}
	dir, name := index.Split(f.Path)
	d, err := r.tree.Dir(dir)
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
		if f.Old != nil && f.Old.Has(index.Unreadable) { // is it still?
			src, err := r.openSource(d, name)
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

func (r *run) openSource(d *file.Dir, name string) (*file.File, error) {
	open := d.Open
	if r.o.Scan.Follow {
		open = d.OpenFollow
	}
	f, err := open(name)
	if err == nil && r.o.Pace != nil {
		f.Pace(r.o.Pace)
	}
	return f, err
}

// errChanging: the file is not what the scan saw, or changed while it was hashed.
var errChanging = errors.New("changing")

// xattrsError: of a regular file everything can be read but its xattrs.
type xattrsError struct{ error }

func (e xattrsError) Unwrap() error { return e.error }

// read hashes the source's content.
func (r *run) read(ctx context.Context, f *scan.Facts) error {
	dir, name := index.Split(f.Path)
	d, err := r.tree.Dir(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	src, err := r.openSource(d, name)
	if err != nil {
		return err
	}
	defer src.Close()
	h := file.NewDigest()
	olds := []*index.Record{f.Old}
	if f.Known != nil {
		olds = append(olds, &f.Known.Record)
	}
	buf := file.Buffers.Get().(*[]byte)
	defer file.Buffers.Put(buf)
	got, err := readWhole(ctx, nil, src, h, *buf, olds...)
	if err != nil {
		return err
	}
	if !got.steady || !sameState(&got.stat, &f.New.Stat) || r.vols.known(got.stat.Dev) != f.New.Volume {
		f.New.Stat = got.stat
		f.New.Took(got.stat.Allocated)
		r.stamp(f.New)
		return errChanging
	}
	f.New.Stat = got.stat // perhaps of another inode than the scan saw
	f.New.Size = got.n
	f.New.Took(got.stat.Allocated)
	index.SetHash(f.New, h)
	f.HashKnown = true
	left := 0
	f.New.Xattrs, left, err = src.XattrsLeft()
	if capped(f.New, left); err != nil {
		return xattrsError{err}
	}
	return nil
}

// sameState reports whether nothing that a write would change differs. Inode numbers do not count: some
// file systems make up new ones each time.
func sameState(a, b *file.Stat) bool {
	return a.Size == b.Size && a.Mtime == b.Mtime && a.Ctime == b.Ctime
}
