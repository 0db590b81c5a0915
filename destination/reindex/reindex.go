// Package reindex makes the index of a destination again, from the change sets or, where these are lost, from the
// trees.
//
// Invariants:
//
//   - The old index is replaced by one rename, when the new one is whole, durable and has been opened once. It is
//     kept as index.db.old.
//   - A whole change set whose parent is the snapshot before is taken as it is; only else the tree is looked at. What
//     the index then cannot know is named (Result.Notes), not made up.
//   - No change set is lost: one that is replaced is kept beside the new one.
//   - It can be stopped anywhere and begun again.
//
// arrange (plan.go) is the pure plan: which snapshot comes from a set, which from a tree, which is lost. from_tree.go
// makes a change set of a tree: it walks it beside the tree before (compare.go) and decides what became of each path
// (decide.go, write.go).
//
// [Run] is the one call. Begin to read at plan.go.
package reindex

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
)

// Options say how the index is made again. The zero value reads the change sets, and takes as
// snapshots the trees that they name.
type Options struct {
	LockWait time.Duration      // how long to wait for another run; 0: not at all
	Holder   destination.Holder // what others see while this run holds the lock

	// Time is the time that the name of a snapshot tells, false if it is no snapshot's name. Folders with
	// such a name are taken for snapshots even if no change set names them. nil: no folder is.
	Time   func(name string) (time.Time, bool)
	Adopt  bool   // take every folder for a snapshot, those that Time does not know at the time of their last change
	Source string // the source of snapshots whose change sets name none; "": that of a neighbour

	// SetsOnly changes nothing where not every snapshot can be made from its change set, or where labels are damaged:
	// ErrSetsDamaged. An index that is made then is the one that was lost, so that nobody has to be asked.
	SetsOnly bool

	Users, Groups func(id uint32) string // names of owners for such snapshots; nil or "": none
	Jobs          int                    // folders read at the same time; 0: 4
	Progress      func(progress.State)   // called with the progress; nil: nobody is
}

// Rebuilt is what became of one snapshot in a reindex.
type Rebuilt struct {
	Seq  uint64
	Name string // "" if nobody knows
	Weak int64  // files whose hash is not known, because the record was made from the tree
	Err  error  // why it was not made from its change set, or why it is lost
}

// Result is what a reindex did.
type Result struct {
	ID        string                // of the destination
	Snapshots int                   // that the new index knows
	FromTrees []Rebuilt             // those of them that were made from their trees
	Sourced   int                   // snapshots whose source is Options.Source because nothing else names it
	Lost      []Rebuilt             // known to have existed, and neither change set nor tree is left
	Left      []string              // trees that are older than snapshots that cannot be made relative to them,
	LeftFor   string                // of which this is the last
	Foreign   []string              // folders that were not taken for snapshots
	Renamed   []destination.Renamed // folders that were not, because they are those of snapshots with other names
	Notes     []error               // labels and folders that could not be read
}

// Run makes index.db again from the change sets, and where they are lost from the trees. The old one, however
// damaged, stays in its place until the new one is whole and durable, and is then kept as index.db.old. A run that is
// killed leaves the old index, and perhaps change sets that it made from trees: the next run reads these.
func Run(ctx context.Context, path string, o Options) (res *Result, err error) {
	if o.Progress == nil {
		o.Progress = func(progress.State) {}
	}
	if o.Jobs <= 0 {
		o.Jobs = 4
	}
	d, err := destination.Open(ctx, path,
		destination.Options{Mode: destination.Reindex, LockWait: o.LockWait, Holder: o.Holder})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	r := &reindex{d: d, o: o, older: map[uint64]*record.Header{}}
	if err := destination.RemoveAny(ctx, d.Tmp, destination.ReindexName); err != nil { // of a run that was killed
		return nil, err
	}
	if err := d.Tmp.Mkdir(destination.ReindexName); err != nil {
		return nil, err
	}
	defer func() {
		if ctx.Err() == nil { // else stop now; the next run removes it
			err = errors.Join(err, destination.RemoveAny(ctx, d.Tmp, destination.ReindexName))
		}
	}()
	if r.work, err = d.Tmp.OpenDir(destination.ReindexName); err != nil {
		return nil, err
	}
	defer r.work.Close()
	if err := r.run(ctx); err != nil {
		return nil, err
	}
	return &r.res, nil
}

// reindex is the state of one run.
type reindex struct {
	d    *destination.Destination
	o    Options
	work *file.Dir
	old  *index.DB // the index that is replaced, nil if it cannot be read
	id   string    // of the destination
	res  Result
	at   string // the snapshot that is being taken in, and how many there are

	last   *record.Header            // the newest snapshot of the new index so far
	older  map[uint64]*record.Header // all of them, by their numbers
	broken bool                      // a snapshot after last is lost
	near   *record.Header            // a snapshot whose source is known
	before *treeView                 // the tree of last, if it was looked at already
}

func (r *reindex) run(ctx context.Context) error {
	id, err := r.openOld(ctx)
	if err != nil {
		return err
	}
	sets, err := findSets(r.d)
	if err != nil {
		return err
	}
	trees, err := r.findTrees(sets)
	if err != nil {
		return err
	}
	if trees, err = r.takeOutRenamed(ctx, sets, trees); err != nil {
		return err
	}
	steps, left := arrange(sets, trees)
	if r.o.SetsOnly {
		if err := r.setsSuffice(steps, left); err != nil {
			return fmt.Errorf("%w: %w", ErrSetsDamaged, err)
		}
	}
	if err := r.sortTrash(steps); err != nil {
		return err
	}
	for _, t := range left {
		r.res.Left, r.res.LeftFor = append(r.res.Left, t.name), t.before
	}
	if err := r.create(id, sets); err != nil {
		return err
	}
	defer r.closeTree()
	for i := range steps {
		r.at = fmt.Sprintf("%d of %d", i+1, len(steps))
		if name := steps[i].title(); name != "" {
			r.at = name + ", " + r.at
		}
		r.o.Progress(progress.State{Stage: progress.Indexing, Path: r.at})
		if err := r.takeSnapshot(ctx, &steps[i], i == len(steps)-1); err != nil {
			return err
		}
	}
	if err := r.replace(ctx); err != nil {
		return err
	}
	if err := errors.Join(r.d.RepairLatest(r.newest()), r.setAsideOld()); err != nil {
		return err
	}
	if err := r.finishDeletions(ctx); err != nil {
		return err
	}
	r.d.ID = r.id
	notes, err := r.d.FinishPurge(ctx, nil)
	r.res.Notes = append(r.res.Notes, notes...)
	return err
}

// create begins the new index, with the id of the destination that the change sets name, else the one that the old
// index has.
func (r *reindex) create(id string, sets []foundSet) (err error) {
	r.id = id
	for i := range sets {
		if h := sets[i].head; h != nil {
			r.near, r.id = h, cmp.Or(h.Destination, r.id)
		}
	}
	if r.id == "" {
		r.id = strings.ToLower(rand.Text())
	}
	fresh := filepath.Join(r.work.Path(), index.Name)
	r.res.ID = r.id
	if err := index.Create(fresh, r.id); err != nil {
		return err
	}
	r.d.DB, err = index.Open(fresh)
	return err
}
