package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"snap/index"
	"snap/internal/file"
)

// list notes what a restored folder has in it, so that Delete can tell what is too much. What was in a
// folder that the backup could not read is not known, so nothing is.
func (w *walker) list(f *folder) {
	if !w.Delete || f.state != open || f.record.Has(index.Unreadable) {
		return
	}
	d, err := w.target.Dir(f.to)
	if err == nil {
		defer d.Close()
		f.extras, err = d.Entries()
	}
	if err == nil && f.parent != nil {
		f.mounted, err = w.mountedAt(d, f.parent.to)
	}
	if err != nil {
		f.extras = nil
		w.problem(f.path, fmt.Errorf("cannot tell what to delete: %w", err))
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

// pass removes what a folder has in it before name, which the snapshot has too. "" stands for the end. A folder that
// is empty in the snapshot and a mount point in the target keeps all that it has: its backup did not enter it.
func (w *walker) pass(ctx context.Context, f *folder, name string) {
	if name != "" {
		f.mounted = false
	} else if f.mounted {
		return
	}
	for ; f.next < len(f.extras); f.next++ {
		e := &f.extras[f.next]
		switch {
		case name != "" && e.Name > name:
			return
		case e.Name != name && ctx.Err() == nil:
			if _, err := w.remove(ctx, w.hands, f.path, f.to, e.Name); err != nil {
				w.fail(index.Join(f.path, e.Name), err)
			}
		}
	}
}

// remove removes a name, and what is in it if it is a folder, as far as Exclude does not name it, other
// file systems are not mounted there and it is not the destination. It reports whether all is gone.
func (r *run) remove(ctx context.Context, h hands, path, to, name string) (gone bool, err error) {
	path = index.Join(path, name)
	d, err := r.target.Dir(to)
	if err != nil {
		return false, err
	}
	defer d.Close()
	s, err := d.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if r.Exclude != nil && r.Exclude(path, s.Kind == file.Folder) {
		return false, nil
	}
	if s.Kind == file.Folder {
		if gone, err := r.empty(ctx, h, path, index.Join(to, name), d, &s); !gone || err != nil {
			return false, err
		}
	}
	if err := h.unlink(d, name, s.Kind == file.Folder); err != nil {
		return false, err
	}
	r.deleted(path)
	return true, nil
}

// empty removes what is in the folder at to, which is s in d. Problems with one entry do not keep it from
// the next.
func (r *run) empty(ctx context.Context, h hands, path, to string, d *file.Dir, s *file.Stat) (all bool, err error) {
	in, err := d.Stat()
	if err != nil {
		return false, err
	}
	if file.SameFile(s, &r.dest) {
		return false, fmt.Errorf("%q %w", to, ErrInDestination)
	}
	if in.Dev != s.Dev || in.Mount != s.Mount {
		return false, fmt.Errorf("%q: another file system is mounted there: %w", to, ErrInTheWay)
	}
	sub, err := r.target.Dir(to)
	if err != nil {
		return false, err
	}
	entries, err := sub.Entries()
	if err == nil && !sub.Is(s) {
		err = fmt.Errorf("%q %w", to, ErrChanged)
	}
	sub.Close()
	if err != nil {
		return false, err
	}
	all = true
	for i := range entries {
		if ctx.Err() != nil {
			return false, nil
		}
		gone, err := r.remove(ctx, h, path, to, entries[i].Name)
		if err != nil {
			h.fail(index.Join(path, entries[i].Name), err)
		}
		all = all && gone && err == nil
	}
	r.target.Forget(to)
	return all, nil
}

// unlink removes a name; what an ordinary user may not write to is made writable first: it is on its way
// out itself.
func (w *writer) unlink(d *file.Dir, name string, folder bool) error {
	remove := d.Remove
	if folder {
		remove = d.Rmdir
	}
	err := remove(name)
	if errors.Is(err, fs.ErrPermission) && !w.privileged {
		if s, e := d.Stat(); e == nil && d.Chmod(s.Mode|0o700) == nil {
			err = remove(name)
		}
	}
	return err
}
