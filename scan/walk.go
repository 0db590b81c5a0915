// Package scan walks a source tree in key order, compares it with the previous snapshot, and judges
// what became of each path.
//
// Invariants:
//
//   - A walk is strictly increasing in key order (index.Compare): a folder comes directly before what is
//     in it.
//   - Folders are entered by handle, one element at a time, and must turn out to be the folder that
//     their parent listed: a folder swapped for a link or another folder is not walked.
//   - Nothing is decided from an old snapshot's tree, and nothing is written anywhere.
//   - What cannot be read is an Item with an error, never an item left out; what vanished is left out.
package scan

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"sync"

	"snap/filter"
	"snap/index"
	"snap/internal/file"
)

// Options say what a walk takes in. The zero value takes everything, with one worker.
type Options struct {
	Filter        *filter.Set // nil: nothing is left out
	OneFileSystem bool        // do not enter other file systems; their mount points are kept as empty folders
	Caches        bool        // leave out what is in a folder marked by a CACHEDIR.TAG, but for the tag
	IfPresent     []string    // leave out what is in a folder that holds one of these names, but for that name
	Larger        int64       // leave out regular files larger than this many bytes; 0: no limit
	Follow        bool        // follow symbolic links; one that leads nowhere or back into its own path stays a link
	Never         []file.Stat // folders that are never entered nor listed, whatever their path: the destination
	Jobs          int         // folders read at the same time; 0 and 1: one
}

// Item is one entry of the source. Dir and Name make its path; both are empty for the source itself.
type Item struct {
	Dir  string
	Name string
	Stat file.Stat
	Err  error // why it, or what is in it, could not be read; Stat may then be zero
}

// Path is the item's path.
func (it *Item) Path() string { return index.Join(it.Dir, it.Name) }

// Walk yields the tree below root in key order, the root first. An item is valid until the next one. An
// error ends the walk: the context's, a filter that cannot be decided, or the root's own.
//
// Up to Jobs workers read folders ahead of the consumer, nearest first; how far is bounded by the number
// of entries read and not yet consumed.
func Walk(ctx context.Context, root *file.Dir, o Options) iter.Seq2[*Item, error] {
	return func(yield func(*Item, error) bool) {
		stat, err := root.Stat()
		if err != nil {
			yield(nil, err)
			return
		}
		enter := (*file.Dir).OpenDir
		if o.Follow {
			enter = (*file.Dir).FollowDir
		}
		w := &walker{ctx: ctx, o: o, tree: file.NewTree(root, 256, enter)}
		w.cond = sync.NewCond(&w.mu)
		var group sync.WaitGroup
		for range max(o.Jobs, 1) - 1 {
			group.Go(w.work)
		}
		defer func() {
			w.mu.Lock()
			w.stop = true
			w.mu.Unlock()
			w.cond.Broadcast()
			group.Wait()
			w.tree.Close()
		}()
		top := &folder{stat: stat, included: true}
		if o.Filter != nil {
			top.filter = o.Filter.Root()
		}
		w.consume(top, yield)
	}
}

// aheadMax bounds the entries that are read and not yet consumed: about 5 MB.
const aheadMax = 32 << 10

type walker struct {
	ctx  context.Context
	o    Options
	tree *file.Tree

	mu    sync.Mutex
	cond  *sync.Cond
	stack []*folder // to be read; the nearest on top
	ahead int
	stop  bool
}

type folderState uint8

const (
	waiting folderState = iota
	reading
	read
)

// folder is a folder to be walked. What a worker finds is handed over by state == read.
type folder struct {
	path     string
	name     string
	parent   *folder
	stat     file.Stat
	filter   filter.Dir
	included bool // false: only a carrier of something that the whitelist names
	emitted  bool

	state    folderState
	entries  []child
	err      error
	fatal    error      // ends the walk
	gone     bool       // vanished
	replaced *file.Stat // it is no longer a folder
}

// child is an entry of a folder that is taken in or walked.
type child struct {
	entry    file.Entry
	included bool
	folder   *folder // to be walked, nil for all else
}

// work reads folders ahead until the walk stops.
func (w *walker) work() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		var f *folder
		for !w.stop {
			if w.ahead < aheadMax {
				f = w.pop()
			}
			if f != nil {
				break
			}
			w.cond.Wait()
		}
		if w.stop {
			return
		}
		f.state = reading
		w.mu.Unlock()
		w.list(f)
		w.mu.Lock()
		w.listed(f)
	}
}

func (w *walker) pop() *folder {
	for n := len(w.stack); n > 0; n = len(w.stack) {
		f := w.stack[n-1]
		w.stack[n-1] = nil
		w.stack = w.stack[:n-1]
		if f.state == waiting {
			return f
		}
	}
	return nil
}

// listed publishes what list found, with w.mu held.
func (w *walker) listed(f *folder) {
	f.state = read
	w.ahead += len(f.entries)
	if w.o.Jobs > 1 {
		for i := len(f.entries) - 1; i >= 0; i-- {
			if c := f.entries[i].folder; c != nil {
				w.stack = append(w.stack, c)
			}
		}
	}
	w.cond.Broadcast()
}

// wait makes sure that f is read, by reading it here if no worker has begun.
func (w *walker) wait(f *folder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f.state == waiting {
		f.state = reading
		w.mu.Unlock()
		w.list(f)
		w.mu.Lock()
		w.listed(f)
	}
	for f.state != read {
		w.cond.Wait()
	}
}

// consume yields f and what is below it; false ends the walk.
func (w *walker) consume(f *folder, yield func(*Item, error) bool) bool {
	if err := w.ctx.Err(); err != nil {
		yield(nil, err)
		return false
	}
	w.wait(f)
	defer func() {
		w.mu.Lock()
		w.ahead -= len(f.entries)
		f.entries = nil
		w.mu.Unlock()
		w.cond.Broadcast()
	}()
	switch {
	case f.fatal != nil:
		yield(nil, f.fatal)
		return false
	case f.gone && f.parent != nil:
		return true
	case f.replaced != nil:
		f.stat = *f.replaced
	}
	// An error shows also where the folder is only a carrier: what it carries may be missing.
	if (f.included || f.err != nil) && !w.emit(f, yield) {
		return false
	}
	var it Item
	for i := range f.entries {
		c := &f.entries[i]
		if c.folder != nil {
			if !w.consume(c.folder, yield) {
				return false
			}
			continue
		}
		if !f.emitted && !w.emit(f, yield) {
			return false
		}
		it = Item{Dir: f.path, Name: c.entry.Name, Stat: c.entry.Stat, Err: c.entry.Err}
		if !yield(&it, nil) {
			return false
		}
	}
	return true
}

// emit yields the folder itself, after the carriers above it.
func (w *walker) emit(f *folder, yield func(*Item, error) bool) bool {
	if f.parent != nil && !f.parent.emitted && !w.emit(f.parent, yield) {
		return false
	}
	f.emitted = true
	it := Item{Name: f.name, Stat: f.stat, Err: f.err}
	if f.parent != nil {
		it.Dir = f.parent.path
	}
	return yield(&it, nil)
}

// list reads a folder and decides about each of its entries.
func (w *walker) list(f *folder) {
	if f.err != nil { // known beforehand: not to be entered
		return
	}
	d, err := w.tree.Dir(f.path)
	if err != nil {
		w.lost(f, err)
		return
	}
	defer d.Close()
	if !w.same(f, d) {
		w.lost(f, &fs.PathError{Op: "open", Path: d.Path(), Err: errSwapped})
		return
	}
	if f.parent == nil || f.parent.stat.Dev != f.stat.Dev {
		if info, err := d.System(); err == nil && info.Pseudo && f.parent != nil {
			return
		}
	}
	entries, err := d.Entries()
	if err != nil {
		w.lost(f, err)
		return
	}
	only := w.marked(d, entries)
	d.StatAll(entries)
	for i := range entries {
		e := &entries[i]
		if only != "" && e.Name != only || errors.Is(e.Err, fs.ErrNotExist) {
			continue
		}
		if f.fatal = w.take(f, d, e); f.fatal != nil {
			return
		}
	}
}

// same makes sure that d is the folder that was listed as f. If it is another one by now, it must be the
// one that stands under the name; that one is then walked. Some FUSE file systems make up a new inode
// number at each look: a folder there cannot be told from another.
func (w *walker) same(f *folder, d *file.Dir) bool {
	if f.parent == nil || d.Is(&f.stat) {
		return true
	}
	p, err := w.tree.Dir(f.parent.path)
	if err != nil {
		return false
	}
	defer p.Close()
	look := p.Lstat
	if w.o.Follow {
		look = p.FollowStat
	}
	one, err1 := look(f.name)
	two, err2 := look(f.name)
	if err1 != nil || err2 != nil || one.Kind != file.Folder {
		return false
	}
	if d.Is(&two) {
		f.stat = two
		return !w.never(&two) && !f.parent.within(&two)
	}
	return one.Ino != two.Ino
}

var errSwapped = errors.New("replaced by another folder while it was walked")

// lost deals with a folder that cannot be entered or listed: it vanished, is something else by now, or
// may not be read.
func (w *walker) lost(f *folder, err error) {
	f.err = err
	if f.parent == nil {
		f.fatal = err
		return
	}
	p, perr := w.tree.Dir(f.parent.path)
	if perr != nil {
		f.gone = errors.Is(err, fs.ErrNotExist)
		return
	}
	defer p.Close()
	s, serr := p.Lstat(f.name)
	switch {
	case errors.Is(serr, fs.ErrNotExist):
		f.gone = true
	case serr == nil && s.Kind != file.Folder && !w.o.Follow:
		f.replaced, f.err = &s, nil
	}
}

// take decides about one entry of f.
func (w *walker) take(f *folder, d *file.Dir, e *file.Entry) error {
	if e.Err == nil && w.o.Follow && e.Stat.Kind == file.Symlink {
		if s, err := d.FollowStat(e.Name); err == nil && !(s.Kind == file.Folder && f.within(&s)) {
			e.Stat = s
		}
	}
	c := child{entry: *e, included: true}
	isDir := e.Stat.Kind == file.Folder
	walk := isDir
	var state filter.Dir
	if w.o.Filter != nil {
		v, err := f.filter.Check(e.Name, isDir)
		if err != nil {
			return err
		}
		c.included, walk = v.Included, isDir && v.Walk
		if walk {
			state = f.filter.Enter(e.Name, v)
		}
	}
	if isDir {
		if w.never(&e.Stat) {
			return nil
		}
	}
	if !c.included && !walk || w.o.Larger > 0 && e.Stat.Kind == file.Regular && e.Stat.Size > w.o.Larger {
		return nil
	}
	if isDir && e.Err == nil {
		c.folder = &folder{path: index.Join(f.path, e.Name), name: e.Name, parent: f, stat: e.Stat, filter: state, included: c.included}
		switch {
		case w.o.OneFileSystem && e.Stat.Dev != f.stat.Dev:
			c.folder.state = read // kept as an empty folder
		case f.within(&e.Stat):
			c.folder.state, c.folder.err = read, &fs.PathError{Op: "walk", Path: index.Join(d.Path(), e.Name), Err: errLoop}
		case len(c.folder.path) > index.MaxPath-256:
			c.folder.state, c.folder.err = read, &fs.PathError{Op: "walk", Path: index.Join(d.Path(), e.Name), Err: index.ErrPathTooLong}
		}
	}
	f.entries = append(f.entries, c)
	return nil
}

// never reports whether s is a folder that is not to be entered.
func (w *walker) never(s *file.Stat) bool {
	for i := range w.o.Never {
		if file.SameFile(&w.o.Never[i], s) {
			return true
		}
	}
	return false
}

var errLoop = errors.New("the folder is mounted inside itself")

// within reports whether s is f or a folder that f is in.
func (f *folder) within(s *file.Stat) bool {
	for ; f != nil; f = f.parent {
		if file.SameFile(&f.stat, s) {
			return true
		}
	}
	return false
}

// cacheTag begins every CACHEDIR.TAG (https://bford.info/cachedir/).
const cacheTag = "Signature: 8a477f597d28d172789f06886806bc55"

// marked is the name that marks the folder as one whose contents are left out, "" if nothing does.
func (w *walker) marked(d *file.Dir, entries []file.Entry) string {
	if !w.o.Caches && len(w.o.IfPresent) == 0 {
		return ""
	}
	for i := range entries {
		name := entries[i].Name
		for _, p := range w.o.IfPresent {
			if name == p {
				return name
			}
		}
		if w.o.Caches && name == "CACHEDIR.TAG" && hasCacheTag(d, name) {
			return name
		}
	}
	return ""
}

func hasCacheTag(d *file.Dir, name string) bool {
	f, err := d.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [len(cacheTag)]byte
	for n := 0; n < len(head); {
		k, err := f.Read(head[n:])
		if err != nil {
			return false
		}
		n += k
	}
	return string(head[:]) == cacheTag
}
