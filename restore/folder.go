package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"

	"snap/internal/file"
	"snap/record"
)

// state is how a folder of the target stands.
type state uint8

const (
	fresh  state = iota // not yet looked at
	open                // there
	unmade              // a dry run would have made it: nothing is in it
	shut                // nothing can be restored into it
)

// folder is a folder of the snapshot and its place in the target, until everything in it is done.
type folder struct {
	parent *folder
	path   string // in the snapshot
	to     string // below the target
	name   string // the last element of to
	record record.Record
	known  bool // record is the snapshot's
	chosen bool // it is restored itself, not only passed through

	kept    bool // its place is taken by something that stays
	carrier bool // it only leads to what was backed up: what exists of it stays as it is

	state    state
	stat     file.Stat // what it was when it was entered
	made     bool      // by this run: only this run puts something into it, and nobody else may enter it until it is done
	sets     bool      // it gets the recorded metadata
	bare     bool      // it was empty, and is the target itself
	unlocked bool      // its mode was changed so that it can be written to

	restoresMode bool   // it was made, and is not known: it gets mode
	mode         uint16 // what a new folder has here

	mu     sync.Mutex
	stage  *stage            // in which entries are made, once it is there
	placed map[fileID]string // the name of what was restored in it, by the file that the target has there now
	listed map[string]bool   // the names in it, once they were asked for

	extras  []file.Entry // what it had in it when Delete came to it; sorted
	next    int          // the first of them not yet passed
	surplus int          // so many of those passed, put first, are not in the snapshot
	whole   bool         // all are passed

	mounted bool // another file system is mounted on it in the target, and the snapshot has shown nothing in it so far

	refs atomic.Int64 // the walk, its jobs and its folders that are not finished
}

// release ends one use of the folder. The last one finishes it, and with it the folders above that wait for it alone.
func (f *folder) release(ctx context.Context, h handler) {
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
		return w.enterTarget(f)
	}
	in, err := w.folder(f.parent)
	if err != nil {
		return err
	}
	defer in.Close()
	have, err := w.run.look(in, f.name, file.Folder)
	if err != nil {
		return err
	}
	v, err := w.run.folderVerdict(f, &have)
	if err != nil {
		return err
	}
	if v == merge {
		err = f.parent.free(in, f.name, &have.Stat)
		if err == nil && w.replaces(f, in, &have) {
			v = replace
		}
	}
	switch {
	case err != nil:
		return err
	case v == merge:
		err = w.enterExisting(f, in, &have)
	default:
		err = w.enterNew(f, in, &have)
	}
	if err == nil {
		f.parent.put(f.name, &f.stat)
	}
	return err
}

// enterTarget enters the folder that all goes to, and makes it first if it is not there.
func (w *writer) enterTarget(f *folder) error {
	if err := w.makeTarget(f); err != nil {
		return err
	}
	if f.made {
		return nil
	}
	return w.useExisting(f, w.run.root)
}

// enterNew makes a folder; what is there in its place gives way.
func (w *writer) enterNew(f *folder, in *file.Dir, have *existing) error {
	d, err := w.newFolder(f.parent, in, f.name, have)
	if err != nil {
		return err
	}
	if f.stat, err = d.Stat(); err != nil {
		d.Close()
		return err
	}
	f.made, f.sets = true, f.known
	w.mark(f, d)
	w.run.target.Forget(f.to)
	if d, err = w.run.target.Adopt(f.to, d); err == nil {
		d.Close()
	}
	return err
}

// enterExisting enters the folder have.
func (w *writer) enterExisting(f *folder, in *file.Dir, have *existing) error {
	h, err := in.EnterDir(f.name)
	if err != nil {
		return err
	}
	defer h.Close()
	now, err := h.Stat()
	if err == nil && exchanged(&have.Stat, &now) {
		err = fmt.Errorf("%q %w", f.to, ErrChanged)
	}
	if err != nil {
		return err
	}
	return w.useExisting(f, h)
}

// useExisting notes what an existing folder is, makes it writable and decides whether it gets the recorded metadata.
func (w *writer) useExisting(f *folder, d *file.Dir) (err error) {
	if f.stat, err = d.Stat(); err != nil {
		return err
	}
	if err := w.unlock(f, d); err != nil {
		return err
	}
	have := existing{Stat: f.stat, Empty: w.run.o.Overwrite.keeps() && w.isEmptyAt(f.to)}
	f.sets = f.known && f.chosen && !f.carrier && setsMeta(&f.record, &have, w.run.o.Overwrite)
	f.bare = f.sets && w.run.who.privileged && f.parent == nil && w.isBare(f.to)
	return nil
}

// folderVerdict decides about a folder; an error says why it cannot be entered. A folder that only leads to what is
// restored replaces nothing.
func (r *run) folderVerdict(f *folder, have *existing) (verdict, error) {
	v := decide(&f.record, have, r.o.Overwrite, r.o.Delete)
	switch {
	case v == keep:
		f.kept = true
		return v, errSkip
	case v == refuse:
		return v, fmt.Errorf("a %s %w", have.Kind, ErrExists)
	case v == merge && file.SameFile(&have.Stat, &r.dest):
		return v, ErrInDestination
	case v != create && v != merge && (!f.chosen || f.carrier):
		return v, fmt.Errorf("a %s %w", have.Kind, ErrInTheWay)
	case v == refresh:
		return replace, nil
	}
	return v, nil
}

// unlock makes an existing folder of an ordinary user writable until it is finished. One that belongs to
// another stays as it is: what fails in it is reported.
func (w *writer) unlock(f *folder, d *file.Dir) error {
	if w.run.who.privileged || f.stat.Mode&0o700 == 0o700 {
		return nil
	}
	switch err := d.Chmod(f.stat.Mode | 0o700); {
	case err == nil:
		f.unlocked = true
	case !errors.Is(err, fs.ErrPermission):
		return err
	}
	return nil
}

// leave sets the metadata of a folder now that everything in it is done. After a failure it only sets the mode again
// that unlock changed.
func (w *writer) leave(ctx context.Context, f *folder) {
	w.run.removeSurplus(ctx, w, f)
	sets := f.sets && ctx.Err() == nil
	other := f.parent != nil && f.parent.stat.Dev != f.stat.Dev
	if !sets && !f.unlocked && !other && f.stage == nil && !f.restoresMode {
		return
	}
	d, err := w.folder(f)
	if err != nil {
		w.fail(f.path, err)
		return
	}
	defer d.Close()
	err = w.unstage(f, d)
	switch {
	case sets:
		err = errors.Join(err, w.setFolder(d, f))
	case f.unlocked:
		err = errors.Join(err, d.Chmod(f.stat.Mode))
	case f.restoresMode:
		err = errors.Join(err, d.Chmod(f.mode))
	}
	if err == nil && other && ctx.Err() == nil {
		err = d.SyncSystem()
	}
	if err != nil {
		w.fail(f.path, err)
	}
}

func (w *writer) setFolder(d *file.Dir, f *folder) error {
	m := w.run.meta(&f.record)
	self, err := d.EnterSelf() // d may be a handle that nothing can be set through
	if errors.Is(err, fs.ErrPermission) {
		w.run.tally.lost(f.path, file.LostOwner|file.LostMode|file.LostTimes)
		return nil
	}
	if err != nil {
		return err
	}
	defer self.Close()
	if err := w.mayGive(f, self, m); err != nil {
		if f.unlocked {
			err = errors.Join(err, self.Chmod(f.stat.Mode))
		}
		return err
	}
	if err := self.KeepXattrs(m.Xattrs); err != nil {
		return err
	}
	lost, err := self.SetMeta(m)
	w.run.tally.lost(f.path, lost)
	return err
}
