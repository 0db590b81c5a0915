package backup

import (
	"context"
	"errors"
	"io/fs"
	"iter"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

type task struct {
	items   []item
	folders []*folder // released when the task is done
	bytes   int64
	weight  int // bytes of extended attributes
}

// tasks makes the folders of the new tree and cuts what is in them into tasks.
func (b *builder) tasks(ctx context.Context) iter.Seq2[*task, error] {
	return func(yield func(*task, error) bool) {
		c := cutter{b: b, task: &task{}}
		for m, err := range b.run.entries(ctx, b.plan) {
			if err == nil && c.endsBefore(m) && !yield(c.next(), nil) {
				return
			}
			if err == nil {
				err = c.add(m)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if c.full() && !yield(c.next(), nil) {
				return
			}
		}
		for c.top != nil {
			c.leave()
		}
		yield(c.task, nil)
	}
}

// cutter cuts entries in key order into tasks, and makes the folders on the way.
type cutter struct {
	b    *builder
	task *task
	top  *folder // that the entries are in now
}

// next is the task so far; another begins.
func (c *cutter) next() *task {
	t := c.task
	c.task = &task{}
	return t
}

// endsBefore reports whether the task ends before a large file.
func (c *cutter) endsBefore(m merged) bool {
	return m.new != nil && m.new.Stored == record.Copied && m.new.Size >= taskBytes && len(c.task.items) > 0
}

func (c *cutter) full() bool {
	t := c.task
	return len(t.items) >= taskItems || t.bytes >= taskBytes || t.weight >= taskWeight
}

// add adds an entry to the task.
func (c *cutter) add(m merged) error {
	e, t := m.entry(), c.task
	it := item{path: e.Path, rec: e.Record, changed: m.new != nil}
	if m.new != nil && m.old != nil {
		old := m.old.Record
		it.old = &old
	}
	if e.Exists() {
		if err := c.put(&it, e); err != nil {
			return err
		}
	} else if c.b.base.copied {
		c.tookOut(e.Path)
	}
	t.weight += file.XattrBytes(e.Xattrs)
	if it.old != nil {
		t.weight += file.XattrBytes(it.old.Xattrs)
	}
	if it.saved != nil {
		t.weight += file.XattrBytes(it.saved.rec.Xattrs)
	}
	t.items = append(t.items, it)
	return nil
}

// put says in which folder the item of an entry is to be made. A folder is made at once.
func (c *cutter) put(it *item, e *record.Entry) error {
	c.leaveFor(e.Path)
	dir, name := record.Split(e.Path)
	switch {
	case e.Path == "":
		c.top = &folder{rec: e.Record}
		c.top.open.Store(1)
	case c.top == nil || c.top.path != dir:
		return &orphanError{e.Path}
	case e.Kind == file.Folder:
		f := &folder{path: e.Path, parent: c.top}
		if c.b.began(it) {
			f.there = true
			f.touched.Store(it.changed)
		} else if err := c.b.mkdir(it, f, name); err != nil {
			return err
		}
		f.rec, f.changed = it.rec, it.changed
		f.open.Store(1)
		c.top.open.Add(1)
		c.top = f
	case c.top.absent && !it.rec.Has(record.Unreadable):
		absent(it, nil)
	case c.b.base.copied && !c.b.base.look && !it.changed && inTree(&it.rec): // it is there
	case e.Stored != record.Absent || !it.changed && !e.Has(record.Unreadable):
		t := c.task
		it.name, it.dir, it.saved = name, c.top, c.b.resumable.find(e)
		c.top.touched.Store(true)
		if n := len(t.folders); n == 0 || t.folders[n-1] != c.top {
			c.top.open.Add(1)
			t.folders = append(t.folders, c.top)
		}
		if e.Stored == record.Copied && it.changed && it.saved == nil {
			t.bytes = record.Plus(t.bytes, e.Size)
		}
	case it.changed:
		c.top.touched.Store(true) // a copied tree had something there
	}
	return nil
}

// leaveFor leaves the folders that path is not in.
func (c *cutter) leaveFor(path string) {
	for c.top != nil && !record.Within(path, c.top.path) {
		c.leave()
	}
}

// tookOut notes that path was taken out of a copied tree.
func (c *cutter) tookOut(path string) {
	c.leaveFor(path)
	if dir, _ := record.Split(path); c.top != nil && c.top.path == dir {
		c.top.touched.Store(true)
	}
}

// leave goes back to the folder above. The task that is cut now releases the one that was left.
func (c *cutter) leave() {
	c.task.folders = append(c.task.folders, c.top)
	c.top = c.top.parent
}

// orphanError: a path whose folder is not there. Only a damaged index makes one.
type orphanError struct{ path string }

func (e *orphanError) Error() string {
	return "the index has " + e.path + " but not the folder it is in"
}
func (e *orphanError) Unwrap() error { return record.ErrDamaged }

// mkdir makes the folder f of an item. One that the destination cannot hold stays in the index alone.
func (b *builder) mkdir(it *item, f *folder, name string) error {
	if f.parent.absent {
		f.absent = true
		absent(it, nil)
		return nil
	}
	d, err := b.new.Dir(f.parent.path)
	if err != nil {
		return err
	}
	defer d.Close()
	f.touched.Store(true)
	f.parent.touched.Store(true)
	if err = b.folderTaken(it, f.parent.path, name); err == nil {
		err = opened(d, func() error { return d.Mkdir(name) })
	}
	if b.base.look && errors.Is(err, fs.ErrExist) {
		if f.there, err = destination.FolderAt(d, name); err == nil && !f.there {
			err = errors.Join(destination.RemoveAny(context.Background(), d, name), d.Mkdir(name))
		}
	}
	switch {
	case err == nil && it.rec.Stored == record.Absent:
		if !it.changed {
			setCopyInstead(it, record.HoldsNow)
		}
		it.rec.Stored = record.Made
	case err != nil && (file.DiskFailed(err) || !b.ofThisName(d, err)):
		return err
	case err != nil:
		f.absent = true
		absent(it, &UnheldError{Err: err, Below: true})
	}
	return nil
}

// folderTaken is errTaken for a folder in dir whose name is taken.
func (b *builder) folderTaken(it *item, dir, name string) error {
	if !it.wasUnheld() || b.old == nil {
		return nil
	}
	if old, err := b.old.Dir(dir); err == nil {
		defer old.Close()
		if b.nameTaken(old, dir, name) {
			return errTaken
		}
	}
	return nil
}

// began reports whether a copied tree began with the folder of the item.
func (b *builder) began(it *item) bool {
	old := it.old
	if !it.changed {
		old = &it.rec
	}
	return b.base.copied && !b.base.look && old != nil && old.Kind == file.Folder && inTree(old)
}

// do makes the entries of a task and completes the folders that need nothing more. After an error it returns a task
// with the entries that were made.
func (b *builder) do(ctx context.Context, t *task) (*task, error) {
	p := entryWriter{b: b}
	defer p.close()
	for i := range t.items {
		it := &t.items[i]
		if it.dir == nil {
			continue
		}
		err := ctx.Err()
		if err == nil {
			err = p.place(ctx, it)
		}
		if err == nil {
			err = b.storeXattrs(it)
		}
		if err != nil {
			return &task{items: t.items[:i]}, err
		}
	}
	for _, f := range t.folders {
		if err := b.release(f); err != nil {
			return t, err
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
		if f.absent || !f.touched.Load() && f.rec.Mode&0o700 == 0o700 { // others may have been opened on the way
			continue
		}
		d, err := b.new.Dir(f.path)
		if err != nil {
			return err
		}
		if f.there {
			if err := d.KeepXattrs(f.rec.Xattrs); err != nil {
				return err
			}
		}
		lacks, err := d.SetMeta(f.rec.Meta())
		d.Close()
		if err != nil {
			return err
		}
		if f.changed { // else it was reported when it was new
			b.losses.add(f.path, lacks)
		}
	}
	return nil
}
