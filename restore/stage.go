package restore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"snap/internal/file"
	"snap/record"
)

// What goes into a folder of the target is made in a folder that nobody else may enter, and moved from there when it is
// finished: whoever may rename entries of the target cannot have something else given an owner or a mode. A folder that
// this run made is such a folder until it is finished. In one that was there before, a staging folder is made.

// stage is the staging folder in a folder of the target.
type stage struct {
	name string
	stat file.Stat
}

// tempName is a name that nothing else has.
func tempName() string { return ".snap-" + rand.Text()[:12] }

// exchanged reports whether now is another file than was.
func exchanged(was, now *file.Stat) bool { return !file.MayBeSame(was, now) }

// private reports whether now is still the folder was, which this run made for itself alone. The inode number alone
// does not prove it: a file system gives the number of a removed folder to the next one.
func private(was, now *file.Stat) bool {
	return !exchanged(was, now) && was.UID == now.UID && was.Mode == now.Mode
}

// folder opens a folder that was entered, in the target, and makes sure that it is still the same.
func (w *writer) folder(f *folder) (*file.Dir, error) {
	same := exchanged
	if f.made {
		same = func(was, now *file.Stat) bool { return !private(was, now) }
	}
	return w.openAgain(f.to, &f.stat, same)
}

// openAgain opens the folder at path in the target, which is was unless other says so.
func (w *writer) openAgain(path string, was *file.Stat, other func(was, now *file.Stat) bool) (*file.Dir, error) {
	d, err := w.run.target.Dir(path)
	if err != nil {
		return nil, err
	}
	now, err := d.Stat()
	if err == nil && other(was, &now) {
		w.run.target.Forget(path)
		err = fmt.Errorf("%s %w", d.Path(), ErrChanged)
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// staging is the folder in which what goes into f, which is d, is made.
func (w *writer) staging(f *folder, d *file.Dir) (*file.Dir, error) {
	if f.made {
		return w.folder(f)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stage != nil {
		return w.openAgain(record.Join(f.to, f.stage.name), &f.stage.stat,
			func(was, now *file.Stat) bool { return !private(was, now) })
	}
	name := tempName()
	s, err := d.MakeDir(name)
	if err != nil {
		return nil, exchangedError(err)
	}
	stat, err := s.Stat()
	if err != nil {
		s.Close()
		return nil, err
	}
	f.stage = &stage{name, stat}
	return w.run.target.Adopt(record.Join(f.to, name), s)
}

// exchangedError makes package file's error for something exchanged an ErrChanged.
func exchangedError(err error) error {
	if errors.Is(err, file.ErrExchanged) {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return err
}

// unstage removes the staging folder in f, which is d.
func (w *writer) unstage(f *folder, d *file.Dir) error {
	if f.stage == nil {
		return nil
	}
	w.run.target.Forget(record.Join(f.to, f.stage.name))
	err := d.Rmdir(f.stage.name)
	f.stage = nil
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// newFolder makes the folder name in a folder that is d, in its staging folder first, and opens it. What is there in
// its place, have, gives way: something else than a folder, or an empty one.
func (w *writer) newFolder(f *folder, d *file.Dir, name string, have *existing) (*file.Dir, error) {
	in, err := w.staging(f, d)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	tmp := tempName()
	made, err := in.MakeDir(tmp)
	if err != nil {
		return nil, exchangedError(err)
	}
	if err = w.moveIn(in, tmp, d, name, have); err != nil {
		made.Close()
		in.Rmdir(tmp)
		return nil, err
	}
	made.Moved(d, name)
	return made, nil
}

// moveIn moves a finished entry from the staging folder to its name in d. What is there must be have, which was looked
// at: what somebody else has put there meanwhile stays.
func (w *writer) moveIn(in *file.Dir, tmp string, d *file.Dir, name string, have *existing) error {
	if have.Kind == file.None {
		return in.Rename(tmp, d, name)
	}
	err := in.Exchange(tmp, d, name)
	switch {
	case errors.Is(err, fs.ErrNotExist): // it went meanwhile
		return in.Rename(tmp, d, name)
	case errors.Is(err, errors.ErrUnsupported):
		now, err := d.Lstat(name)
		if err == nil && !exchanged(&have.Stat, &now) {
			return in.Replace(tmp, d, name)
		}
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%q %w", name, ErrChanged)
		}
		return err
	case err != nil:
		return err
	}
	now, err := in.Lstat(tmp)
	switch {
	case err != nil:
	case exchanged(&have.Stat, &now):
		err = fmt.Errorf("%q %w", name, ErrChanged)
	case now.Kind == file.Folder:
		err = in.Rmdir(tmp)
	default:
		err = in.Remove(tmp)
	}
	if err != nil {
		return errors.Join(err, in.Exchange(tmp, d, name))
	}
	return nil
}
