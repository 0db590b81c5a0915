package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"

	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
)

// job is an entry that is not a folder, to be restored.
type job struct {
	record.Entry
	in   *folder
	name string // in that folder

	group *group        // of its names, if there are several
	after chan struct{} // closed when the name before it is done, nil for the first
	done  chan struct{} // closed when this one is, nil for a single name

	lost file.Lost // parts of its metadata that this user cannot set on what is there already
}

// to is where the entry goes, below the target.
func (j *job) to() string { return record.Join(j.in.to, j.name) }

func (j *job) release(ctx context.Context, h handler) {
	if j.done != nil {
		j.group.turnOver(j.done)
	}
	j.in.release(ctx, h)
}

// writer is the handler of a run that writes.
type writer struct {
	run     *run
	jobs    chan *job
	stop    context.CancelCauseFunc
	noClone atomic.Bool // the target cannot share blocks with the snapshot
}

// write restores everything and makes it durable.
func (r *run) write(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w := &writer{run: r, jobs: make(chan *job, r.ahead()), stop: stop}
	var workers sync.WaitGroup
	for range r.o.Jobs {
		workers.Go(func() {
			one := &worker{writer: w, run: r, hash: file.NewDigest(), buf: make([]byte, 256<<10)}
			for j := range w.jobs {
				one.restore(ctx, j)
				j.release(ctx, w)
			}
		})
	}
	err := r.walk(ctx, w)
	close(w.jobs)
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil || r.root == nil { // nothing was to be restored
		return err
	}
	return r.root.SyncSystem()
}

// ahead is how many entries the walk is before the workers: of what is far away, enough to fetch it in large pieces.
func (r *run) ahead() int {
	if r.tree == nil {
		return 4096
	}
	return 4 * r.o.Jobs
}

func (w *writer) leaf(ctx context.Context, j *job) {
	if w.run.tree == nil && w.wants(j) {
		w.run.contents.Want(&j.Entry)
	}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		j.release(ctx, w)
	}
}

// wants reports whether the bytes of an entry will be asked for, as far as that shows before its turn.
func (w *writer) wants(j *job) bool {
	if j.Kind != file.Regular || !j.Held() || j.after != nil { // another name of the same file
		return false
	}
	if j.in.made {
		return true
	}
	d, err := w.folder(j.in)
	if err != nil {
		return false
	}
	defer d.Close()
	have, err := w.run.look(d, j.name, j.Kind)
	if err != nil {
		return false
	}
	v := decide(&j.Record, &have, w.run.o.Overwrite, w.run.o.Delete)
	return v == create || v == replace || v == clear
}

// fail reports the problem of one path, or stops the run when the target can take no more.
func (w *writer) fail(path string, err error) {
	if stops(err) {
		w.stop(err)
		return
	}
	w.run.tally.problem(path, err)
}

// stops reports whether a failure of the target ends the run; any other concerns one path. Some file systems answer a
// request for what they cannot hold, such as a device on FAT, with the error of a broken disk.
func stops(err error) bool {
	if errors.As(err, new(*contentsError)) {
		return true
	}
	var p *fs.PathError
	if errors.As(err, &p) && slices.Contains([]string{"mknod", "symlink", "link"}, p.Op) {
		return file.DiskFull(err)
	}
	return file.DiskFailed(err)
}

// worker restores one entry at a time.
type worker struct {
	writer *writer
	run    *run
	hash   *file.Digest
	buf    []byte
}

// restore does one job: decide, then act.
func (w *worker) restore(ctx context.Context, j *job) {
	if !j.wait(ctx) {
		return
	}
	d, err := w.writer.folder(j.in)
	if err != nil {
		w.writer.fail(j.Path, err)
		return
	}
	defer d.Close()
	v, have, err := w.run.judge(d, j)
	if err == nil && v == refresh {
		v, err = w.refresh(ctx, d, j, &have)
	}
	if err != nil {
		w.writer.fail(j.Path, err)
		return
	}
	switch v {
	case absent:
		w.run.tally.problem(j.Path, notHeld(&j.Record))
	case refuse:
		w.run.tally.problem(j.Path, fmt.Errorf("%q %w", j.to(), ErrExists))
	case blocked:
		w.run.tally.problem(j.Path, inTheWay(j.to()))
	case keep:
		j.in.put(j.name, &have.Stat)
		w.run.tally.lost(j.Path, j.lost)
		w.run.tally.skipped(j.Path)
		notToMove(ctx, j)
	case refresh:
		j.in.put(j.name, &have.Stat)
		w.run.tally.metadataSet(j.Path)
	default:
		w.put(ctx, d, j, v, &have)
	}
}

func inTheWay(to string) error {
	return fmt.Errorf("a folder with something in it %w: %q", ErrInTheWay, to)
}

// put makes the entry in a staging folder and moves it into place.
func (w *worker) put(ctx context.Context, d *file.Dir, j *job, v verdict, have *existing) {
	in, err := w.writer.staging(j.in, d)
	if err != nil {
		w.writer.fail(j.Path, err)
		return
	}
	defer in.Close()
	tmp := tempName()
	placed := false
	defer func() {
		if !placed {
			in.Remove(tmp)
		}
	}()
	under := older(d, j, v, have)
	if under != nil {
		defer under.Close()
	}
	m, err := w.make(ctx, in, tmp, j, under)
	if ctx.Err() != nil {
		return
	}
	if err == nil && m.damage != nil && v != create {
		w.run.tally.problem(j.Path, fmt.Errorf("%w; what was there stays", m.damage))
		return
	}
	if err == nil {
		err = w.place(ctx, in, tmp, d, j, v, have)
		placed = err == nil
	}
	var source *sourceError
	switch {
	case errors.As(err, &source):
		w.run.tally.problem(j.Path, source.error)
		return
	case err != nil:
		w.writer.fail(j.Path, err)
		return
	}
	if m.linked {
		m.stat = file.Stat{Kind: j.Kind, Dev: j.group.place.stat.dev, Ino: j.group.place.stat.ino}
	}
	j.in.put(j.name, &m.stat)
	if g := j.group; g != nil && m.linked {
		g.place.also(j.to())
	} else if g != nil {
		g.begin(j.to(), &m.stat, m.damage)
	}
	w.run.tally.restored(j.Path, m.bytes)
	if m.damage != nil {
		w.run.tally.problem(j.Path, m.damage)
	}
}

// place moves a finished entry to its name. Only now is what was there removed.
func (w *worker) place(ctx context.Context, in *file.Dir, tmp string, d *file.Dir, j *job, v verdict,
	have *existing) error {
	if v == clear {
		gone, err := w.clear(ctx, d, j)
		if err != nil {
			return err
		}
		if !gone {
			return inTheWay(j.to())
		}
		w.run.target.Forget(j.to())
		have = &existing{}
	}
	err := w.writer.moveIn(in, tmp, d, j.name, have)
	if errors.Is(err, fs.ErrExist) && j.in.made {
		return fmt.Errorf("%w: %q", ErrFolds, j.to())
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%q %w", j.to(), ErrExists)
	}
	return err
}

// clear removes the folder that is in the way of an entry, if all that is in it may go.
func (w *worker) clear(ctx context.Context, d *file.Dir, j *job) (gone bool, err error) {
	if w.run.o.Delete {
		look := &plan{run: w.run.copy(true)}
		if gone, err = look.run.remove(ctx, look, j.in, j.in.to, &j.in.stat, j.name, ""); !gone || err != nil {
			return false, err
		}
		return w.run.remove(ctx, w.writer, j.in, j.in.to, &j.in.stat, j.name, "")
	}
	if err = d.Rmdir(j.name); err == nil {
		w.run.tally.deleted(record.Join(j.in.path, j.name))
	}
	return err == nil, err
}

// refresh reads a regular file and, if its content is as recorded, sets its metadata through the same handle. It
// answers refresh, or replace where that cannot be done.
func (w *worker) refresh(ctx context.Context, d *file.Dir, j *job, have *existing) (verdict, error) {
	f, err := d.Open(j.name)
	if err != nil {
		return replace, nil
	}
	defer f.Close()
	s, err := f.Stat()
	if err != nil || exchanged(&have.Stat, &s) || s.Nlink > 1 || s.UID != have.UID || s.GID != have.GID {
		return replace, err
	}
	w.run.tally.started(j.Path, j.Size)
	work := progress.MeterOf(ctx).Begin(j.Path, j.Size)
	defer work.End()
	f.Watch(work.Moved)
	w.hash.Begin(j.Has(record.SparseHash))
	n, err := file.Hash(ctx, f, s.Size, w.hash, w.buf)
	if ctx.Err() != nil {
		return keep, ctx.Err()
	}
	if err != nil || n != j.Size || [32]byte(w.hash.Sum(nil)) != j.Hash {
		work.Drop() // the copy counts them
		return replace, nil
	}
	meta := w.run.meta(&j.Record)
	attained, _ := w.run.who.attains(meta, &s, w.run.cannot(s.Dev))
	if !w.run.o.NoXattrs {
		if err := f.KeepXattrs(meta.Xattrs); err != nil {
			return replace, err
		}
	}
	lost, err := f.SetMeta(&attained)
	w.run.tally.lost(j.Path, lost|j.lost)
	if err == nil {
		j.found(have)
	}
	return refresh, err
}
