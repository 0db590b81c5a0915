package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"snap/index"
	"snap/internal/file"
)

// state is how a folder of the target stands.
type state uint8

const (
	fresh  state = iota // not yet looked at
	open                // there
	unmade              // a dry run would have made it: nothing is in it
	shut                // nothing can be restored into it
)

// folder is a folder of the snapshot and its place in the target, while something in it is being done.
type folder struct {
	parent *folder
	path   string // in the snapshot
	to     string // below the target
	name   string // the last element of to
	record index.Record
	known  bool // record is the snapshot's
	chosen bool // it is restored itself, not only passed through

	state    state
	stat     file.Stat // what it was when it was entered
	made     bool      // by this run: what is in it comes of this run
	sets     bool      // it gets the recorded metadata
	unlocked bool      // its mode was changed so that it can be written to

	extras []file.Entry // what it had in it when Delete came to it; sorted
	next   int          // the first of them not yet passed

	mounted bool // another file system is mounted on it in the target, and the snapshot has shown nothing in it so far

	refs atomic.Int64 // the walk, its jobs and its folders that are not finished
}

// release lets go of the folder, and finishes it and those it was the last in.
func (f *folder) release(ctx context.Context, h hands) {
	for f != nil && f.refs.Add(-1) == 0 {
		if f.state == open {
			h.leave(ctx, f)
		}
		f = f.parent
	}
}

// enter makes a folder or enters the one that is there.
func (w *writer) enter(f *folder) state {
	if err := w.makeOrOpen(f); err != nil {
		if !errors.Is(err, errSkip) {
			w.fail(f.path, err)
		}
		return shut
	}
	return open
}

// errSkip says that a folder stays as it is and nothing is restored into it.
var errSkip = errors.New("skip")

func (w *writer) makeOrOpen(f *folder) error {
	if f.parent == nil {
		if err := w.unlock(f, w.root); err != nil {
			return err
		}
	} else {
		in, err := w.target.Dir(f.parent.to)
		if err != nil {
			return err
		}
		defer in.Close()
		have, err := w.look(in, f.name, file.Folder)
		if err != nil {
			return err
		}
		v, err := w.folderVerdict(f, &have)
		if err != nil {
			return err
		}
		switch v {
		case replace:
			if err := in.Remove(f.name); err != nil {
				return err
			}
			fallthrough
		case create:
			if err := in.Mkdir(f.name); err != nil {
				return err
			}
			w.target.Forget(f.to)
			f.made = true
		case merge:
			h, err := in.EnterDir(f.name)
			if err != nil {
				return err
			}
			err = w.unlock(f, h)
			h.Close()
			if err != nil {
				return err
			}
		}
	}
	d, err := w.target.Dir(f.to)
	if err != nil {
		return err
	}
	defer d.Close()
	stat, err := d.Stat()
	if err != nil {
		return err
	}
	if !f.unlocked {
		f.stat = stat
	}
	have := existing{Stat: f.stat}
	made := f.made || f.parent == nil && w.made
	if !made && w.Overwrite == Never {
		have.Empty = isEmpty(d)
	}
	f.sets = f.known && (made || f.chosen && setsMeta(&f.record, &have, w.Overwrite))
	return nil
}

// folderVerdict decides about a folder and says with an error that it cannot be entered. What is only
// passed through replaces nothing.
func (r *run) folderVerdict(f *folder, have *existing) (verdict, error) {
	v := decide(&f.record, have, r.Overwrite, r.Delete)
	switch {
	case v == keep:
		return v, errSkip
	case v == refuse:
		return v, fmt.Errorf("a %s %w", have.Kind, ErrExists)
	case v == merge && file.SameFile(&have.Stat, &r.dest):
		return v, ErrInDestination
	case v != create && v != merge && !f.chosen:
		return v, fmt.Errorf("a %s %w", have.Kind, ErrInTheWay)
	case v == refresh:
		return replace, nil
	}
	return v, nil
}

// unlock makes an existing folder of an ordinary user writable until it is finished. One that belongs to
// another stays as it is: what fails in it is reported.
func (w *writer) unlock(f *folder, d *file.Dir) error {
	stat, err := d.Stat()
	if err != nil || w.privileged || stat.Mode&0o700 == 0o700 {
		return err
	}
	switch err := d.Chmod(stat.Mode | 0o700); {
	case err == nil:
		f.stat, f.unlocked = stat, true
	case !errors.Is(err, fs.ErrPermission):
		return err
	}
	return nil
}

// leave sets what a folder carries now that everything in it is done. After a failure it only gets back
// the mode that unlock took.
func (w *writer) leave(ctx context.Context, f *folder) {
	sets := f.sets && ctx.Err() == nil
	other := f.parent != nil && f.parent.stat.Dev != f.stat.Dev
	if !sets && !f.unlocked && !other {
		return
	}
	d, err := w.target.Dir(f.to)
	if err != nil {
		w.fail(f.path, err)
		return
	}
	defer d.Close()
	if !d.Is(&f.stat) {
		w.fail(f.path, fmt.Errorf("%s %w", d.Path(), ErrChanged))
		return
	}
	switch {
	case sets:
		err = w.setFolder(d, w.meta(&f.record))
	case f.unlocked:
		err = d.Chmod(f.stat.Mode)
	}
	if err == nil && other && ctx.Err() == nil {
		err = d.SyncSystem()
	}
	if err != nil {
		w.fail(f.path, err)
	}
}

func (w *writer) setFolder(d *file.Dir, m *file.Meta) error {
	self, err := d.EnterSelf() // d may be a handle that nothing can be set through
	if errors.Is(err, fs.ErrPermission) {
		w.lost(file.LostOwner | file.LostMode | file.LostTimes)
		return nil
	}
	if err != nil {
		return err
	}
	defer self.Close()
	if err := self.KeepXattrs(m.Xattrs); err != nil {
		return err
	}
	lost, err := self.SetMeta(m)
	w.lost(lost)
	return err
}
