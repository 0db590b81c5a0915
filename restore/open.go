package restore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"snap/internal/file"
)

// idleDirs is how many unused folder handles each tree keeps open.
const idleDirs = 128

// openContents opens DEST by its path, and the snapshot's tree in it unless the bytes come from elsewhere.
func (r *run) openContents(tree string) error {
	dest, err := file.OpenRoot(filepath.Dir(tree))
	if err != nil {
		return err
	}
	defer dest.Close()
	if r.dest, err = dest.Stat(); err != nil || r.o.Contents != nil {
		r.contents = r.o.Contents
		return err
	}
	if r.tree, err = OpenTree(dest, filepath.Base(tree)); err == nil {
		r.contents = r.tree
	}
	return err
}

// openTarget opens the target if it exists, after making sure that it is not in the destination.
func (r *run) openTarget(dest string) error {
	info, err := os.Stat(dest)
	if err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(r.o.Target)
	missing := errors.Is(err, fs.ErrNotExist)
	if missing {
		real, err = filepath.EvalSymlinks(filepath.Dir(filepath.Clean(r.o.Target)))
	}
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return err
	}
	for dir := real; ; dir = filepath.Dir(dir) {
		if i, err := os.Stat(dir); err == nil && os.SameFile(i, info) {
			return fmt.Errorf("%s: %w", r.o.Target, ErrInDestination)
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if missing {
		return nil
	}
	return r.useTarget()
}

func (r *run) useTarget() (err error) {
	if r.root, err = file.OpenRoot(r.o.Target); err == nil {
		r.target = file.NewTree(r.root, idleDirs, reach)
	}
	return err
}

// makeTarget makes the target if it does not exist, out of reach of others until it is finished.
func (w *writer) makeTarget(f *folder) error {
	if w.run.root != nil {
		return nil
	}
	above, err := file.OpenRoot(filepath.Dir(filepath.Clean(w.run.o.Target)))
	if err != nil {
		return err
	}
	defer above.Close()
	stage := tempName()
	in, err := above.MakeDir(stage)
	if err != nil {
		return exchangedError(err)
	}
	defer in.Close()
	err = w.makeTargetIn(f, in, above, filepath.Base(filepath.Clean(w.run.o.Target)))
	return errors.Join(err, above.Rmdir(stage))
}

// makeTargetIn makes the target in the staging folder in, and moves it to its name in above.
func (w *writer) makeTargetIn(f *folder, in, above *file.Dir, name string) error {
	tmp := tempName()
	if err := in.MkdirMode(tmp, 0o777); err != nil { // what the umask makes of it is what an unknown folder gets
		return err
	}
	d, err := in.OpenDir(tmp)
	if err != nil {
		return err
	}
	if f.stat, err = d.Stat(); err == nil {
		f.mode, f.restoresMode = f.stat.Mode, true
		if err = d.Chmod(0o700); err == nil {
			err = in.Rename(tmp, above, name)
		}
	}
	if err == nil {
		f.stat, err = d.Stat()
	}
	if err != nil {
		d.Close()
		in.Rmdir(tmp)
		return err
	}
	d.Moved(above, name)
	w.run.root, w.run.target = d, file.NewTree(d, idleDirs, reach)
	f.made, f.sets = true, f.known && !f.carrier
	w.mark(f, d)
	return nil
}

// reach enters a folder of the target; one that may not be listed can still be gone through.
func reach(parent *file.Dir, name string) (*file.Dir, error) {
	d, err := parent.OpenDir(name)
	if errors.Is(err, fs.ErrPermission) {
		return parent.EnterDir(name)
	}
	return d, err
}

// close closes what was opened.
func (r *run) close() {
	if r.tree != nil {
		r.tree.Close()
	}
	if r.root != nil {
		r.target.Close()
		r.root.Close()
	}
}
