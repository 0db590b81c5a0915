package backup

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"snap/index"
	"snap/internal/file"
)

// The names in a work folder.
const (
	treeName = "tree"
	setName  = "changes"
)

// builder makes a tree. The producer (tasks) makes the folders and cuts the rest into tasks of
// consecutive entries, workers do the tasks (place.go), and the consumer writes the change set in key
// order.
type builder struct {
	*run
	plan  *plan
	new   *file.Tree
	old   *file.Tree // nil without a tree of the previous snapshot
	joins joins
	plain atomic.Bool // cloning was tried and does not work here

	copied atomic.Int64 // bytes written so far
}

// item is one entry to be made.
type item struct {
	path    string
	name    string
	dir     *folder       // nil when nothing is to be made: a folder, which the producer made, or a tombstone
	rec     index.Record  // what the snapshot will hold
	old     *index.Record // previous record of a path that has a new one, nil if there was none
	changed bool          // rec is new; else the entry is kept as an older snapshot has it
	gone    bool          // it vanished from the source before it could be read
	problem error         // why it could not be read
	note    error         // why it was copied although nothing changed
}

// folder is a folder of the new tree. Its metadata is set when everything in it is there.
type folder struct {
	path   string
	rec    index.Record
	parent *folder
	open   atomic.Int64 // tasks and folders in it that are not done, and one until the producer left it
}

// A task is done by one worker. It ends after taskItems entries or taskBytes to copy; at most window
// tasks are under way.
const (
	taskItems = 256
	taskBytes = 4 << 20
	window    = 64
)

type task struct {
	items   []item
	folders []*folder // released when the task is done
	bytes   int64
}

// build makes the new tree in the work folder and writes its change set beside it.
func (r *run) build(ctx context.Context, work *workFolder, p *plan) error {
	tree, err := openOrMake(work.dir, treeName)
	if err != nil {
		return err
	}
	defer tree.Close()
	b := &builder{run: r, plan: p, new: file.NewTree(tree, 512, (*file.Dir).OpenDir)}
	defer b.new.Close()
	if r.prev != nil {
		if prev, err := r.d.root.EnterDir(r.prev.Name); err == nil {
			defer prev.Close()
			b.old = file.NewTree(prev, 512, (*file.Dir).EnterDir)
			defer b.old.Close()
		} else { // the user removed it
			r.problem("", &MissingSnapshotError{r.prev.Name, unwrapPath(err)}, true)
		}
	}
	set, err := os.OpenFile(filepath.Join(work.path(), setName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer set.Close()
	if r.head.Seq, err = r.d.nextSeq(ctx); err != nil {
		return err
	}
	if r.head.Name, err = r.d.freeName(ctx, r.o.Name(r.o.Time)); err != nil {
		return err
	}
	r.head.Volumes = r.vols.ids
	w, err := index.NewChangeWriter(set, &r.head)
	if err != nil {
		return err
	}
	if err := b.all(ctx, w); err != nil {
		return err
	}
	r.head.Removed -= p.left
	r.head.Finished = r.o.Time.Add(time.Since(r.o.Start)).Round(0)
	if err := w.End(&r.head); err != nil {
		return err
	}
	return set.Close()
}

// MissingSnapshotError: the tree of the previous snapshot is not there to be linked.
type MissingSnapshotError struct {
	Name string
	Err  error
}

func (e *MissingSnapshotError) Error() string {
	return "snapshot " + e.Name + " cannot be linked to (" + e.Err.Error() + "): every file is copied"
}
func (e *MissingSnapshotError) Unwrap() error { return e.Err }

// all does the tasks and writes the records of what they made.
func (b *builder) all(ctx context.Context, w *index.ChangeWriter) error {
	n := int64(0)
	for t, err := range ordered(ctx, b.o.Jobs, window, b.tasks(ctx), b.do) {
		if err != nil {
			return err
		}
		for i := range t.items {
			it := &t.items[i]
			if it.problem != nil {
				b.problem(it.path, unwrapPath(it.problem), false)
			}
			if it.note != nil {
				b.problem(it.path, it.note, true)
			}
			if it.gone {
				b.res.Vanished++
				if it.old == nil {
					continue
				}
			}
			b.count(&it.rec, it.changed)
			b.o.Report.Entry(it.path, &it.rec, it.changed)
			if it.changed {
				if err := w.Add(it.path, &it.rec); err != nil {
					return err
				}
			}
		}
		if n += int64(len(t.items)); len(t.items) > 0 {
			b.o.Report.Progress(Progress{Building, n, b.plan.files + b.plan.dirs, b.copied.Load(), b.plan.bytes, t.items[0].path})
		}
	}
	return nil
}

// count adds an entry of the new snapshot to its header.
func (r *run) count(rec *index.Record, changed bool) {
	h := &r.head
	if rec.Exists() {
		switch {
		case rec.Kind == file.Folder:
			h.Dirs++
		default:
			h.Files++
			if rec.Kind == file.Regular {
				h.Bytes += rec.Size
			}
			if rec.Stored != index.Absent && (!changed || rec.Stored == index.Linked) {
				h.Linked++
			}
		}
		r.owners(rec)
	}
	if !changed {
		return
	}
	if rec.Stored == index.Copied {
		h.CopiedBytes += rec.Size
	}
	switch rec.Change {
	case index.Added:
		h.Added++
	case index.Modified, index.TypeChanged:
		h.Modified++
	case index.Metadata:
		h.Metadata++
	case index.Moved:
		h.Moved++
	case index.Removed:
		h.Removed++
	}
}

// rehearse reports what build would do, and counts it.
func (r *run) rehearse(ctx context.Context, p *plan) error {
	for m, err := range overlay(r.previous(ctx), p.all()) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		e := m.entry()
		r.count(&e.Record, m.new != nil)
		r.o.Report.Entry(e.Path, &e.Record, m.new != nil)
	}
	r.head.Removed -= p.left
	r.res.Header = &r.head
	return nil
}

// merged is a path of the previous snapshot, of the plan, or of both.
type merged struct{ old, new *index.Entry }

// entry is what the new snapshot holds, a tombstone too.
func (m merged) entry() *index.Entry {
	if m.new != nil {
		return m.new
	}
	return m.old
}

// overlay merges the previous snapshot's entries with the plan's, both in key order.
func overlay(old, plan iter.Seq2[*index.Entry, error]) iter.Seq2[merged, error] {
	return func(yield func(merged, error) bool) {
		next, stop := iter.Pull2(plan)
		defer stop()
		p, err, more := next()
		for e, olderr := range old {
			if olderr != nil {
				yield(merged{}, olderr)
				return
			}
			c := 1
			for more && err == nil {
				if c = index.Compare(p.Path, e.Path); c >= 0 {
					break
				}
				if !yield(merged{new: p}, nil) {
					return
				}
				p, err, more = next()
			}
			if err != nil {
				yield(merged{}, err)
				return
			}
			m := merged{old: e}
			if more && c == 0 {
				m.new = p
			}
			if !yield(m, nil) {
				return
			}
			if m.new != nil {
				p, err, more = next()
			}
		}
		for ; more; p, err, more = next() {
			if err != nil {
				yield(merged{}, err)
				return
			}
			if !yield(merged{new: p}, nil) {
				return
			}
		}
	}
}

// tasks makes the folders of the new tree and cuts what is in them into tasks.
func (b *builder) tasks(ctx context.Context) iter.Seq2[*task, error] {
	return func(yield func(*task, error) bool) {
		t := &task{}
		var top *folder
		leave := func() {
			t.folders = append(t.folders, top)
			top = top.parent
		}
		for m, err := range overlay(b.previous(ctx), b.plan.all()) {
			if err != nil {
				yield(nil, err)
				return
			}
			e := m.entry()
			t.items = append(t.items, item{path: e.Path, rec: e.Record, changed: m.new != nil})
			it := &t.items[len(t.items)-1]
			if m.new != nil && m.old != nil {
				old := m.old.Record
				it.old = &old
			}
			if e.Exists() {
				for top != nil && !index.Within(e.Path, top.path) {
					leave()
				}
				dir, name := index.Split(e.Path)
				switch {
				case e.Path == "":
					top = &folder{rec: e.Record}
					top.open.Store(1)
				case top == nil || top.path != dir:
					yield(nil, &orphanError{e.Path})
					return
				case e.Kind == file.Folder:
					if err := b.mkdir(dir, name); err != nil {
						yield(nil, err)
						return
					}
					top.open.Add(1)
					top = &folder{path: e.Path, rec: e.Record, parent: top}
					top.open.Store(1)
				case e.Stored != index.Absent:
					it.name, it.dir = name, top
					if n := len(t.folders); n == 0 || t.folders[n-1] != top {
						top.open.Add(1)
						t.folders = append(t.folders, top)
					}
					if e.Stored == index.Copied && it.changed {
						t.bytes += e.Size
					}
				}
			}
			if len(t.items) >= taskItems || t.bytes >= taskBytes {
				if !yield(t, nil) {
					return
				}
				t = &task{}
			}
		}
		for top != nil {
			leave()
		}
		yield(t, nil)
	}
}

// orphanError: a path whose folder is not there. Only a damaged index makes one.
type orphanError struct{ path string }

func (e *orphanError) Error() string {
	return "the index has " + e.path + " but not the folder it is in"
}
func (e *orphanError) Unwrap() error { return index.ErrDamaged }

func (b *builder) mkdir(dir, name string) error {
	d, err := b.new.Dir(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Mkdir(name)
}

// do makes the entries of a task and completes the folders that need nothing more.
func (b *builder) do(ctx context.Context, t *task) (*task, error) {
	p := placer{builder: b, ctx: ctx}
	defer p.close()
	for i := range t.items {
		it := &t.items[i]
		if it.dir == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := p.place(it); err != nil {
			return nil, err
		}
	}
	for _, f := range t.folders {
		if err := b.release(f); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// release ends one use of a folder; the last one sets the folder's metadata. The top folder stays for
// its owner alone: the folders above the source may have protected what is in it.
func (b *builder) release(f *folder) error {
	for ; f != nil && f.open.Add(-1) == 0; f = f.parent {
		if f.parent == nil {
			return nil
		}
		d, err := b.new.Dir(f.path)
		if err != nil {
			return err
		}
		_, err = d.SetMeta(f.rec.Meta())
		d.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
