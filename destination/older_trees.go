package destination

import (
	"sync"

	"snap/internal/file"
	"snap/record"
)

// OlderTrees are the trees of snapshots before the previous one, opened when something in the source is back that
// these were the last to hold.
type OlderTrees struct {
	mu    sync.Mutex
	roots map[uint64]*file.Dir
	trees map[uint64]*file.Tree // nil for one that cannot be entered
}

// Tree is that of the snapshot h.
func (e *OlderTrees) Tree(d *Destination, h *record.Header) *file.Tree {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.trees == nil {
		e.trees, e.roots = map[uint64]*file.Tree{}, map[uint64]*file.Dir{}
	}
	if t, known := e.trees[h.Seq]; known {
		return t
	}
	e.trees[h.Seq] = nil
	if root, err := d.EnterOwn(h.Name); err == nil {
		e.roots[h.Seq], e.trees[h.Seq] = root, file.NewTree(root, 64, (*file.Dir).EnterDir)
	}
	return e.trees[h.Seq]
}

func (e *OlderTrees) Close() {
	for seq, root := range e.roots {
		e.trees[seq].Close()
		root.Close()
	}
}
