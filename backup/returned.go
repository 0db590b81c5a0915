package backup

import (
	"errors"
	"sync"
	"syscall"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
)

// elders are the trees of snapshots before the previous one, opened when something in the source is back that these were
// the last to hold.
type Elders struct {
	mu    sync.Mutex
	roots map[uint64]*file.Dir
	trees map[uint64]*file.Tree // nil for one that cannot be entered
}

var errNoFolder = errors.New("the snapshot's folder is gone, or another user's")

// tree is that of the snapshot h.
func (e *Elders) Tree(d *destination.Destination, h *index.Header) *file.Tree {
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

func (e *Elders) Close() {
	for seq, root := range e.roots {
		e.trees[seq].Close()
		root.Close()
	}
}

// placeReturned makes an entry that is back, which the previous snapshot does not have. Other names of its file are joined
// to it: that they share an inode must be known when the snapshot is gone that they were linked to.
func (p *placer) placeReturned(it *item) error {
	if p.shared.has(&it.rec) {
		return p.joinOr(it, p.linkReturned)
	}
	return p.linkReturned(it)
}

// linkReturned makes the entry a hard link of what the last snapshot that held its path has there, if that still is what
// the index says. Else it is copied.
func (p *placer) linkReturned(it *item) error {
	_, last, since, err := p.d.DB.LastHeld(p.ctx, p.seq, it.path, false)
	if err != nil {
		return err
	}
	h := p.older[last]
	refused, err := p.linkElder(it, h)
	if err != nil {
		return err
	}
	if refused == nil {
		it.rec.Since = since
		return nil
	}
	it.rec.Stored, it.rec.Reason = index.Copied, index.OldCopyDamaged
	if errors.Is(refused, syscall.EMLINK) {
		it.rec.Reason = index.LinkLimit
	} else {
		it.note = &AlteredError{h.Name, it.path, file.Reason(refused)}
	}
	return p.make(it)
}

// linkElder links the entry to that of its path in the snapshot h; refused is why it did not, err ends the run.
func (p *placer) linkElder(it *item, h *index.Header) (refused, err error) {
	tree := p.elders.Tree(p.d, h)
	if tree == nil {
		return errNoFolder, nil
	}
	dir, name := index.Split(it.path)
	d, err := tree.Dir(dir)
	if file.DiskFailed(err) {
		return nil, err
	}
	if err != nil {
		return err, nil
	}
	defer d.Close()
	return p.linkAs(d, name, it.name, &it.rec)
}
