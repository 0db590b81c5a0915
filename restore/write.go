package restore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"snap/index"
	"snap/internal/file"
)

// job is an entry that is not a folder, to be restored.
type job struct {
	index.Entry
	in   *folder
	name string // in that folder

	group *group        // of its names, if there are several
	after chan struct{} // closed when the name before it is done, nil for the first
	done  chan struct{} // closed when this one is, nil for a single name
}

// to is where the entry goes, below the target.
func (j *job) to() string { return index.Join(j.in.to, j.name) }

func (j *job) release(ctx context.Context, h hands) {
	if j.done != nil {
		close(j.done)
	}
	j.in.release(ctx, h)
}

// writer is the hands of a run that writes.
type writer struct {
	*run
	jobs       chan *job
	stop       context.CancelCauseFunc
	privileged bool
	noClone    atomic.Bool // the target cannot share blocks with the snapshot
}

// write restores everything and makes it durable.
func (r *run) write(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w := &writer{run: r, jobs: make(chan *job, 4*r.Jobs), stop: stop, privileged: os.Geteuid() == 0}
	var workers sync.WaitGroup
	for range r.Jobs {
		workers.Go(func() {
			h := &hand{writer: w, hash: sha256.New(), buf: make([]byte, 256<<10)}
			for j := range w.jobs {
				h.restore(ctx, j)
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
	if err != nil {
		return err
	}
	return r.root.SyncSystem()
}

func (w *writer) leaf(ctx context.Context, j *job) {
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		j.release(ctx, w)
	}
}

// fail reports the problem of one path, or stops the run when the target can take no more.
func (w *writer) fail(path string, err error) {
	if file.DiskFailed(err) {
		w.stop(err)
		return
	}
	w.problem(path, err)
}

// hand is one worker.
type hand struct {
	*writer
	hash hash.Hash
	buf  []byte
}

// restore does one job: decide, then act.
func (h *hand) restore(ctx context.Context, j *job) {
	if !j.wait(ctx) {
		return
	}
	d, err := h.target.Dir(j.in.to)
	if err != nil {
		h.fail(j.Path, err)
		return
	}
	defer d.Close()
	v, have, err := h.judge(d, j)
	if err == nil && v == refresh {
		v, err = h.refresh(d, j, &have)
	}
	if err != nil {
		h.fail(j.Path, err)
		return
	}
	switch v {
	case absent:
		h.problem(j.Path, ErrNotInSnapshot)
	case refuse:
		h.problem(j.Path, fmt.Errorf("%q %w", j.to(), ErrExists))
	case blocked:
		h.problem(j.Path, inTheWay(j.to()))
	case keep:
		h.skipped(j.Path)
	case refresh:
		h.metadataSet(j.Path)
	default:
		h.put(ctx, d, j, v)
	}
}

func inTheWay(to string) error {
	return fmt.Errorf("a folder with something in it %w: %q", ErrInTheWay, to)
}

// put makes the entry under another name and moves it into place.
func (h *hand) put(ctx context.Context, d *file.Dir, j *job, v verdict) {
	tmp := ".snap-" + rand.Text()[:12]
	placed := false
	defer func() {
		if !placed {
			d.Remove(tmp)
		}
	}()
	m, err := h.make(ctx, d, tmp, j)
	if ctx.Err() != nil {
		return
	}
	if err == nil && m.damage != nil && v != create {
		h.problem(j.Path, fmt.Errorf("%w; what was there stays", m.damage))
		return
	}
	if err == nil {
		err = h.place(ctx, d, tmp, j, v)
		placed = err == nil
	}
	var source *sourceError
	switch {
	case errors.As(err, &source):
		h.problem(j.Path, source.error)
		return
	case err != nil:
		h.fail(j.Path, err)
		return
	}
	if g := j.group; g != nil && m.linked {
		g.also(j.to())
	} else if g != nil {
		g.begin(j.to(), m.stat)
		g.damage = m.damage
	}
	h.restored(j.Path, m.bytes)
	if m.damage != nil {
		h.problem(j.Path, m.damage)
	}
}

// place moves a finished entry to its name. What gives way does so only now.
func (h *hand) place(ctx context.Context, d *file.Dir, tmp string, j *job, v verdict) error {
	switch v {
	case replace:
		return d.Replace(tmp, d, j.name)
	case clear:
		var err error
		if h.Delete {
			_, err = h.remove(ctx, h, j.in.path, j.in.to, j.name)
		} else {
			if err = d.Rmdir(j.name); err == nil {
				h.deleted(index.Join(j.in.path, j.name))
			}
		}
		if err != nil {
			return err
		}
		h.target.Forget(j.to())
	}
	err := d.Rename(tmp, d, j.name)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%q %w", j.to(), ErrExists)
	}
	return err
}

// refresh sets the metadata of a regular file. It answers refresh, or replace where that cannot be done.
func (h *hand) refresh(d *file.Dir, j *job, have *existing) (verdict, error) {
	f, err := d.Open(j.name)
	if err != nil {
		return replace, nil
	}
	defer f.Close()
	s, err := f.Stat()
	if err != nil || !file.SameFile(&s, &have.Stat) || s.Nlink > 1 {
		return replace, err
	}
	meta := h.meta(&j.Record)
	if err := f.KeepXattrs(meta.Xattrs); err != nil {
		return replace, err
	}
	lost, err := f.SetMeta(meta)
	h.lost(lost)
	j.found(have)
	return refresh, err
}
