package file

import (
	"container/list"
	"strings"
	"sync"
)

// Tree opens folders below a root by handle, one element at a time, and keeps the most recently used
// handles open, so that neither depth nor path length matters.
type Tree struct {
	root  *Dir
	enter func(parent *Dir, name string) (*Dir, error)
	max   int

	mu   sync.Mutex
	open map[string]*node
	idle *list.List // of *node without users, the longest unused first
}

// manyOpen is how many open files are enough for all trees of a run, which keep up to 2,300 folders open.
const manyOpen = 4096

// node is a folder that a Tree holds open.
type node struct {
	tree *Tree
	path string
	once sync.Once
	dir  *Dir
	err  error
	refs int
	elem *list.Element // in idle, nil while in use
}

// NewTree is a tree of the folders below root that keeps at most idle unused handles open. enter opens
// a folder in its parent: (*Dir).OpenDir, EnterDir or FollowDir. The root stays the caller's.
// Where the process may have few files open (ulimit -n), it keeps fewer.
func NewTree(root *Dir, idle int, enter func(parent *Dir, name string) (*Dir, error)) *Tree {
	idle = min(idle, max(16, idle*openLimit()/manyOpen))
	return &Tree{root: root, enter: enter, max: idle, open: map[string]*node{}, idle: list.New()}
}

// Dir is the folder at path below the root ("" is the root itself). Its Close gives it back.
func (t *Tree) Dir(path string) (*Dir, error) {
	t.mu.Lock()
	n := t.open[path]
	if n == nil {
		n = &node{tree: t, path: path}
		t.open[path] = n
	}
	n.refs++
	if n.elem != nil {
		t.idle.Remove(n.elem)
		n.elem = nil
	}
	t.mu.Unlock()
	n.once.Do(func() { n.dir, n.err = t.enterPath(path); n.adopt() })
	if n.err != nil {
		n.release()
		return nil, n.err
	}
	return n.dir, nil
}

func (n *node) adopt() {
	if n.dir != nil {
		n.dir.node = n
	}
}

func (t *Tree) enterPath(path string) (*Dir, error) {
	if path == "" {
		return t.root.EnterSelf()
	}
	parent, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		parent, name = path[:i], path[i+1:]
	}
	d, err := t.Dir(parent)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return t.enter(d, name)
}

// Adopt hands an already open folder to the tree. The tree closes it.
func (t *Tree) Adopt(path string, d *Dir) (*Dir, error) {
	t.mu.Lock()
	if t.open[path] != nil {
		t.mu.Unlock()
		d.Close()
		return t.Dir(path)
	}
	n := &node{tree: t, path: path, dir: d, refs: 1}
	n.once.Do(n.adopt)
	t.open[path] = n
	t.mu.Unlock()
	return d, nil
}

// Forget makes the next Dir(path) open the folder anew. What is below it is not forgotten.
func (t *Tree) Forget(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.open[path]; n != nil {
		delete(t.open, path)
		if n.elem != nil {
			t.idle.Remove(n.elem)
			n.elem = nil
			n.close()
		}
	}
}

func (n *node) release() {
	t := n.tree
	t.mu.Lock()
	defer t.mu.Unlock()
	n.refs--
	if n.refs > 0 {
		return
	}
	if n.err != nil || t.open[n.path] != n { // never opened, or forgotten
		if t.open[n.path] == n {
			delete(t.open, n.path)
		}
		n.close()
		return
	}
	n.elem = t.idle.PushBack(n)
	for t.idle.Len() > t.max {
		old := t.idle.Remove(t.idle.Front()).(*node)
		delete(t.open, old.path)
		old.elem = nil
		old.close()
	}
}

func (n *node) close() {
	if n.dir != nil {
		n.dir.node = nil
		n.dir.Close()
	}
}

// Close closes every unused handle. Handles in use are closed when they are given back.
func (t *Tree) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for e := t.idle.Front(); e != nil; e = e.Next() {
		n := e.Value.(*node)
		n.elem = nil
		n.close()
	}
	t.idle.Init()
	t.open = map[string]*node{}
	t.max = 0
}

// OpenBelow opens the file at path below root for reading. It enters folder by folder and follows no symbolic link.
func OpenBelow(root *Dir, path string) (*File, error) {
	parent, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		parent, name = path[:i], path[i+1:]
	}
	tree := NewTree(root, 0, (*Dir).EnterDir)
	defer tree.Close()
	dir, err := tree.Dir(parent)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Open(name)
}
