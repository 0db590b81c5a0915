package restore

import (
	"context"
	"fmt"
	"hash/maphash"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// handler gets what a walk finds: a writer acts on it, a plan only counts it.
type handler interface {
	// enter makes or opens a folder whose parent was entered. It reports a folder that it cannot enter.
	enter(f *folder) state
	// leaf restores an entry that is not a folder, now or later, and releases j when that is done.
	leaf(ctx context.Context, j *job)
	// unlink removes one name from a folder of the target; path is what it would be in the snapshot.
	unlink(d *file.Dir, path, name string, folder bool) error
	// leftOut is called for a name in a folder of the target that stays because no snapshot holds it.
	leftOut(ctx context.Context, f *folder, name string)
	// leave finishes a folder in which everything is done.
	leave(ctx context.Context, f *folder)
	// fail reports an error of the target; it may end the run.
	fail(path string, err error)
}

// walker goes through the items in key order.
type walker struct {
	run     *run
	handler handler
	stack   []*folder
	seed    maphash.Seed
	links   map[uint64]*group // by the inode of the source
	inodes  map[uint64]*group // by the inode in the tree: a later record may have another number in the source
	behind  string            // an excluded folder: what is in it is passed over
	hiding  bool              // behind is set
}

// walk gives everything that is to be restored to h. When it returns, h may still be at work.
func (r *run) walk(ctx context.Context, h handler) error {
	w := &walker{run: r, handler: h, seed: maphash.MakeSeed(), links: map[uint64]*group{}, inodes: map[uint64]*group{}}
	err := w.walkItems(ctx)
	for len(w.stack) > 0 {
		w.pop(ctx, err == nil)
	}
	return err
}

func (w *walker) walkItems(ctx context.Context) error {
	for i := range w.run.items {
		it := &w.run.items[i]
		w.approach(ctx, it)
		w.hiding = false
		for e, err := range w.run.db.LinkedEntries(ctx, w.run.seq, it.Path) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			if w.hiding && record.Within(e.Path, w.behind) {
				continue
			}
			w.visit(ctx, e, it.to(e.Path))
		}
	}
	return nil
}

// approach puts the folders that lead to an item on the stack.
func (w *walker) approach(ctx context.Context, it *item) {
	w.popTo(ctx, it.To)
	for i, to := range it.way() {
		if i < len(w.stack) {
			continue // the item before went the same way
		}
		f := &folder{path: to, to: to, record: it.records[i], known: it.records[i].Kind == file.Folder}
		f.record.Kind = file.Folder
		w.push(f)
	}
}

// visit takes one entry of the snapshot.
func (w *walker) visit(ctx context.Context, e index.LinkedEntry, to string) {
	w.popTo(ctx, to)
	in, name := record.Split(to)
	if to != "" {
		if len(w.stack) == 0 || w.top().to != in {
			w.run.tally.problem(e.Path, fmt.Errorf("its folder is not in the snapshot: %w", record.ErrDamaged))
			return
		}
		w.pass(w.top(), name)
	}
	dir := e.Kind == file.Folder
	if w.run.o.Exclude != nil && w.run.o.Exclude(e.Path, dir) {
		w.behind, w.hiding = e.Path, dir
		return
	}
	chosen := w.run.o.Include == nil || to != "" && w.top().chosen || w.run.o.Include(e.Path, dir)
	if chosen && to != "" {
		w.run.census.wanted++
	}
	switch {
	case dir:
		f := &folder{path: e.Path, to: to, record: e.Record, known: true, chosen: chosen}
		f.carrier = w.run.o.Carrier != nil && w.run.o.Carrier(e.Path)
		w.push(f)
		if chosen && w.entered(f) {
			w.list(f)
		}
		if chosen && e.Has(record.Unreadable) {
			w.run.tally.problem(e.Path, ErrNotInSnapshot)
		}
	case chosen && w.entered(w.top()):
		f := w.top()
		f.refs.Add(1)
		w.handler.leaf(ctx, w.turn(&job{Entry: *e.Entry, name: name, in: f}, e.Inode))
	case chosen:
		w.run.tally.blocked(e.Path, w.top().inPlace())
	}
}

// inPlace is the path of the folder, f or one above it, whose place is taken by something that stays; "" if f was not
// entered for another reason, which was reported.
func (f *folder) inPlace() string {
	for ; f != nil; f = f.parent {
		if f.kept {
			return f.path
		}
	}
	return ""
}

// entered enters a folder, and first those that lead to it, if that is still to be done. It reports
// whether something can be restored into it.
func (w *walker) entered(f *folder) bool {
	if f.state == fresh {
		f.state = shut
		if f.parent == nil || w.entered(f.parent) {
			f.state = w.handler.enter(f)
			if f.kept {
				w.run.tally.skipped(f.path)
			}
		}
	}
	return f.state != shut
}

func (w *walker) top() *folder { return w.stack[len(w.stack)-1] }

func (w *walker) push(f *folder) {
	if len(w.stack) > 0 {
		f.parent = w.top()
		f.parent.refs.Add(1)
		_, f.name = record.Split(f.to)
	}
	f.refs.Store(1)
	w.stack = append(w.stack, f)
}

// popTo leaves the folders that do not lead to path.
func (w *walker) popTo(ctx context.Context, to string) {
	for len(w.stack) > 0 && !record.Within(to, w.top().to) {
		w.pop(ctx, true)
	}
}

// pop leaves the folder on top; whole says that the snapshot has nothing more in it.
func (w *walker) pop(ctx context.Context, whole bool) {
	f := w.top()
	w.stack = w.stack[:len(w.stack)-1]
	if whole {
		w.pass(f, "")
	}
	f.release(ctx, w.handler)
}
