package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"snap/backup/source"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/internal/stream"
	"snap/record"
)

// builder makes a tree. The producer (tasks) makes the folders and cuts the rest into tasks of
// consecutive entries, workers do the tasks (place.go), and the consumer writes the change set in key
// order.
type builder struct {
	run       *run
	source    *source.Source
	plan      *plan
	new       *file.Tree
	old       *file.Tree // nil without a tree of the previous snapshot
	prev      *file.Dir  // its top folder
	base      base       // what new began as
	newInodes newInodes
	plain     atomic.Bool // cloning was tried and does not work here

	work       *file.Dir // the work folder
	metaTrials destination.MetaTrials
	xattrFile  xattrFile
	unlinked   record.Reason // why nothing is linked to the previous snapshot, if old is nil
	olderTrees destination.OlderTrees

	resumable *resumeSources  // what interrupted runs have copied
	losses    lossLog         // what could not be set of what was made
	meter     *progress.Meter // counts the bytes of the files that are being copied
	copied    atomic.Int64    // bytes written so far
	taken     atomic.Int64    // bytes of files linked from interrupted runs so far
}

// item is one entry to be made.
type item struct {
	path    string
	name    string
	dir     *folder        // nil when nothing is to be made: a folder, which the producer made, or a tombstone
	rec     record.Record  // what the snapshot will hold
	old     *record.Record // previous record of a path that has a new one, nil if there was none
	saved   *saved         // the file in the tree of an interrupted run, nil if there is none that can be used
	resumed bool           // saved was linked
	xattrs  *storedXattrs  // its attributes, if they are heavy
	changed bool           // rec is a new record; else the entry is linked as an older snapshot has it
	kept    bool           // the entry was to be linked and could not be; rec is that of the older one
	gone    bool           // it vanished from the source before it could be read
	problem error          // why it could not be read
	note    error          // why it was copied although nothing changed
}

// folder is a folder of the new tree. Its metadata is set when everything in it is there.
type folder struct {
	path    string
	rec     record.Record
	parent  *folder
	absent  bool         // the destination cannot hold it, nor anything in it
	there   bool         // the tree began with it
	touched atomic.Bool  // it was made, or something in it was: then its metadata is to be set
	changed bool         // as of an item
	open    atomic.Int64 // tasks and folders in it that are not done, and one until the producer left it
}

// A task is done by one worker. It ends after taskItems entries or taskBytes to copy, and before a file as
// large as that, so that what was done is on record while that is copied; at most window tasks are under way.
const (
	taskItems = 256
	taskBytes = 4 << 20
	window    = 64

	taskWeight = 128 << 10 // of extended attributes: those of all tasks under way are in memory
)

// build makes the new tree in the work folder and writes its change set beside it.
func (r *run) build(ctx context.Context, work *destination.WorkFolder, p *plan) error {
	// Before the tree, so that a tree without a change set beside it is whole: its set has been published already.
	set, err := os.OpenFile(filepath.Join(work.Path(), destination.SetName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer set.Close()
	b := &builder{run: r, source: r.source, plan: p, work: work.Dir, meter: progress.MeterOf(ctx)}
	defer b.metaTrials.Close()
	defer b.olderTrees.Close()
	defer b.xattrFile.close()
	if r.prev != nil {
		prev, err := r.d.EnterOwn(r.prev.Name)
		if err == nil {
			defer prev.Close()
			b.prev, b.old = prev, file.NewTree(prev, 512, (*file.Dir).EnterDir)
			defer b.old.Close()
		} else {
			if b.unlinked = record.OldCopyDamaged; errors.Is(err, destination.ErrForeign) {
				b.unlinked = record.AnotherOwner
			}
			r.problem("", &MissingSnapshotError{r.prev.Name, file.Reason(err)}, true)
		}
	}
	tree, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer tree.Close()
	b.new = file.NewTree(tree, 512, b.enter)
	defer b.new.Close()
	b.resumable = r.openResumable()
	defer b.resumable.close()
	if r.head.Seq, err = r.d.NextSeq(ctx); err != nil {
		return err
	}
	if r.head.Name, err = r.d.FreeName(ctx, r.o.Time, r.o.Name); err != nil {
		return err
	}
	r.head.Volumes, r.head.Boot = r.source.Volumes.Kept(), r.d.Root.Session()
	w, err := record.NewChangeWriter(set, &r.head)
	if err != nil {
		return err
	}
	r.head.Boot = "" // says nothing of a finished snapshot
	work.Begun = true
	b.run.checkpoint.begin(time.Now(), 0)
	err = b.displace(ctx)
	switch {
	case err != nil:
	case b.done():
		err = b.countAll(ctx)
	default:
		err = b.writeChanges(ctx, w)
	}
	if err != nil {
		w.Flush() // for the run after this one; why this one ended is err
		return err
	}
	if err := b.dropDisplaced(ctx, tree); err != nil {
		return err
	}
	r.res.Lost = b.losses.lost()
	r.head.Removed -= p.movedAway
	r.head.Finished = r.o.Time.Add(time.Since(r.o.Start)).Round(0)
	if err := w.End(&r.head); err != nil {
		return err
	}
	return set.Close()
}

// MissingSnapshotError: there is no tree of the previous snapshot to link to.
type MissingSnapshotError struct {
	Name string
	Err  error
}

func (e *MissingSnapshotError) Error() string {
	how := "cannot be"
	if errors.Is(e.Err, destination.ErrForeign) {
		how = "is not"
	}
	return "snapshot " + e.Name + " " + how + " linked to (" + e.Err.Error() + "): every file is copied, this once"
}
func (e *MissingSnapshotError) Unwrap() error { return e.Err }

// writeChanges does the tasks and writes the records of what they made. When one fails, the records of what the
// others have made are written for the next run.
func (b *builder) writeChanges(ctx context.Context, w *record.ChangeWriter) (failed error) {
	at := progress.State{Stage: progress.Building, TotalFiles: b.plan.files + b.plan.dirs, TotalBytes: b.plan.bytes}
	b.run.o.Report.Progress(at)
	var given givenAway
	defer func() {
		if given.files > 0 {
			given.in = b.run.prev.Name
			b.run.problem("", &given, true)
		}
	}()
	for t, err := range stream.Ordered(ctx, b.run.o.Jobs, window, b.tasks(ctx), b.do) {
		if err != nil && failed == nil {
			failed = err
		}
		if t == nil {
			continue
		}
		for i := range t.items {
			it := &t.items[i]
			if it.problem != nil {
				b.run.problem(it.path, file.Reason(it.problem), errors.Is(it.problem, ErrGrows) && !b.run.o.Strict)
			}
			if errors.Is(it.note, errGivenAway) {
				given.add(it.path)
			} else if it.note != nil {
				b.run.problem(it.path, it.note, true)
			}
			if it.gone {
				b.run.res.Vanished++
				if it.old == nil {
					continue
				}
			}
			if it.resumed {
				b.run.res.Resumed.Add(it.rec.OnDisk())
			}
			b.run.count(&it.rec, it.changed)
			b.run.report(b.plan, it.path, &it.rec, it.old, it.changed)
			if it.rec.Has(record.Capped) && it.problem == nil {
				b.run.problem(it.path, CappedError{}, false)
			}
			if it.changed {
				if err := b.loadXattrs(it); err != nil {
					return err
				}
				if err := w.Add(it.path, &it.rec); err != nil {
					return err
				}
				it.rec.Xattrs = nil
			}
		}
		if failed == nil {
			if err := b.save(w); err != nil {
				return err
			}
		}
		if at.Files += int64(len(t.items)); len(t.items) > 0 {
			at.Path, at.Bytes = t.items[0].path, b.copied.Load()+b.taken.Load()
			b.run.o.Report.Progress(at)
		}
	}
	return failed
}

// givenAway is one note for all files that were copied although nothing changed, because somebody has changed the
// owner or mode of their copies in the older snapshot.
type givenAway struct {
	in    string
	first string
	files int64
}

func (g *givenAway) add(path string) {
	if g.files++; g.files == 1 {
		g.first = path
	}
}

func (g *givenAway) Error() string {
	return fmt.Sprintf("the owner or mode of %s in snapshot %s was changed since it was made: copied afresh, the first "+
		"is %q",
		countFiles(g.files), g.in, g.first)
}

func countFiles(n int64) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}
