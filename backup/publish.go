package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"snap/index"
	"snap/internal/file"
)

// publish makes the built tree a snapshot. Up to the rename in finish nobody sees it; from there on it
// exists, whatever fails.
func (r *run) publish(ctx context.Context, work *workFolder, p *plan) error {
	r.o.Report.Progress(Progress{Stage: Publishing})
	d := r.d
	d.release()
	// The records may be in the index before the tree is on the disk: without a header they are nobody's, and the next
	// run takes them out.
	syncing := make(chan error, 1)
	go func() { syncing <- d.sync() }()
	synced := sync.OnceValue(func() error { return <-syncing })
	h := r.head
	h.Work = work.name
	err := d.DB.Import(ctx, h.Seq, changesOf(work.path(), setName), func() (*index.Header, error) {
		err := synced()
		work.keep = err == nil // from here on the next run's recovery knows better what to do with it
		return &h, err
	})
	if err := synced(); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	h.State = index.Prepared
	if err := d.finish(ctx, &h); err != nil {
		return r.published(ctx, &h, err)
	}
	work.keep = false
	r.res.Header = &h
	if err := d.pointLatest(h.Name); err != nil {
		r.res.After = append(r.res.After, fmt.Errorf("the snapshot is complete, but the link %s could not be made: %w", latestName, unwrapPath(err)))
	}
	if p.learns == 0 {
		return nil
	}
	if err := d.DB.LearnOlder(ctx, h.Seq, p.learned.all()); err != nil {
		r.res.After = append(r.res.After, fmt.Errorf("the snapshot is complete, but the index could not note what was learned: %w", err))
	}
	return nil
}

// published deals with an error of finish. If the tree has its name already, the snapshot is there: it is listed, and keeps
// its work folder in the header, so that the next run finishes it. If that cannot be noted, nobody knows of it before.
func (r *run) published(ctx context.Context, h *index.Header, err error) error {
	if there, lerr := folderAt(r.d.root, h.Name); lerr != nil || !there { // the name was free before
		return err
	}
	listed := *h
	listed.State = index.Complete
	if nerr := r.d.sparing(func() error { return r.d.DB.SetHeader(ctx, &listed) }); nerr != nil {
		return fmt.Errorf("snapshot %s is built, but the index could not note it; the next backup does that: %w", h.Name, err)
	}
	r.res.Header = &listed
	return fmt.Errorf("snapshot %s is there, but it is not certain that a power cut would leave it; the next backup makes sure: %w", h.Name, err)
}

// finish publishes a prepared snapshot, from whichever step on that is still to be done.
func (d *Destination) finish(ctx context.Context, h *index.Header) error {
	if work, err := d.tmp.OpenDir(h.Work); err == nil {
		defer work.Close()
		if there, err := exists(work, setName); err != nil {
			return err
		} else if there {
			if err := work.Replace(setName, d.changes, setFile(h.Seq)); err != nil {
				return err
			}
		}
		if there, err := exists(work, treeName); err != nil {
			return err
		} else if there {
			// The commit point.
			if err := work.Rename(treeName, d.root, h.Name); err != nil {
				return err
			}
		}
		if err := work.Sync(); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, dir := range []*file.Dir{d.changes, d.root} {
		if err := dir.Sync(); err != nil {
			return err
		}
	}
	if there, err := folderAt(d.root, h.Name); err != nil {
		return err
	} else if !there { // somebody removed it meanwhile, or the file system is not to be trusted
		return fmt.Errorf("%s: the snapshot that was built is not there", filepath.Join(d.Path, h.Name))
	}
	h.State, h.Work = index.Complete, ""
	return d.sparing(func() error { return d.DB.SetHeader(ctx, h) })
}

// pointLatest makes the link `latest` lead to the snapshot, in one step. A destination without symbolic
// links goes without; something of that name that is no link is the user's.
func (d *Destination) pointLatest(name string) error {
	s, err := d.root.Lstat(latestName)
	if err == nil && s.Kind != file.Symlink || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	const tmp = "latest-new"
	if err := d.tmp.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.tmp.Symlink(name, tmp); err != nil {
		return nil
	}
	if err := d.tmp.Replace(tmp, d.root, latestName); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil // Wine says that it made the link, and makes none
}

// setFile is the name of a change set in .snap/changes: zeros in front, so that names sort as numbers.
func setFile(seq uint64) string { return fmt.Sprintf("%010d", seq) }

// changesOf yields the records of a change set. It can be ranged over again.
func changesOf(dir, name string) iter.Seq2[*index.Entry, error] {
	return func(yield func(*index.Entry, error) bool) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDONLY|openPlain, 0)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		c, err := index.NewChangeReader(f)
		if err != nil {
			yield(nil, fmt.Errorf("%s: %w", f.Name(), err))
			return
		}
		for e, err := range c.All() {
			if err != nil {
				err = fmt.Errorf("%s: %w", f.Name(), err)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// sets are the sequence numbers of the change sets, increasing.
func (d *Destination) sets() ([]uint64, error) { return numbered(d.changes) }

// numbered are the names in dir that are sequence numbers, increasing.
func numbered(dir *file.Dir) ([]uint64, error) {
	entries, err := dir.Entries()
	if err != nil {
		return nil, err
	}
	var seqs []uint64
	for i := range entries {
		if n, err := strconv.ParseUint(entries[i].Name, 10, 64); err == nil && setFile(n) == entries[i].Name {
			seqs = append(seqs, n)
		}
	}
	slices.Sort(seqs)
	return seqs, nil
}

// nextSeq is a sequence number above every one that was ever used here. Sets that were put aside and labels
// count too: they must not meet a snapshot of their number.
func (d *Destination) nextSeq(ctx context.Context) (uint64, error) {
	entries, err := d.changes.Entries()
	if err != nil {
		return 0, err
	}
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return 0, err
	}
	trash, err := numbered(d.trash)
	if err != nil {
		return 0, err
	}
	last := uint64(0)
	for _, n := range trash { // what cannot be removed may be there still
		last = max(last, n)
	}
	for i := range entries {
		number, _, _ := strings.Cut(entries[i].Name, ".")
		if n, err := strconv.ParseUint(number, 10, 64); err == nil && setFile(n) == number {
			last = max(last, n)
		}
	}
	for i := range all {
		last = max(last, all[i].Seq)
	}
	return last + 1, nil
}

// freeName is the name of a snapshot made at t, with the first number from 2 on if that is needed to make it free and to
// be above those that are called the same but for their number: by names, too, the newest is last.
func (d *Destination) freeName(ctx context.Context, t time.Time, nameOf func(time.Time) string) (string, error) {
	name := nameOf(t)
	if err := index.CheckName(name); err != nil {
		return "", err
	}
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return "", err
	}
	taken, next := map[string]bool{}, 1
	for i := range all {
		taken[all[i].Name] = true
		if number, ok := strings.CutPrefix(all[i].Name, name+"-"); ok && nameOf(all[i].Time) == name {
			if n, err := strconv.ParseInt(number, 10, 32); err == nil && n > 1 {
				next = max(next, int(n)+1)
			}
		}
	}
	for ; ; next++ {
		try := name
		if next > 1 {
			try = fmt.Sprintf("%s-%d", name, next)
		}
		there, err := exists(d.root, try)
		if err != nil {
			return "", err
		}
		if !there && !taken[try] {
			return try, nil
		}
	}
}
