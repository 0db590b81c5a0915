package check

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"syscall"

	"snap/internal/file"
	"snap/record"
)

// places yields the entries that a fault is about: its path, and what is below where a folder is not there.
func (m *repairer) places(ctx context.Context, f *fault, pos int) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		for e, err := range m.d.DB.Entries(ctx, m.snaps[pos].Seq, f.path) {
			if err == nil {
				err = ctx.Err()
			}
			if err == nil && e.Path == f.path && e.Kind == file.Folder && f.what == FaultUnread {
				err = cannot("the folder itself cannot be read")
			}
			if !yield(e, err) || err != nil {
				return
			}
			if f.what != FaultMissing && f.what != FaultType || e.Path == f.path && e.Kind != file.Folder {
				return
			}
		}
	}
}

// place puts one entry right and says what it was repaired from.
func (m *repairer) place(ctx context.Context, pos int, e *record.Entry) (from string, err error) {
	if !held(&e.Record) || e.Path == "" {
		return "", nil
	}
	in, name := record.Split(e.Path)
	d, err := m.dir(pos, in)
	if err != nil {
		return "", cannot("%s", file.Reason(err)) // a disk that cannot read one folder may read the rest
	}
	defer d.Close()
	have, err := d.Lstat(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", cannot("%s", file.Reason(err))
	}
	if err == nil && e.Kind == file.Folder && have.Kind == file.Folder {
		m.touched[e.Path] = true
		return "the index", nil
	}
	if err == nil {
		switch right, err := m.agrees(ctx, pos, d, name, e, &have); {
		case err != nil:
			return "", err
		case right:
			m.satisfied(pos, e)
			return "", nil
		}
		if m.mayBeOnlyCopy(ctx, d, treePath{pos, e.Path}, &have, &e.Record) {
			return "", errOnlyCopy
		}
	}
	m.touched[in] = true
	if e.Kind == file.Folder {
		m.touched[e.Path] = true
		return "the index", m.folder(pos, d, name, e.Path, &have)
	}
	for range 2 {
		s, err := m.replacementFor(ctx, treePath{pos, e.Path}, &e.Record, true)
		if err != nil {
			return "", err
		}
		err = m.put(pos, d, e, s.name, &have)
		if errors.Is(err, syscall.EMLINK) { // as many names as the file system allows: another inode
			delete(m.replacements, identityOf(e.Path, &e.Record))
			continue
		}
		if err == nil {
			m.satisfied(pos, e)
		}
		return m.originText(&s, treePath{pos, e.Path}, &have), err
	}
	return "", cannot("it has as many names as the file system allows")
}

// agrees reports whether an entry is what the record says after all.
func (m *repairer) agrees(ctx context.Context, pos int, d *file.Dir, name string, e *record.Entry,
	have *file.Stat) (bool, error) {
	if what, _ := m.preserved(pos).differences(&e.Record, have); what != "" {
		return false, nil
	}
	if !m.preserved(pos).like(d, name, &e.Record) {
		return false, nil
	}
	switch e.Kind {
	case file.Symlink:
		target, err := d.Readlink(name)
		return err == nil && target == e.Target, nil
	case file.Regular:
		if !e.Has(record.Hashed) {
			return true, nil
		}
		got := m.sum(ctx, d, name, have)
		return got.err == nil && got.hash == e.Hash, ctx.Err()
	}
	return true, nil
}

// folder makes a folder in the place of nothing, or of something else.
func (m *repairer) folder(pos int, d *file.Dir, name, path string, have *file.Stat) error {
	return m.unlocked(pos, path, func() error {
		if have.Kind != file.None {
			if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			m.forgetInode(have)
		}
		m.handles.closeFolder(pos, path)
		if err := d.Mkdir(name); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	})
}

// put gives the finished replacement another name and moves that to the place of e in d.
func (m *repairer) put(pos int, d *file.Dir, e *record.Entry, stock string, have *file.Stat) error {
	_, name := record.Split(e.Path)
	tmp := m.newName()
	from, done, err := m.ready(pos, e, stock, tmp)
	if err != nil {
		return err
	}
	defer done()
	defer from.Remove(tmp) // still there after an error, and where it was another name of what it was to replace
	err = m.unlocked(pos, e.Path, func() error {
		if have.Kind == file.Folder {
			err := d.Rmdir(name)
			if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist) {
				return cannot("a folder with something in it stands in its place")
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			m.handles.closeFolder(pos, e.Path)
		}
		if err := from.Replace(tmp, d, name); err != nil {
			return err
		}
		m.forgetInode(have)
		return nil
	})
	if err == nil && from != m.work.Dir {
		m.placed[placedStock{pos, stock}] = e.Path
	}
	return err
}

// placedStock is a replacement in the tree at a position.
type placedStock struct {
	pos   int
	stock string
}

// ready makes tmp another name of the replacement, in the folder from on the file system of the tree at pos.
func (m *repairer) ready(pos int, e *record.Entry, stock, tmp string) (from *file.Dir, done func(), err error) {
	top, err := m.d.Root.OpenDir(m.snaps[pos].Name)
	if err != nil {
		return nil, nil, err
	}
	defer top.Close()
	if is, err := top.IsSubvolume(); err != nil || !is {
		return m.work.Dir, func() {}, errors.Join(err, m.work.Dir.Link(m.work.Dir, stock, tmp))
	}
	if from, err = m.d.Mending(top, &m.snaps[pos]); err != nil {
		return nil, nil, err
	}
	done = func() { from.Close() }
	if at, ok := m.placed[placedStock{pos, stock}]; ok {
		in, name := record.Split(at)
		d, derr := m.dir(pos, in)
		if derr == nil {
			err = from.Link(d, name, tmp)
			d.Close()
		}
		err = errors.Join(derr, err)
	} else {
		err = m.cloneTo(from, tmp, stock, &e.Record)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return from, done, nil
}

// unlocked does f, which changes the folder that path is in; one that forbids it is opened up first.
// restoreFolderTimes gives it its mode back.
func (m *repairer) unlocked(pos int, path string, f func() error) error {
	err := f()
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	in, _ := record.Split(path)
	above, name := record.Split(in)
	if in == "" {
		return err
	}
	d, derr := m.dir(pos, above)
	if derr != nil {
		return err
	}
	defer d.Close()
	if d.Unlock(name) != nil {
		return err
	}
	return f()
}

// restoreFolderTimes gives the touched folders the metadata of their records, the deepest first.
func (m *repairer) restoreFolderTimes(ctx context.Context, pos int) error {
	var paths []string
	for path := range m.touched {
		if path != "" { // the top folder is for its owner alone, and has times of its own
			paths = append(paths, path)
		}
	}
	slices.SortFunc(paths, func(a, b string) int { return strings.Compare(b, a) })
	var first error
	for _, path := range paths {
		r, _, err := m.d.DB.Lookup(ctx, m.snaps[pos].Seq, path)
		if err == nil && r.Kind == file.Folder {
			err = m.restoreFolderMeta(pos, path, r.Meta())
		}
		if err != nil && first == nil && !errors.Is(err, fs.ErrNotExist) {
			first = err
		}
	}
	return first
}

func (m *repairer) restoreFolderMeta(pos int, path string, meta *file.Meta) error {
	in, name := record.Split(path)
	parent, err := m.dir(pos, in)
	if err != nil {
		return err
	}
	defer parent.Close()
	d, err := parent.OpenDir(name)
	if errors.Is(err, fs.ErrPermission) && parent.Unlock(name) == nil {
		d, err = parent.OpenDir(name)
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.KeepXattrs(meta.Xattrs); err != nil {
		return err
	}
	_, err = d.SetMeta(meta)
	return err
}

// satisfied notes that one more place has its content.
func (m *repairer) satisfied(pos int, e *record.Entry) {
	at := treePath{pos, e.Path}
	if n := m.wanted[e.Hash]; n != nil && e.Kind == file.Regular && !m.right[at] {
		n.places--
		m.right[at] = true
	}
}

// preserved is what can be compared in the tree at a position.
func (m *repairer) preserved(pos int) preserved {
	t := preserved{all: m.keepsAll}
	if d, err := m.dir(pos, ""); err == nil {
		if s, err := d.Stat(); err == nil {
			t.user = s.UID
		}
		d.Close()
	}
	return t
}
