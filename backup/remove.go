package backup

import (
	"context"
	"errors"
	"io/fs"
	"sync"

	"snap/index"
	"snap/internal/file"
)

// removeTree removes the folder name in parent with all that is in it, on several goroutines, by
// handles and never through a link. Folders that forbid it are opened up first.
func removeTree(ctx context.Context, parent *file.Dir, name string, jobs int) error {
	unlock(parent, name)
	root, err := parent.OpenDir(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	r := &remover{ctx: ctx, tree: file.NewTree(root, 256, (*file.Dir).OpenDir), slots: make(chan struct{}, max(jobs-1, 0))}
	err = r.clear("")
	r.tree.Close()
	root.Close()
	if err != nil {
		return err
	}
	return parent.Rmdir(name)
}

// unlock opens a folder up for removal. Where that is not possible the removal may be all the same, and
// its own error says more.
func unlock(parent *file.Dir, name string) { _ = parent.Unlock(name) }

type remover struct {
	ctx   context.Context
	tree  *file.Tree
	slots chan struct{} // goroutines besides the first
}

// clear empties the folder at path.
func (r *remover) clear(path string) error {
	if err := r.ctx.Err(); err != nil {
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
	for i := range entries {
		name := entries[i].Name
		kind := entries[i].Stat.Kind
		if kind == file.None {
			s, err := d.Lstat(name)
			if err != nil {
				d.Close()
				return err
			}
			kind = s.Kind
		}
		if kind == file.Folder {
			folders = append(folders, name)
			unlock(d, name)
		} else if err = d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.Close()
			return err
		}
	}
	d.Close()
	return r.below(path, folders)
}

// below empties and removes the folders in path.
func (r *remover) below(path string, folders []string) error {
	errs := make([]error, len(folders))
	var group sync.WaitGroup
	for i, name := range folders {
		one := func() {
			if errs[i] = r.clear(index.Join(path, name)); errs[i] != nil {
				return
			}
			d, err := r.tree.Dir(path)
			if err != nil {
				errs[i] = err
				return
			}
			errs[i] = d.Rmdir(name)
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
	return errors.Join(errs...)
}
