package peer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"snap/record"
	"snap/remote/replica"
)

// trees are the folders of the snapshots whose files are asked for. Few stay open.
type trees struct {
	x *replica.Here

	mu   sync.Mutex
	all  []record.Header
	open []*tree // that used last at the end
}

type tree struct {
	*replica.Tree
	seq  uint64
	uses int
}

// treesKept is how many stay open that nobody reads.
const treesKept = 2

func newTrees(x *replica.Here) *trees { return &trees{x: x} }

// header is that of the complete snapshot with this number.
func (t *trees) header(ctx context.Context, seq uint64) (*record.Header, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.find(ctx, seq)
}

func (t *trees) find(ctx context.Context, seq uint64) (*record.Header, error) {
	is := func(h record.Header) bool { return h.Seq == seq }
	i := slices.IndexFunc(t.all, is)
	if i < 0 {
		var err error
		if t.all, err = t.x.Snapshots(ctx); err != nil {
			return nil, err
		}
		i = slices.IndexFunc(t.all, is)
	}
	if i < 0 {
		return nil, fmt.Errorf("snapshot %d is not there any more", seq)
	}
	return &t.all[i], nil
}

// take opens the folder of a snapshot; it is given back by give.
func (t *trees) take(ctx context.Context, seq uint64) (*replica.Tree, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.open, func(o *tree) bool { return o.seq == seq })
	if i < 0 {
		h, err := t.find(ctx, seq)
		if err != nil {
			return nil, err
		}
		opened, err := t.x.OpenTree(h)
		if err != nil {
			return nil, err
		}
		t.open = append(t.open, &tree{Tree: opened, seq: seq})
		i = len(t.open) - 1
	}
	o := t.open[i]
	o.uses++
	t.open = append(slices.Delete(t.open, i, i+1), o)
	return o.Tree, nil
}

// give gives a folder back. Of those that nobody reads, the ones that were used last stay open.
func (t *trees) give(seq uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, o := range t.open {
		if o.seq == seq {
			o.uses--
		}
	}
	for i := 0; i < len(t.open) && len(t.open) > treesKept; {
		if o := t.open[i]; o.uses == 0 {
			o.Close() // it was only read
			t.open = slices.Delete(t.open, i, i+1)
			continue
		}
		i++
	}
}

func (t *trees) close() (err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, o := range t.open {
		err = errors.Join(err, o.Close())
	}
	t.open = nil
	return err
}
