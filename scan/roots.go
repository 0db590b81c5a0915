package scan

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"snap/filter"
	"snap/internal/file"
	"snap/record"
)

// SourceTree opens the folders of a source below root as a walk with these options does: a folder that only leads to
// one of the sources need not be readable, as long as it can be entered.
func SourceTree(root *file.Dir, idle int, o Options) *file.Tree {
	enter := (*file.Dir).OpenDir
	if o.Follow {
		enter = (*file.Dir).FollowDir
	}
	carriers := map[string]bool{}
	for _, r := range o.Roots.Outer() {
		for dir, _ := record.Split(r); dir != ""; dir, _ = record.Split(dir) {
			carriers[filepath.Join(root.Path(), filepath.FromSlash(dir))] = true
		}
	}
	if len(carriers) == 0 {
		return file.NewTree(root, idle, enter)
	}
	return file.NewTree(root, idle, func(parent *file.Dir, name string) (*file.Dir, error) {
		d, err := enter(parent, name)
		if errors.Is(err, fs.ErrPermission) && carriers[filepath.Join(parent.Path(), name)] {
			return parent.EnterDir(name)
		}
		return d, err
	})
}

// newWalker is a walker over the tree below root.
func newWalker(root *file.Dir, idle int, o Options) *walker {
	w := &walker{o: o, tree: SourceTree(root, idle, o)}
	if len(o.Roots.Outer()) < len(o.Roots) {
		w.inner = map[string]bool{}
		for _, r := range o.Roots {
			w.inner[r] = true
		}
	}
	return w
}

// leadsTo is the way on to the roots from the folder they are relative to, nil if it is one itself.
func leadsTo(roots []string) []string {
	if len(roots) > 0 && roots[0] == "" {
		return nil
	}
	return roots
}

// lead takes from a folder that leads to sources what is on the way there, without listing it.
func (w *walker) lead(f *folder, d *file.Dir) {
	for i := 0; i < len(f.roots); {
		name, _, _ := strings.Cut(f.roots[i], "/")
		var on []string
		for ; i < len(f.roots) && record.Within(f.roots[i], name); i++ {
			on = append(on, strings.TrimPrefix(f.roots[i][len(name):], "/"))
		}
		e := &file.Entry{Name: name}
		if e.Stat, e.Err = d.Lstat(name); errors.Is(e.Err, fs.ErrNotExist) {
			continue
		}
		roots := leadsTo(on)
		switch {
		case e.Err == nil && e.Stat.Kind == file.Folder:
			path := record.Join(f.path, name)
			c := &folder{path: path, name: name, parent: f, stat: e.Stat, source: roots == nil, roots: roots,
				included: roots == nil}
			if w.o.Filter != nil {
				c.filter = f.filter.Enter(name, filter.Verdict{Included: true})
			}
			f.entries = append(f.entries, child{entry: e, folder: c})
		case roots == nil || e.Err != nil:
			f.entries = append(f.entries, child{entry: e})
		}
	}
}
