// Package scan walks a source tree in key order, compares it with the previous snapshot, and judges
// what became of each path.
//
// Invariants:
//
//   - A walk is strictly increasing in key order (record.Compare): a folder comes directly before what is
//     in it.
//   - Folders are entered by handle, one element at a time, and must turn out to be the folder that
//     their parent listed: a folder swapped for a link or another folder is not walked.
//   - Nothing is decided from an old snapshot's tree, and nothing is written anywhere.
//   - What cannot be read is an Item with an error, never an item left out; what vanished is left out.
//
// [Walk] yields each [Item] of a source, [Compare] merges them with the index's listing into a [Pair] for each path,
// and [Judge] (judge.go, the file to begin with) makes of the [Facts] about one path a [Verdict]: the rule table of
// change detection, in one pure function. [LeftOut] says why a walk passes over a path.
package scan

import (
	"context"
	"iter"
	"sync"

	"snap/filter"
	"snap/internal/file"
	"snap/record"
)

// Options say what a walk takes in. The zero value takes everything, with one worker.
type Options struct {
	Roots         record.Roots // take in these folders and files, and the folders that lead there as carriers; none: all
	Filter        *filter.Set  // nil: nothing is left out
	OneFileSystem bool         // do not enter other file systems; their mount points are kept as empty folders
	Caches        bool         // leave out what is in a folder marked by a CACHEDIR.TAG, but for the tag
	IfPresent     []string     // leave out what is in a folder that holds one of these names, but for that name
	Larger        int64        // leave out regular files larger than this many bytes; 0: no limit
	Follow        bool         // follow symbolic links; one that leads nowhere or back into its own path stays a link
	Never         []file.Stat  // folders that are never entered nor listed, whatever their path: the destination
	Own           []OwnFiles   // files that are left out, wherever their folder is met: what snap itself writes
	// make each file system below the root write first what it has in memory, so that its times show
	Sync bool
	Jobs int // folders read at the same time; 0 and 1: one
}

// OwnFiles are files that snap itself writes: those in the folder In whose names Is knows.
type OwnFiles struct {
	In file.Stat
	Is func(name string) bool
}

// Item is one entry of the source. Dir and Name make its path; both are empty for the source itself.
type Item struct {
	Dir  string
	Name string
	Stat file.Stat
	Err  error // why it, or what is in it, could not be read; Stat may then be zero
}

// Path is the item's path.
func (it *Item) Path() string { return record.Join(it.Dir, it.Name) }

// Walk yields the tree below root in key order, the root first. An item is valid until the next one. An
// error ends the walk: the context's, a filter that cannot be decided, or the root's own.
//
// No option leaves out the source itself, or one of o.Roots that lies in no other; one that is not there is passed
// over. A folder that leads to one is never listed, and yielded only if there is something below it.
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
		w := newWalker(root, 256, o)
		w.work, w.done = sync.NewCond(&w.mu), sync.NewCond(&w.mu)
		var group sync.WaitGroup
		for range max(o.Jobs, 1) - 1 {
			group.Go(w.worker)
		}
		defer func() {
			w.mu.Lock()
			w.stop = true
			w.mu.Unlock()
			w.work.Broadcast()
			group.Wait()
			w.tree.Close()
		}()
		top := &folder{stat: stat}
		top.roots, top.source = leadsTo(o.Roots.Outer()), o.Roots.Has("")
		top.included = len(top.roots) == 0
		if o.Filter != nil {
			top.filter = o.Filter.Root()
		}
		w.consume(ctx, top, yield)
	}
}

// aheadMax bounds the entries that are read and not yet consumed: about 5 MB. Once reached, reading ahead goes
// on when a quarter is consumed, so that nobody is woken for each folder.
const aheadMax = 32 << 10

type walker struct {
	o     Options
	tree  *file.Tree
	inner map[string]bool // the roots that lie in another

	mu    sync.Mutex
	work  *sync.Cond // there is something to read ahead, or stop
	done  *sync.Cond // the folder that the consumer waits for is read
	stack []*folder  // to be read; the nearest on top
	ahead int
	full  bool // ahead has reached aheadMax and not yet fallen by a quarter
	stop  bool
	want  *folder // what the consumer waits for
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
	source   bool     // one of the sources themselves
	roots    []string // of a folder that leads to sources: the way on to them, in key order; else none
	included bool     // false: only a carrier of something that the whitelist names, or of a source
	emitted  bool

	state    folderState
	entries  []child
	err      error
	fatal    error      // ends the walk
	gone     bool       // vanished
	again    int        // how often another folder had its name when it was gone
	replaced *file.Stat // it is no longer a folder
}

// child is an entry of a folder that is taken in or walked.
type child struct {
	entry  *file.Entry
	folder *folder // to be walked, nil for all else
}

// worker reads folders ahead until the walk stops.
func (w *walker) worker() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		var f *folder
		for !w.stop {
			if !w.full {
				f = w.pop()
			}
			if f != nil {
				break
			}
			w.work.Wait()
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
	w.full = w.full || w.ahead >= aheadMax
	if w.o.Jobs > 1 {
		n := len(w.stack)
		for i := len(f.entries) - 1; i >= 0; i-- {
			if c := f.entries[i].folder; c != nil {
				w.stack = append(w.stack, c)
			}
		}
		if len(w.stack) > n {
			w.work.Broadcast()
		}
	}
	if w.want == f {
		w.done.Signal()
	}
}

// consumed takes a folder whose entries nobody needs any more.
func (w *walker) consumed(f *folder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead -= len(f.entries)
	f.entries = nil
	if w.full && w.ahead <= aheadMax*3/4 {
		w.full = false
		w.work.Broadcast()
	}
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
	for w.want = f; f.state != read; {
		w.done.Wait()
	}
	w.want = nil
}

// consume yields f and what is below it; false ends the walk.
func (w *walker) consume(ctx context.Context, f *folder, yield func(*Item, error) bool) bool {
	if err := ctx.Err(); err != nil {
		yield(nil, err)
		return false
	}
	w.wait(f)
	defer w.consumed(f)
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
			if !w.consume(ctx, c.folder, yield) {
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
