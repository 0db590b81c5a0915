package scan

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"snap/filter"
	"snap/internal/file"
	"snap/record"
)

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
	if len(f.roots) > 0 {
		w.lead(f, d)
		return
	}
	if f.source || f.parent.stat.Dev != f.stat.Dev {
		if info, err := d.System(); err == nil && info.Pseudo && !f.source {
			return
		}
		if w.o.Sync && f.parent != nil {
			_ = d.SyncSystem() // if that fails it is read nevertheless
		}
	}
	entries, err := d.Entries()
	if err != nil {
		w.lost(f, err)
		return
	}
	only := ""
	if !f.source {
		only = w.marked(d, entries)
	}
	own := w.own(&f.stat)
	d.StatAll(entries)
	lookAgain(d, entries)
	f.entries = make([]child, 0, len(entries))
	for i := range entries {
		e := &entries[i]
		if only != "" && e.Name != only || isOwn(own, e.Name) || errors.Is(e.Err, fs.ErrNotExist) {
			continue
		}
		if f.fatal = w.addEntry(f, d, e); f.fatal != nil {
			return
		}
	}
}

// lookAgain looks once more at the entries that were listed and then not there: what was removed and made again under
// its name is taken in. What is listed again and cannot be found has an error.
func lookAgain(d *file.Dir, entries []file.Entry) {
	gone := false
	missing := func(e *file.Entry) bool { return errors.Is(e.Err, fs.ErrNotExist) }
	look := func(e *file.Entry) {
		s, err := d.Lstat(e.Name)
		if e.Err = err; err == nil {
			e.Stat = s
		}
	}
	for i := range entries {
		if e := &entries[i]; missing(e) {
			look(e)
			gone = gone || missing(e)
		}
	}
	if !gone {
		return
	}
	now, err := d.Entries()
	if err != nil {
		return
	}
	listed := map[string]bool{}
	for i := range now {
		listed[now[i].Name] = true
	}
	for i := range entries {
		if e := &entries[i]; missing(e) && listed[e.Name] {
			if look(e); missing(e) {
				e.Err = &fs.PathError{Op: "lstat", Path: filepath.Join(d.Path(), e.Name), Err: errNotFound}
			}
		}
	}
}

var errNotFound = errors.New("it is listed in its folder, and cannot be found there")

// same makes sure that d is the folder that was listed as f. If it is another one by now, it must be the one that
// stands under the name; that one is then walked. Some FUSE file systems make up a new inode number at each look, or
// have none: there one folder cannot be distinguished from another.
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
		return w.enters(f, &two)
	}
	return one.Ino != two.Ino
}

var errSwapped = errors.New("replaced by another folder while it was walked")

// lost decides about a folder that cannot be entered or listed: it vanished, is something else by now, or may not be
// read. The folders above it may have been removed and made again, too.
func (w *walker) lost(f *folder, err error) {
	f.err = err
	if f.parent == nil {
		f.fatal = err
		return
	}
	if errors.Is(err, fs.ErrNotExist) {
		for above := f.parent; above.parent != nil; above = above.parent {
			w.tree.Forget(above.path)
		}
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
	case serr == nil && s.Kind == file.Folder && errors.Is(err, fs.ErrNotExist) && f.again < 3 && w.enters(f, &s):
		// It was removed, and another one has its name by now.
		f.again++
		f.stat, f.err, f.entries = s, nil, nil
		w.tree.Forget(f.path)
		w.list(f)
	}
}

// addEntry decides about one entry of f.
func (w *walker) addEntry(f *folder, d *file.Dir, e *file.Entry) error {
	if e.Err == nil && w.o.Follow && e.Stat.Kind == file.Symlink {
		if s, err := d.FollowStat(e.Name); err == nil && !(s.Kind == file.Folder && f.within(&s)) {
			e.Stat = s
		}
	}
	sealed := e.Err != nil && w.o.OneFileSystem && !w.inner[record.Join(f.path, e.Name)] && d.Mounted(e.Name)
	if sealed { // what is mounted there does not even let itself be looked at, and is not to be entered anyway
		e.Stat, e.Err = file.Stat{Kind: file.Folder, Mode: 0o700, UID: f.stat.UID, GID: f.stat.GID, Nlink: 2,
			Dev: f.stat.Dev}, nil
	}
	c, included := child{entry: e}, true
	isDir := e.Stat.Kind == file.Folder
	walk := isDir
	var state filter.Dir
	if w.o.Filter != nil {
		v, err := f.filter.Check(e.Name, isDir)
		if err != nil {
			return err
		}
		included, walk = v.Included, isDir && v.Walk
		if walk {
			state = f.filter.Enter(e.Name, v)
		}
	}
	if isDir {
		if w.never(&e.Stat) {
			return nil
		}
	}
	if !included && !walk || w.o.tooLarge(&e.Stat) {
		return nil
	}
	if isDir && e.Err == nil {
		c.folder = &folder{path: record.Join(f.path, e.Name), name: e.Name, parent: f, stat: e.Stat, filter: state,
			included: included}
		c.folder.source = w.inner[c.folder.path]
		switch {
		case w.o.OneFileSystem && !c.folder.source && (sealed || e.Stat.Dev != f.stat.Dev):
			c.folder.state = read // kept as an empty folder
		case w.o.Follow && f.within(&e.Stat):
			c.folder.state = read // a link above it leads back: what is in it is there already
		case f.within(&e.Stat):
			c.folder.state, c.folder.err = read, &fs.PathError{Op: "walk", Path: record.Join(d.Path(), e.Name), Err: errLoop}
		case len(c.folder.path) > record.MaxPath-256:
			c.folder.state, c.folder.err = read,
				&fs.PathError{Op: "walk", Path: record.Join(d.Path(), e.Name), Err: record.ErrPathTooLong}
		}
	}
	f.entries = append(f.entries, c)
	return nil
}

// enters reports whether the folder s that has the name of f since f's parent was listed is walked.
func (w *walker) enters(f *folder, s *file.Stat) bool {
	return !w.never(s) && !f.parent.within(s) &&
		(!w.o.OneFileSystem || s.Dev == f.parent.stat.Dev || f.source || len(f.roots) > 0)
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

// own are what knows the names of snap's own files in the folder s.
func (w *walker) own(s *file.Stat) (names []func(string) bool) {
	for i := range w.o.Own {
		if file.SameFile(&w.o.Own[i].In, s) {
			names = append(names, w.o.Own[i].Is)
		}
	}
	return names
}

func isOwn(names []func(string) bool, name string) bool {
	return slices.ContainsFunc(names, func(is func(string) bool) bool { return is(name) })
}

// within reports whether s is f or a folder of the same source that f is in.
func (f *folder) within(s *file.Stat) bool {
	for ; f != nil && len(f.roots) == 0; f = f.parent {
		if file.SameFile(&f.stat, s) {
			return true
		}
	}
	return false
}
