package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"snap/internal/file"
	"snap/record"
)

// Extra is something in the target that the snapshot does not have.
type Extra struct {
	Path string     // as it would be in the snapshot
	In   *file.Dir  // the folder of the target that it lies in
	Name string     // there
	Stat *file.Stat // what it is
}

// list notes what a restored folder has in it, from which Delete finds what the snapshot does not have. In a folder
// that the backup could not read nothing is deleted: what was in it is not known.
func (w *walker) list(f *folder) {
	if !w.run.o.Delete || f.state != open || f.made || f.carrier || f.record.Has(record.Unreadable) {
		return
	}
	d, err := w.run.target.Dir(f.to)
	if err == nil {
		defer d.Close()
		f.extras, err = d.Entries()
	}
	if err == nil && f.parent != nil {
		f.mounted, err = w.run.mountedAt(d, f.parent.to)
	}
	if err != nil {
		f.extras = nil
		w.run.tally.problem(f.path, fmt.Errorf("cannot tell what to delete: %w", err))
	}
}

// mountedAt reports whether d is on another mount than the folder of the target that it is in.
func (r *run) mountedAt(d *file.Dir, in string) (bool, error) {
	parent, err := r.target.Dir(in)
	if err != nil {
		return false, err
	}
	defer parent.Close()
	above, err := parent.Stat()
	if err != nil {
		return false, err
	}
	s, err := d.Stat()
	return s.Dev != above.Dev || s.Mount != above.Mount, err
}

// pass takes the next name that the snapshot has in a folder and notes what the target has before it: that is surplus.
// "" stands for the end. Surplus is removed when the folder is finished, and only if its end was passed. A folder
// that is empty in the snapshot and a mount point in the target keeps all that it has: the backup did not enter it.
func (w *walker) pass(f *folder, name string) {
	if name != "" {
		f.mounted = false
	}
	for ; f.next < len(f.extras) && (name == "" || f.extras[f.next].Name <= name); f.next++ {
		if f.extras[f.next].Name == name {
			w.run.census.matched++
			continue
		}
		f.extras[f.surplus] = f.extras[f.next]
		f.surplus++
	}
	f.whole = name == "" && !f.mounted
}

// removeSurplus removes what a finished folder has and the snapshot does not. What was restored under a name that the
// target takes for the same is no surplus.
func (r *run) removeSurplus(ctx context.Context, h handler, f *folder) {
	if !f.whole || f.surplus == 0 {
		return
	}
	if err := r.removeAll(ctx, h, f, f.extras[:f.surplus]); err != nil {
		h.fail(f.path, fmt.Errorf("cannot tell what to delete: %w", err))
	}
}

func (r *run) removeAll(ctx context.Context, h handler, f *folder, surplus []file.Entry) error {
	d, err := r.target.Dir(f.to)
	if err != nil {
		return err
	}
	defer d.Close()
	f.listed = nil
	left, err := r.neverHeld(ctx, f, d, surplus)
	if err != nil {
		return err
	}
	for i := range surplus {
		name := surplus[i].Name
		if ctx.Err() != nil {
			return nil
		}
		s, err := d.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist) || f.stage != nil && name == f.stage.name:
		case err == nil && f.restoredAs(d, name, &s):
		default:
			otherwise := ""
			if err == nil && left[name] {
				otherwise = WhyNeverHeld
				h.leftOut(ctx, f, name)
			}
			if _, err := r.remove(ctx, h, f, f.to, &f.stat, name, otherwise); err != nil {
				h.fail(record.Join(f.path, name), err)
			}
		}
	}
	return nil
}

// neverHeld are those of the surplus that were there when the snapshot was made and are in no snapshot: rules of that
// time left them out. What came into the folder later was made after the folder's recorded change time, or the newest
// snapshot knows its inode by another name.
func (r *run) neverHeld(ctx context.Context, f *folder, d *file.Dir, surplus []file.Entry) (map[string]bool, error) {
	if r.o.DeleteExcluded || !f.known {
		return nil, nil
	}
	var names, paths []string
	for i := range surplus {
		name := surplus[i].Name
		s, err := d.Lstat(name)
		if err != nil || s.Btime.IsZero() || f.record.Mtime.Before(s.Btime) {
			continue
		}
		names, paths = append(names, name), append(paths, record.Join(f.path, name))
	}
	if len(names) == 0 {
		return nil, nil
	}
	held, err := r.db.EverHeld(ctx, paths)
	if err != nil {
		return nil, err
	}
	left := map[string]bool{}
	for i, name := range names {
		if held[i] {
			continue
		}
		s, err := d.Lstat(name)
		if err != nil {
			continue
		}
		moved, err := r.db.KnowsInode(ctx, s.Ino, s.Btime)
		if err != nil {
			return nil, err
		}
		left[name] = !moved
	}
	return left, nil
}

// remove removes a name, and what is in it if it is a folder, from the folder of the target at to, whose stat record
// is in. What Exclude and Spare name stays, and so do mounted file systems and the destination. It reports whether all
// is gone. f is the restored folder that it is in; otherwise is why it stays where no rule names it, "" if it goes.
func (r *run) remove(ctx context.Context, h handler, f *folder, to string, in *file.Stat, name,
	otherwise string) (gone bool, err error) {
	path := record.Join(f.path, below(record.Join(to, name), f.to))
	d, err := r.target.Dir(to)
	if err != nil {
		return false, err
	}
	defer d.Close()
	now, err := d.Stat()
	if err == nil && exchanged(in, &now) {
		err = fmt.Errorf("%q %w", to, ErrChanged)
	}
	if err != nil {
		return false, err
	}
	s, err := d.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if r.o.Exclude != nil && r.o.Exclude(path, s.Kind == file.Folder) {
		return false, nil
	}
	why, err := r.sparedBy(&Extra{path, d, name, &s}, in)
	if err != nil {
		return false, err
	}
	if why = cmp.Or(why, otherwise); why != "" {
		r.tally.spared(path, why)
		return false, nil
	}
	if s.Kind == file.Folder {
		if gone, err := r.empty(ctx, h, f, record.Join(to, name), &s); !gone || err != nil {
			return false, err
		}
	}
	if err := h.unlink(d, path, name, s.Kind == file.Folder); err != nil {
		return false, err
	}
	r.tally.deleted(path)
	return true, nil
}

// Why something is spared that no rule of the caller names.
const (
	WhyDestination = "it is the destination"
	WhyMounted     = "another file system is mounted there"
	WhyNeverHeld   = "it was there when the snapshot was made, and no snapshot holds it"
)

// sparedBy says why something is not deleted, "" if it is; in is the folder that it lies in.
func (r *run) sparedBy(x *Extra, in *file.Stat) (string, error) {
	switch {
	case x.Stat.Kind == file.Folder && file.SameFile(x.Stat, &r.dest):
		return WhyDestination, nil
	case x.Stat.Kind == file.Folder && (in.Dev != x.Stat.Dev || in.Mount != x.Stat.Mount):
		return WhyMounted, nil
	case r.o.DeleteExcluded || r.o.Spare == nil:
		return "", nil
	}
	return r.o.Spare(x)
}

// empty removes what is in the folder at to, which is s. Problems with one entry do not keep it from the next.
func (r *run) empty(ctx context.Context, h handler, f *folder, to string, s *file.Stat) (all bool, err error) {
	sub, err := r.target.Dir(to)
	if err != nil {
		return false, err
	}
	entries, err := sub.Entries()
	sub.Close()
	if err != nil {
		return false, err
	}
	all = true
	for i := range entries {
		if ctx.Err() != nil {
			return false, nil
		}
		gone, err := r.remove(ctx, h, f, to, s, entries[i].Name, "")
		if err != nil {
			h.fail(record.Join(f.path, below(record.Join(to, entries[i].Name), f.to)), err)
		}
		all = all && gone && err == nil
	}
	r.target.Forget(to)
	return all, nil
}

// leftOut is of no interest to a writer.
func (w *writer) leftOut(context.Context, *folder, string) {}

// unlink removes a name; what an ordinary user may not write to is made writable first: it is on its way
// out itself.
func (w *writer) unlink(d *file.Dir, _, name string, folder bool) error {
	remove := d.Remove
	if folder {
		remove = d.Rmdir
	}
	err := remove(name)
	if errors.Is(err, fs.ErrPermission) && !w.run.who.privileged {
		if s, e := d.Stat(); e == nil && d.Chmod(s.Mode|0o700) == nil {
			err = remove(name)
		}
	}
	return err
}
