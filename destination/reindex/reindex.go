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
	"io/fs"
	"path/filepath"
	"slices"
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
	LockWait time.Duration // how long to wait for another run; 0: not at all
	Holder   string        // what others see while this run holds the lock

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
	ID        string    // of the destination
	Snapshots int       // that the new index knows
	FromTrees []Rebuilt // those of them that were made from their trees
	Sourced   int       // snapshots whose source is Options.Source because nothing else names it
	Lost      []Rebuilt // snapshots that are known to have existed, of which neither change set nor tree is left
	Left      []string  // trees that are older than snapshots that cannot be made relative to them
	Foreign   []string  // folders that were not taken for snapshots
	Notes     []error   // labels and folders that could not be read
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
		r.res.Left = append(r.res.Left, t.name)
	}
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
	if r.d.DB, err = index.Open(fresh); err != nil {
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

// finishDeletions finishes a deletion that was killed while the change sets still had its snapshots.
func (r *reindex) finishDeletions(ctx context.Context) error {
	err := r.d.FinishDeletions(ctx, &destination.Remover{Jobs: r.o.Jobs})
	if stuck := (*destination.StuckError)(nil); errors.As(err, &stuck) {
		r.res.Notes = append(r.res.Notes, stuck)
	} else if err != nil {
		return err
	}
	all, err := r.d.DB.Snapshots(ctx)
	r.res.Snapshots = len(all)
	return err
}

// sortTrash takes their numbers from deleted snapshots where trees get them that no change set names: the end of
// the deletion would forget these.
func (r *reindex) sortTrash(steps []step) error {
	gone, err := destination.Numbered(r.d.Trash)
	for _, seq := range gone {
		if err == nil && slices.ContainsFunc(steps, func(s step) bool { return s.seq == seq && s.tree && s.head == nil }) {
			err = r.d.Trash.Rename(destination.ChangeSetName(seq), r.d.Trash, destination.StuckName(seq))
		}
	}
	return err
}

// setAsideOld renames the change sets of lost snapshots, so that no recovery tries to import them again.
func (r *reindex) setAsideOld() error {
	for _, l := range r.res.Lost {
		name := destination.ChangeSetName(l.Seq)
		if err := destination.ClearPlace(r.d.ChangesDir, name); err != nil {
			return err
		}
		if err := r.d.ChangesDir.Replace(name, r.d.ChangesDir, name+".lost"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// takeSnapshot brings one snapshot into the new index.
func (r *reindex) takeSnapshot(ctx context.Context, s *step, last bool) error {
	parent := uint64(0)
	if r.last != nil {
		parent = r.last.Seq
	}
	switch {
	case s.follows(parent) || s.follows(0) && !r.broken:
		return r.takeSet(ctx, s, last)
	case s.tree:
		if s.whole {
			s.why = errors.New("its change set is relative to a snapshot that is lost")
		}
		return r.takeTree(ctx, s)
	}
	r.broken = true
	switch {
	case s.whole:
		s.why = errors.New("its change set is relative to a snapshot that is lost, and its folder is gone")
	case s.why == nil:
		s.why = errors.New("its change set is missing, and its folder is not known")
	}
	r.res.Lost = append(r.res.Lost, Rebuilt{Seq: s.seq, Name: s.name, Err: s.why})
	return nil
}

// takeSet imports a change set. The last one may be that of a run that was killed between the renames of its set and
// its tree; its tree is published then.
func (r *reindex) takeSet(ctx context.Context, s *step, last bool) error {
	h := s.head
	if err := r.label(h); err != nil {
		return err
	}
	work := ""
	if last && !s.tree {
		var err error
		if work, err = r.d.UnpublishedWork(); err != nil {
			return err
		}
	}
	sourceless := h.Source == "" && r.o.Source != ""
	h.Source = cmp.Or(h.Source, r.o.Source)
	if err := r.d.ImportChangeSet(ctx, h); err != nil {
		return fmt.Errorf("change set %d: %w", h.Seq, err)
	}
	if sourceless {
		r.res.Sourced++
		if err := r.writeSource(ctx, h); err != nil {
			return err
		}
	}
	if work != "" {
		h.Work = work
		if err := r.d.PublishPrepared(ctx, h); err != nil {
			return err
		}
	}
	r.done(h)
	return nil
}

// writeSource writes the change set of a snapshot again, with the source that it did not name.
func (r *reindex) writeSource(ctx context.Context, h *record.Header) error {
	prev := uint64(0)
	if r.last != nil {
		prev = r.last.Seq
	}
	head := *h
	head.State, head.Work, head.Bucket = "", "", 0
	counted := head // not all that a run counts can be counted again
	return r.d.WriteChangeSet(ctx, prev, &head, &counted)
}

// done makes h the newest snapshot of the new index.
func (r *reindex) done(h *record.Header) {
	r.closeTree()
	r.last, r.broken = h, false
	r.older[h.Seq] = h
	r.res.Snapshots++
}

// closeTree closes the tree that was looked at last.
func (r *reindex) closeTree() {
	if r.before != nil {
		r.before.close()
		r.before = nil
	}
}

// setsSuffice says why not every snapshot can be made from its change set as it was, nil if each can.
func (r *reindex) setsSuffice(steps []step, left []foundTree) error {
	if err := allFollow(steps); err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("no change set names the folder %q", left[0].name)
	}
	// The newest snapshot may have another name than those that are known by it.
	if latest, err := r.d.Root.Readlink(destination.LatestName); err == nil && record.CheckName(latest) == nil {
		there, err := destination.FolderAt(r.d.Root, latest)
		if err != nil {
			return err
		}
		if there && !slices.ContainsFunc(steps, func(s step) bool { return s.name == latest }) {
			return fmt.Errorf("no change set names the folder %q", latest)
		}
	}
	for i := range steps {
		h := *steps[i].head
		if _, err := r.d.ApplyLabels(&h); err != nil {
			return err
		}
	}
	return nil
}

// label enters the labels that a snapshot was given later.
func (r *reindex) label(h *record.Header) error {
	_, err := r.d.ApplyLabels(h)
	if errors.Is(err, record.ErrDamaged) {
		r.res.Notes = append(r.res.Notes,
			fmt.Errorf("the tags and the note of %s are those it was made with: %w", h.Name, err))
		return nil
	}
	return err
}

// newest is the name of the newest snapshot, "" for none.
func (r *reindex) newest() string {
	if r.last == nil {
		return ""
	}
	return r.last.Name
}

// replace puts the new index in the place of the old one, which becomes index.db.old. A file there is
// replaced in one step; what is no file, and so no index, is moved away first.
func (r *reindex) replace(ctx context.Context) error {
	const name, old = index.Name, index.Name + ".old"
	if err := r.d.DB.Release(); err != nil {
		return err
	}
	if err := r.proveFresh(ctx); err != nil {
		return err
	}
	if err := r.work.Sync(); err != nil {
		return err
	}
	s, err := r.d.Meta.Lstat(name)
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if there {
		if err := r.d.Meta.Replace(old, r.work, "older"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if s.Kind == file.Regular {
			err = r.d.Meta.Link(r.d.Meta, name, old)
		} else {
			err = r.d.Meta.Rename(name, r.d.Meta, old)
		}
		if err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.work.Replace(name, r.d.Meta, name); err != nil {
		return err
	}
	if err := r.d.Meta.Sync(); err != nil {
		return err
	}
	r.d.DB, err = index.Open(index.Path(r.d.Path))
	return err
}

// proveFresh opens the new index as the next run will. One that cannot be opened replaces nothing.
func (r *reindex) proveFresh(ctx context.Context) error {
	fresh, err := index.Open(filepath.Join(r.work.Path(), "index.db"))
	if err != nil {
		return err
	}
	if err := fresh.Prove(ctx); err != nil {
		return err
	}
	all, err := fresh.Snapshots(ctx)
	if err == nil && len(all) != r.res.Snapshots {
		err = fmt.Errorf("%w: it was made of %d snapshots and has %d", record.ErrDamaged, r.res.Snapshots, len(all))
	}
	return err
}

// ErrSetsDamaged: not every snapshot has a whole change set, so that an index made from them would know less than the
// trees.
var ErrSetsDamaged = errors.New("the change sets are not whole")
