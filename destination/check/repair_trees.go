package check

import (
	"slices"

	"snap/internal/file"
)

// trees keeps the trees of a few snapshots open.
type trees struct {
	open []openTree // the one used last at the end
}

type openTree struct {
	pos  int
	top  *file.Dir
	tree *file.Tree
}

// treesOpen bounds the handles: a destination may have thousands of snapshots.
const treesOpen = 8

// dir is a folder in the tree at a position.
func (m *repairer) dir(pos int, path string) (*file.Dir, error) {
	t := &m.handles
	if i := slices.IndexFunc(t.open, func(o openTree) bool { return o.pos == pos }); i >= 0 {
		o := t.open[i]
		t.open = append(slices.Delete(t.open, i, i+1), o)
		return o.tree.Dir(path)
	}
	top, err := m.d.Root.OpenDir(m.snaps[pos].Name)
	if err != nil {
		return nil, err
	}
	if len(t.open) == treesOpen {
		t.open[0].close()
		t.open = slices.Delete(t.open, 0, 1)
	}
	o := openTree{pos, top, file.NewTree(top, 8, (*file.Dir).EnterDir)}
	t.open = append(t.open, o)
	return o.tree.Dir(path)
}

func (t *trees) closeFolder(pos int, path string) {
	for _, o := range t.open {
		if o.pos == pos {
			o.tree.Forget(path)
		}
	}
}

func (t *trees) close() {
	for _, o := range t.open {
		o.close()
	}
}

func (o openTree) close() {
	o.tree.Close()
	o.top.Close()
}
