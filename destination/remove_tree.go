package destination

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"sync"

	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
)

// RemoveAny removes name from a folder of the destination's own, whatever it is.
func RemoveAny(ctx context.Context, dir *file.Dir, name string) error {
	s, err := dir.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case s.Kind == file.Folder:
		return removeTree(ctx, dir, name, 4)
	}
	return dir.Remove(name)
}

// removeTree removes the folder name in parent with all that is in it, on several goroutines, by
// handles and never through a link. Folders that forbid it are opened up first.
func removeTree(ctx context.Context, parent *file.Dir, name string, jobs int) error {
	r := &Remover{Jobs: jobs}
	if err := r.empty(ctx, parent, name); err != nil {
		return err
	}
	if err := parent.Rmdir(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// empty removes all that is in the folder name, and leaves the folder, if it is no subvolume. One that is not there is
// empty. What is
// mounted in it is somebody's, and stays.
func (r *Remover) empty(ctx context.Context, parent *file.Dir, name string) error {
	return r.emptied(ctx, parent, name, true)
}

// emptied is empty. drop: a subvolume goes at once, with what is in it.
func (r *Remover) emptied(ctx context.Context, parent *file.Dir, name string, drop bool) error {
	root, err := enterUnlocked(parent, name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if drop {
		if gone, err := dropSubvolume(parent, name, root); gone || err != nil {
			root.Close()
			return err
		}
	}
	r.slots = make(chan struct{}, max(r.Jobs-1, 0))
	r.tree = file.NewTree(root, 256, enterUnlocked)
	err = r.clear(ctx, "")
	r.tree.Close()
	root.Close()
	return err
}

// enterUnlocked opens a folder that is to be emptied, also where its mode forbids it, but nothing that is mounted.
func enterUnlocked(parent *file.Dir, name string) (*file.Dir, error) {
	d, err := parent.OpenHere(name)
	if errors.Is(err, fs.ErrPermission) {
		_ = parent.Chmod(0o700) // if one of these fails, the next call reports it
		_ = parent.Unlock(name)
		d, err = parent.OpenHere(name)
	}
	return d, err
}

// unlocked does f, which removes something from d, once more with d opened up if its mode forbids it.
func unlocked(d *file.Dir, f func() error) error {
	err := f()
	if errors.Is(err, fs.ErrPermission) && d.Chmod(0o700) == nil {
		err = f()
	}
	return err
}

// Remover removes trees. Its zero value works alone and reports nothing.
type Remover struct {
	Jobs   int                  // goroutines that remove
	report func(progress.State) // called with the progress, unless nil
	total  int64                // entries expected

	tree  *file.Tree
	slots chan struct{} // goroutines besides the first
	mu    sync.Mutex    // for report
	done  int64
}

// count reports n more entries removed from the folder path.
func (r *Remover) count(n int, path string) {
	if r.report == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done += int64(n)
	r.report(progress.State{Stage: progress.Deleting, Files: r.done, TotalFiles: max(r.total, r.done), Path: path})
}

// clear empties the folder at path.
func (r *Remover) clear(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d, err := r.tree.Dir(path)
	if err != nil {
		return err
	}
	entries, err := d.Entries()
	if err != nil {
		d.Close()
		return err
	}
	var folders []string
	var stuck error // the first entry that cannot be removed; the others are
	for i := range entries {
		name, kind := entries[i].Name, entries[i].Stat.Kind
		if kind == file.None {
			var s file.Stat
			if s, err = d.Lstat(name); err == nil {
				kind = s.Kind
			}
		}
		if kind == file.Folder {
			folders = append(folders, name)
		} else if err == nil {
			err = unlocked(d, func() error { return d.Remove(name) })
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && stuck == nil {
			stuck = err
		}
		err = nil
	}
	d.Close()
	r.count(len(entries), path)
	return cmp.Or(r.below(ctx, path, folders), stuck)
}

// below empties and removes the folders in path.
func (r *Remover) below(ctx context.Context, path string, folders []string) error {
	errs := make([]error, len(folders))
	var group sync.WaitGroup
	for i, name := range folders {
		one := func() {
			if path == "" && r.dropped(name) { // the tree in a work folder
				return
			}
			if errs[i] = r.clear(ctx, record.Join(path, name)); errs[i] != nil {
				return
			}
			d, err := r.tree.Dir(path)
			if err != nil {
				errs[i] = err
				return
			}
			errs[i] = unlocked(d, func() error { return d.Rmdir(name) })
			d.Close()
		}
		select {
		case r.slots <- struct{}{}:
			group.Go(func() {
				one()
				<-r.slots
			})
		default:
			one()
		}
	}
	group.Wait()
	return cmp.Or(errs...)
}

// dropped removes the folder name in the top folder at once, if it is a subvolume, and reports whether it has.
func (r *Remover) dropped(name string) bool {
	top, err := r.tree.Dir("")
	if err != nil {
		return false
	}
	defer top.Close()
	sub, err := enterUnlocked(top, name)
	if err != nil {
		return false
	}
	defer sub.Close()
	gone, err := dropSubvolume(top, name, sub)
	return gone && err == nil
}
