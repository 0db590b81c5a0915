package gone

import (
	"errors"
	"io/fs"
	"path/filepath"

	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// present looks at sources as they are now. It follows symbolic links only where backups do.
type present struct {
	o     scan.Options
	roots map[string]*presentRoot // by the folder
}

// presentRoot is a folder that paths in trees count from.
type presentRoot struct {
	dir  *file.Dir // nil if it cannot be opened
	tree *file.Tree
	err  error

	absent string // a folder that is not there
	seen   seen   // and so is nothing in it
	known  bool   // absent is set
}

// seen is what is at a path of a source.
type seen struct {
	file.Stat
	inWay string // there is nothing, and this path, where a folder belongs, is none
	dev   uint64 // the device of the last folder on the way that is there
	err   error  // it cannot be looked at
}

func newPresent(o scan.Options) *present { return &present{o, map[string]*presentRoot{}} }

func (p *present) close() {
	for _, r := range p.roots {
		if r.dir != nil {
			r.tree.Close()
			r.dir.Close()
		}
	}
}

func (p *present) root(source string) *presentRoot {
	r := p.roots[source]
	if r == nil {
		r = &presentRoot{}
		p.roots[source] = r
		if r.dir, r.err = file.OpenRoot(source); r.err != nil {
			r.dir = nil
			return r
		}
		r.tree = scan.SourceTree(r.dir, 64, p.o)
	}
	return r
}

// look says what is at path below the folder source. It is quick for paths in key order.
func (p *present) look(source, path string) seen {
	r := p.root(source)
	if r.dir == nil {
		return seen{err: unlessAbsent(r.err)}
	}
	if path == "" {
		s, err := r.dir.Stat()
		return seen{Stat: s, dev: s.Dev, err: err}
	}
	if r.known && record.Within(path, r.absent) {
		return r.seen
	}
	in, name := record.Split(path)
	d, err := r.tree.Dir(in)
	if err != nil {
		r.absent, r.seen = r.stop(in)
		r.known = true
		return r.seen
	}
	defer d.Close()
	return r.entry(d, name, p.o.Follow)
}

// entry says what name is in the folder d.
func (r *presentRoot) entry(d *file.Dir, name string, follow bool) seen {
	in, err := d.Stat()
	if err != nil {
		return seen{err: err}
	}
	s, err := d.Lstat(name)
	if err == nil && s.Kind == file.Symlink && follow {
		if to, err := d.FollowStat(name); err == nil {
			s = to
		}
	}
	return seen{Stat: s, dev: in.Dev, err: unlessAbsent(err)}
}

// stop is the first folder on the way to dir that cannot be entered, and what is seen of all that would be in it.
func (r *presentRoot) stop(dir string) (at string, s seen) {
	for {
		in, name := record.Split(dir)
		d, err := r.tree.Dir(in)
		if err != nil {
			dir = in
			if dir == "" {
				return dir, seen{err: err}
			}
			continue
		}
		defer d.Close()
		s = r.entry(d, name, false)
		switch {
		case s.err != nil, s.Kind == file.None:
		case s.Kind == file.Folder: // that may not be looked into
			if now, err := r.tree.Dir(dir); err == nil {
				now.Close()
			} else {
				s.err = unlessAbsent(err)
			}
		default:
			s.inWay = dir
		}
		s.Stat = file.Stat{}
		return dir, s
	}
}

// unlessAbsent is nil for an error that says that something is not there.
func unlessAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// emptied reports whether the folder path below source is not there, or holds nothing.
func (p *present) emptied(source, path string) bool {
	d, err := file.OpenRoot(filepath.Join(source, filepath.FromSlash(path)))
	if err != nil {
		return unlessAbsent(err) == nil
	}
	defer d.Close()
	all, err := d.Entries()
	return err == nil && len(all) == 0
}
